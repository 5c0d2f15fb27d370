// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "models/kernels.h"

namespace systolog::models {

/// Least and greatest magnitude among decoded operands, zeros aside.
struct Magnitudes {
  double least = std::numeric_limits<double>::infinity(), greatest = 0.0;
  bool finite = true;

  void include(const double* values, std::size_t count, std::size_t stride) {
    double low = least, high = greatest, check = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      const double x = std::fabs(values[i * stride]);
      check += x - x;  // NaN if x is infinite or a NaN
      low = std::min(low, x == 0.0 ? low : x);
      high = std::max(high, x);
    }
    least = low;
    greatest = high;
    finite = finite && check == 0.0;
  }
  bool all_zero() const { return greatest == 0.0; }
  int least_scale() const { return std::ilogb(least); }
  int greatest_scale() const { return std::ilogb(greatest); }
};

/// Splitters with which sum_exactly is exact for `k` products of operands of these magnitudes, or
/// nothing if more than kMaxSplitters are needed. `least_place(scale)` is the exponent of the last
/// place of numbers 2^scale (1 + f) of the format; it does not fall as scale grows.
///
/// Proof. All products are multiples of 2^place: of the product of the operands' last places, and a
/// logarithmic product 2^(sA+sB) (1 + fA + fB) even of 2^(sA+sB) times the finer of the fractions'
/// last places. With |p| < 2^(sA+sB+2), a sum of 2^c >= k of them is below 2^top, top = sA+sB+2+c.
/// If top - place <= 53, any partial sum is a multiple of 2^place below 2^(place + 53): a double.
/// Else a splitter cuts p at 2^g, g = top - 53, c >= 2 so that |p| < 2^(top-c) <= 2^(g+51): terms
/// are multiples of 2^g, so their sum is exact; the rests are at most 2^(g-1) and go on with top =
/// g + c.
template <typename LeastPlace>
std::optional<std::vector<double>> splitters_for(Product product, const Magnitudes& a,
                                                 const Magnitudes& b, std::size_t k,
                                                 const LeastPlace& least_place) {
  std::vector<double> splitters;
  if (a.all_zero() || b.all_zero()) return splitters;
  const int carry = std::max(static_cast<int>(std::bit_width(k)), 2);
  const int place_a = least_place(a.least_scale()), place_b = least_place(b.least_scale());
  const int place = product == Product::kTimes
                        ? place_a + place_b
                        : std::min(place_a + b.least_scale(), a.least_scale() + place_b);
  int top = a.greatest_scale() + b.greatest_scale() + 2 + carry;
  while (top - place > 53) {
    if (splitters.size() == kMaxSplitters) return {};
    const int g = top - 53;
    splitters.push_back(std::ldexp(1.5, 52 + g));
    top = g + carry;
  }
  return splitters;
}

}  // namespace systolog::models
