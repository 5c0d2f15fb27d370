// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

namespace systolog::models {

/// What is known of one operand's numbers that are not 0.
struct Bounds {
  double greatest = 0;  // no magnitude is above
  int top = 0;          // all lie below 2^top
  int place = 0;        // all are multiples of 2^place
};

/// Folds beyond this save nothing: then a fold's products cost far more than its merge.
inline constexpr int kLongFold = 7;  // log2

/// How many pairs of products of integers up to a and b may be summed in 32 bits, or nothing if an
/// integer has no 16 bits or the pairs are too few to pay.
/// Proof. 2 fold a b < 2^31, and a product of integers below 2^15 is exact in a double.
inline std::optional<std::size_t> pair_fold(double a, double b) {
  constexpr double kLeastFold = 8.0, kMost = 0x1p31 - 1.0;
  if (a >= 0x1p15 || b >= 0x1p15 || 2.0 * kLeastFold * a * b > kMost) return {};
  return static_cast<std::size_t>(
      std::min(std::floor(kMost / (2.0 * a * b)), std::ldexp(1.0, kLongFold)));
}

/// How sum_exact is to sum k products of rows' and lanes' numbers.
struct DoublePlan {
  int unit = 0;
  std::size_t fold = 0;
  /// Rows' numbers cut at multiples of 2^cut into a higher part, which the above is for, and a
  /// lower one, to be summed by itself.
  struct Low {
    int cut = 0, unit = 0;
    std::size_t fold = 0;
  };
  std::optional<Low> low;
};

/// Nothing if there is no plan that pays.
/// Proof. Products of numbers below 2^a and 2^b are below 2^(a+b); of 2^f there is no sum beyond
/// 2^(a+b+f) <= 2^(unit+51) as sum_exact needs. Totals: k / 2^f sums of 2^51 units fit 63 bits. A
/// number x below 2^top, multiple of 2^place, is cut as high = x rounded to a multiple of 2^cut,
/// which is at most 2^top as that is one too, and low = x - high, |low| <= 2^(cut-1), still a
/// multiple of 2^place; both are exact in a double, as x has no more than 53 bits.
inline std::optional<DoublePlan> double_plan(const Bounds& rows, const Bounds& lanes,
                                             std::size_t k) {
  constexpr int kSumBits = 51, kWhole = 5, kParts = kLongFold;  // log2 of folds
  const auto fold_of = [&](int top, int place) {                // log2
    return std::min(kSumBits - (top - place) - (lanes.top - lanes.place), kLongFold);
  };
  const auto fits = [&](int fold) { return fold >= 0 && (k >> fold) < (std::size_t{1} << 10); };
  const int whole = fold_of(rows.top, rows.place);
  DoublePlan plan;
  if (whole >= kWhole && fits(whole)) {
    plan.unit = rows.place + lanes.place;
    plan.fold = std::size_t{1} << whole;
    return plan;
  }
  const int cut = rows.top - (kSumBits - kParts - (lanes.top - lanes.place));
  const int low = fold_of(cut - 1, rows.place);
  if (cut > rows.top - 2 || low < kWhole || !fits(kParts) || !fits(low)) return {};
  plan.unit = cut + lanes.place;
  plan.fold = std::size_t{1} << kParts;
  plan.low = {cut, rows.place + lanes.place, std::size_t{1} << low};
  return plan;
}

}  // namespace systolog::models
