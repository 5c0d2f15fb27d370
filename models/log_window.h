// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "models/operand_scan.h"

namespace systolog::models {

/// Exponents of a tile's operands, zeros aside, for what may be said of their logarithmic products
///   p = 2^(sA+sB) (1 + fA + fB), or 2^(sA+sB+1) (fA + fB) if fA + fB >= 1.
/// `last_place(scale)` is the exponent of the last place of numbers 2^scale (1 + f) of the format;
/// it does not fall as scale grows.
template <typename LastPlace>
struct LogProducts {
  int least_row, greatest_row, least_lane, greatest_lane;
  LastPlace last_place;

  /// 2^unit divides every product: 2^(sA+sB) times the finer of the fractions' last places does.
  int unit() const {
    return std::min(last_place(least_row) + least_lane, least_row + last_place(least_lane));
  }
  /// Every product's magnitude is below 2^top: p <= ab < 2^(sA+1) 2^(sB+1).
  int top() const { return greatest_row + greatest_lane + 2; }
  /// The integer addition of bit patterns gives each product as a T: exponents stay in the range of
  /// normal numbers, so that none runs into the sign.
  template <typename T>
  bool fit() const {
    using Limits = std::numeric_limits<T>;
    return least_row + least_lane >= Limits::min_exponent - 1 && top() < Limits::max_exponent;
  }
};

/// A number to stand for the lanes that are 0, whose products then are not 0, but get lost in
/// rounding; in sums of up to `k` products, each step rounded to T.
///
/// Proof. With n digits in T, let every product with this number be below 2^g, where 2^g 2k <=
/// 2^(unit - n - 2). A true sum S is a multiple of 2^unit, as its terms are and rounding to
/// nearest keeps it one. If S is not 0, |S| >= 2^unit, and numbers near S are 2^(unit - n) apart or
/// more: adding less than a quarter of that changes nothing. If S is 0, the sum so far is one of
/// stand-ins only, below 2^(unit - n - 2); the next true product, a T of at least 2^unit, swallows
/// it. So sums that should be 0 stay below 2^(unit - 1), all others are right.
template <typename T>
struct StandIn {
  T value;  // for the zeros
  T flush;  // sums of lesser magnitude are 0
};
template <typename T, typename LastPlace>
std::optional<StandIn<T>> stand_in(const LogProducts<LastPlace>& products, std::size_t k) {
  using Limits = std::numeric_limits<T>;
  // value * row < 2^(scale + greatest_row + 1)
  const int scale = products.unit() - Limits::digits - 4 - static_cast<int>(std::bit_width(k)) -
                    products.greatest_row;
  if (std::min(scale, scale + products.least_row) < Limits::min_exponent - 1) return {};
  return StandIn<T>{std::ldexp(T{1}, scale), std::ldexp(T{1}, products.unit() - 1)};
}

/// Scales of rows' operands that are summed together.
struct ScaleClass {
  int least, greatest;
};

/// Cuts the rows' scales into classes such that sums in fp64 of up to `k` products of operands of
/// one class are exact: multiples of 2^unit below 2^(unit + 53). Nothing if one scale alone is too
/// much, or if more than `most` classes are needed.
template <typename LastPlace>
std::optional<std::vector<ScaleClass>> exact_classes(const LogProducts<LastPlace>& products,
                                                     std::size_t k, std::size_t most) {
  const int carry = static_cast<int>(std::bit_width(k));
  std::vector<ScaleClass> classes;
  LogProducts<LastPlace> part = products;
  const auto exact = [&] {
    return part.top() + carry - part.unit() <= std::numeric_limits<double>::digits;
  };
  for (int next = products.greatest_row; next >= products.least_row;) {
    part.greatest_row = part.least_row = next;
    if (!exact() || classes.size() == most) return {};
    while (part.least_row > products.least_row) {
      --part.least_row;
      if (exact()) continue;
      ++part.least_row;
      break;
    }
    classes.push_back({part.least_row, part.greatest_row});
    next = part.least_row - 1;
  }
  return classes;
}

}  // namespace systolog::models
