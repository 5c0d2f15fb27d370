// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace systolog::models {

/// Output columns a kernel computes at a time; operands are padded with zeros to a multiple of it.
inline constexpr std::size_t kLanes = 32;

/// sums[r][l] += sum over k of rows[r][k] * lanes[k][l], in folds of `fold_rows`, each from zero
/// with k ascending, then merged.
template <typename Operand, typename Sum>
struct Panels {
  std::size_t row_count = 0, k = 0, lane_count = 0;  // lane_count a multiple of kLanes
  std::size_t fold_rows = 0;
  const Operand* rows = nullptr;   // [row_count][k]
  const Operand* lanes = nullptr;  // [lane_count / kLanes][k][kLanes]
  Sum* sums = nullptr;             // [row_count][lane_count]
};

/// Each step one fused multiply-add, on every machine; each merge one addition.
void multiply_panels(const Panels<float, float>& work);
void multiply_panels(const Panels<double, double>& work);
/// Modulo 2^32.
void multiply_panels(const Panels<std::uint32_t, std::uint32_t>& work);
/// Modulo 2^64, products of 32-bit integers exact.
void multiply_panels(const Panels<std::int32_t, std::uint64_t>& work);

}  // namespace systolog::models
