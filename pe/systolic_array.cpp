// SPDX-License-Identifier: Apache-2.0
#include "pe/systolic_array.h"

#include <algorithm>
#include <cassert>
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

void execute_depthwise(const models::Arithmetic& a, const Matmul& c, std::uint64_t chain,
                       std::span<const std::byte> input, std::span<const std::byte> weights,
                       std::byte* accumulators) {
  const std::uint64_t k = c.k();
  std::vector<std::size_t> taps(std::min(c.m(), kRowsAtATime) * k);
  for (std::uint64_t first = 0; first < c.m(); first += kRowsAtATime) {
    const std::uint64_t count = std::min(kRowsAtATime, c.m() - first);
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
  }
}

}  // namespace

void SystolicArray::execute(const Matmul& command, std::span<const std::byte> input,
                            std::span<const std::byte> weights,
                            std::span<std::byte> accumulators) const {
  const models::Arithmetic& a = arithmetic(command);
  const std::size_t code = a.code_bytes(), acc = a.accumulator_bytes();
  assert(input.size() == command.input_codes() * code);
  assert(weights.size() == command.weight_codes() * code);
  assert(accumulators.size() == command.accumulators() * acc);
  if (command.accumulate == 0) a.clear(command.accumulators(), accumulators.data());

  const std::uint64_t k = command.k(), n = command.n();
  const std::uint64_t chain = policy().chain_length(config_, command.gemm());
  if (is_depthwise(command)) {
    return execute_depthwise(a, command, chain, input, weights, accumulators.data());
  }
  const bool grouped = command.groups > 1;
  std::vector<std::byte> matrix(std::min(command.m(), kRowsAtATime) * k * code);
  std::vector<std::byte> group_sums(grouped ? std::min(command.m(), kRowsAtATime) * n * acc : 0);
  for (std::uint64_t first = 0; first < command.m(); first += kRowsAtATime) {
    const std::uint64_t count = std::min(kRowsAtATime, command.m() - first);
    for (std::uint32_t group = 0; group < command.groups; ++group) {
      im2col(command, group, code, input, first, count, matrix.data());
      // A group's sums lie `filters` apart in the accumulators; the kernel wants them dense.
      const auto strided = [&](std::uint64_t row) {
        return accumulators.begin() +
               static_cast<std::ptrdiff_t>(((first + row) * command.filters + group * n) * acc);
      };
      const auto dense = [&](std::uint64_t row) {
        return group_sums.begin() + static_cast<std::ptrdiff_t>(row * n * acc);
      };
      const auto bytes = static_cast<std::ptrdiff_t>(n * acc);
      if (grouped) {
        for (std::uint64_t row = 0; row < count; ++row) {
          std::copy(strided(row), strided(row) + bytes, dense(row));
        }
      }
      a.matmul({.m = count,
                .k = k,
                .n = n,
                .fold_rows = chain,
                .activations = matrix.data(),
                .weights = weights.data() + group * k * n * code,
                .accumulators = grouped ? group_sums.data() : &*strided(0)});
      if (grouped) {
        for (std::uint64_t row = 0; row < count; ++row) {
          std::copy(dense(row), dense(row) + bytes, strided(row));
        }
      }
    }
  }
}

}  // namespace systolog::pe
