// SPDX-License-Identifier: Apache-2.0
#include "pe/systolic_array.h"

#include <algorithm>
#include <cassert>
#include <vector>

#include "pe/im2col.h"

namespace systolog::pe {
namespace {

// Rows of the im2col matrix formed at a time: bounds host memory, does not change a result.
constexpr std::uint64_t kRowsAtATime = 1024;

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
