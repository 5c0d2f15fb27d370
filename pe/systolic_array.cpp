// SPDX-License-Identifier: Apache-2.0
#include "pe/systolic_array.h"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

#include "models/depthwise.h"
#include "pe/im2col.h"

namespace systolog::pe {
namespace {

// Rows of the im2col matrix formed at a time: bounds host memory, does not change a result.
constexpr std::uint64_t kRowsAtATime = 1024;
static_assert(kPadding == models::DepthwiseTile::kPadding);

/// One filter and one channel a group: all groups at once.
bool is_depthwise(const Matmul& c) {
  return c.groups > 1 && c.channels == c.groups && c.filters == c.groups;
}

/// Output rows [first, end) of a command, in chunks of kRowsAtATime.
template <typename Visit>
void for_each_chunk(std::uint64_t first, std::uint64_t end, const Visit& visit) {
  for (; first < end; first += kRowsAtATime) visit(first, std::min(kRowsAtATime, end - first));
}

void execute_depthwise(const models::Arithmetic& a, const Matmul& c, std::uint64_t chain,
                       std::span<const std::byte> input, std::span<const std::byte> weights,
                       std::byte* accumulators, std::uint64_t begin, std::uint64_t limit) {
  const std::uint64_t k = c.k();
  std::vector<std::size_t> taps;
  for_each_chunk(begin, limit, [&](std::uint64_t first, std::uint64_t count) {
    taps.resize(count * k);
    window_pixels(c, first, count, taps.data());
    // Only what the windows reach is decoded.
    std::size_t least = kPadding, end = 0;
    for (const std::size_t pixel : taps) {
      if (pixel == kPadding) continue;
      least = std::min(least, pixel);
      end = std::max(end, pixel + 1);
    }
    if (end == 0) least = 0;  // padding only
    for (std::size_t& pixel : taps) pixel = pixel == kPadding ? kPadding : pixel - least;
    models::depthwise(a,
                      {.m = count,
                       .k = k,
                       .channels = c.channels,
                       .fold_rows = chain,
                       .pixels = end - least,
                       .activations = input.data() + least * c.channels * a.code_bytes(),
                       .taps = taps.data(),
                       .zero_code = c.zero_code,
                       .weights = weights.data(),
                       .accumulators = accumulators + first * c.filters * a.accumulator_bytes()});
  });
}

void execute_groups(const models::Arithmetic& a, const Matmul& command, std::uint64_t chain,
                    std::span<const std::byte> input, std::span<const std::byte> weights,
                    std::byte* accumulators, std::uint64_t begin, std::uint64_t limit) {
  const std::size_t code = a.code_bytes(), acc = a.accumulator_bytes();
  const std::uint64_t k = command.k(), n = command.n();
  const bool grouped = command.groups > 1;
  const std::uint64_t rows = std::min(limit - begin, kRowsAtATime);
  std::vector<std::byte> matrix(rows * k * code);
  std::vector<std::byte> group_sums(grouped ? rows * n * acc : 0);
  for_each_chunk(begin, limit, [&](std::uint64_t first, std::uint64_t count) {
    for (std::uint32_t group = 0; group < command.groups; ++group) {
      im2col(command, group, code, input, first, count, matrix.data());
      // A group's sums lie `filters` apart in the accumulators; the kernel wants them dense.
      const auto strided = [&](std::uint64_t row) {
        return accumulators + ((first + row) * command.filters + group * n) * acc;
      };
      const auto dense = [&](std::uint64_t row) { return group_sums.data() + row * n * acc; };
      if (grouped) {
        for (std::uint64_t row = 0; row < count; ++row) {
          std::memcpy(dense(row), strided(row), n * acc);
        }
      }
      a.matmul({.m = count,
                .k = k,
                .n = n,
                .fold_rows = chain,
                .activations = matrix.data(),
                .weights = weights.data() + group * k * n * code,
                .accumulators = grouped ? group_sums.data() : strided(0)});
      if (grouped) {
        for (std::uint64_t row = 0; row < count; ++row) {
          std::memcpy(strided(row), dense(row), n * acc);
        }
      }
    }
  });
}

/// Tasks a command is worth: each decodes the weights again, which rows must pay for, and starting
/// one takes microseconds.
std::uint64_t tasks_of(const Matmul& command, std::size_t threads) {
  constexpr std::uint64_t kLeastRows = 32, kLeastMacs = 100'000;
  const std::uint64_t macs = command.m() * command.k() * command.n() * command.groups;
  const std::uint64_t most = std::min(command.m() / kLeastRows, macs / kLeastMacs);
  return std::clamp<std::uint64_t>(most, 1, std::max<std::size_t>(threads, 1));
}

}  // namespace

void SystolicArray::execute(const Matmul& command, std::span<const std::byte> input_tile,
                            std::span<const std::byte> weight_tile,
                            std::span<std::byte> accumulators, std::size_t threads) const {
  const models::Arithmetic& a = arithmetic(command);
  assert(input_tile.size() == command.input_bytes(a));
  assert(weight_tile.size() == command.weight_bytes(a));
  assert(accumulators.size() == command.accumulators() * a.accumulator_bytes());
  if (command.accumulate == 0) a.clear(command.accumulators(), accumulators.data());
  const models::UnpackedCodes inputs(input_tile, command.packed_input != 0, command.input_pixels(),
                                     command.channels);
  const models::UnpackedCodes weight(weight_tile, command.packed_weights != 0, 1,
                                     command.weight_codes());
  const std::span<const std::byte> input = inputs.codes(), weights = weight.codes();

  const std::uint64_t chain = policy().chain_length(config_, command.gemm());
  const auto rows = is_depthwise(command) ? execute_depthwise : execute_groups;
  const std::uint64_t tasks = tasks_of(command, threads), m = command.m();
  if (tasks == 1) return rows(a, command, chain, input, weights, accumulators.data(), 0, m);
  // Isolated: a thread that waits here must not take up another batch, whose buffers are its own.
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(std::uint64_t{0}, tasks, [&](std::uint64_t task) {
      rows(a, command, chain, input, weights, accumulators.data(), m * task / tasks,
           m * (task + 1) / tasks);
    });
  });
}

}  // namespace systolog::pe
