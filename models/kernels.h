// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/multipliers.h"

namespace systolog::models {

/// Sums a kernel computes side by side; the last ones of an odd number mean nothing.
inline constexpr std::size_t kLanes = 32;

/// Operands and sums of a kernel: sums[r][l] += sum over k of rows[r][k] * lanes[k][l], in folds of
/// `fold_rows`, each from zero with k ascending, then merged.
template <typename Operand, typename Sum>
struct Panels {
  std::size_t row_count = 0, k = 0, lane_count = 0;  // lane_count a multiple of kLanes
  std::size_t fold_rows = 0;
  const Operand* rows = nullptr;   // [row_count][k]
  const Operand* lanes = nullptr;  // [lane_count / kLanes][k][kLanes]
  Sum* sums = nullptr;             // [row_count][lane_count]
};

/// Product of two operands that are floats or doubles.
enum class Product : std::uint8_t {
  kTimes,  // exact, or fused with the sum
  // Mitchell's: exponent and fraction of a float are its logarithm as Mitchell takes it, in fixed
  // point; so the product's bits are the sum of the operands' less those of 1, and the signs add
  // up by themselves. Exact if exponents stay within the type's normal range.
  kLogarithmic,
};

/// Exact: each product p is cut into splitters.size() + 1 terms, each summed by itself, as
/// term = (p + splitter) - splitter; p -= term. The caller chooses splitters (1.5 * 2^(52 + g) cuts
/// at 2^g) such that no sum needs more than 53 bits. One fold; sums is
/// [splitters.size() + 1][row_count][lane_count].
void sum_exactly(Product product, const Panels<double, double>& work,
                 std::span<const double> splitters);
inline constexpr std::size_t kMaxSplitters = 3;

/// sum = min(max(sum + floor(product * unit), least), most), `unit` a power of two up to 1; with
/// one's-complement signs a negative product's term is that of -|product| - 1, which is
/// -floor(|product| * unit) - 1. Exact while sums stay within 2^53.
struct Saturation {
  double unit = 1.0, least = 0.0, most = 0.0;
  Signs signs = Signs::kTwosComplement;
};
void sum_saturating(Product product, const Panels<double, double>& work, const Saturation& to);

}  // namespace systolog::models
