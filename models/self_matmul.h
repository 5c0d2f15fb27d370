// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <type_traits>

#include "models/codes.h"
#include "models/kernels_self.h"
#include "models/log_window.h"
#include "models/nonzero_tile.h"

namespace systolog::models {

/// True if a T holds the posits, and if their sums, rounded to T, then round to the posit that the
/// exact sums round to.
///
/// Proof. Let |a| >= |b|, of scales s and s_b, and p the exponent of a's last place. From a to the
/// tie with its nearest neighbour it is 2^(p-2) or more: half of the spacing 2^p is lost where a is
/// a power of two, half to the tie. It is 2^(p-3) where also the regime changes below a > 1, which
/// gives one fraction bit more there. So b with s_b < p - 3, or p - 4, leaves the rounded sum at a,
/// even after an error of up to 2^(s-digits) <= 2^(p-3), or 2^(p-4). Any other sum is exact in T:
/// its bits reach from s (s + 1 if it carries, for which s_b >= p) down to b's last place.
template <typename T>
bool sums_fit(const Posit& f) {
  const int digits = std::numeric_limits<T>::digits, most = f.max_scale();
  if (f.n < 3 || most + 2 >= std::numeric_limits<T>::max_exponent) return false;
  for (int s = -most; s <= most; ++s) {
    const int p = f.least_place(s);
    const bool regime_changes = s > 0 && s % (1 << f.es) == 0;
    const int far = f.least_place(std::max(p - (regime_changes ? 4 : 3), -most));
    const int near = f.least_place(std::max(p, -most));
    if (s + 1 - far > digits || s + 2 - near > digits) return false;
  }
  return true;
}
/// The same of floats: rounding twice is harmless if T has 2 p + 2 digits and more [Figueroa],
/// and what is subnormal is exact.
template <typename T>
bool sums_fit(const Float& f) {
  using Limits = std::numeric_limits<T>;
  return 2 * f.significand_bits() + 2 <= Limits::digits && f.max_scale() < Limits::max_exponent &&
         f.least_exponent() + Limits::digits < Limits::max_exponent;
}

/// accumulators += the tile's products, each product and sum rounded to the format, by numbers of
/// type T, which holds exact products. decode(codes, count, out) writes what the multiplier keeps
/// of each operand. False, and nothing is done, where T or the format may run out of range, or an
/// operand or accumulator is infinite, NaN, NaR or subnormal in T.
template <typename T, typename Format, typename Decode>
bool sum_tile_in_format(const Format& format, Product product, const MatmulTile& tile,
                        const Decode& decode) {
  using Limits = std::numeric_limits<T>;
  const std::size_t bytes = code_bytes_for(format.bits());
  NonzeroTile<T, T> packed(tile, bytes, tile.fold_rows, decode);
  const Range<T> rows = packed.rows(), lanes = packed.lanes();
  if (!rows.is_normal() || !lanes.is_normal()) return false;
  const bool nothing = rows.all_zero() || lanes.all_zero();
  const int top = nothing ? 0 : rows.greatest_scale() + lanes.greatest_scale() + 2;
  if (!nothing && (rows.least_scale() + lanes.least_scale() < Limits::min_exponent - 1 ||
                   top >= Limits::max_exponent)) {
    return false;
  }
  bool finite = true;
  T greatest = 0;
  packed.for_each_sum([&](std::size_t i, T& sum) {
    const Unpacked x = format.unpack(load_code(tile.accumulators, i, bytes));
    finite = finite && x.kind == Kind::kFinite;
    sum = to_ieee<T>(to_dyadic(x));
    greatest = std::max(greatest, std::fabs(sum));
  });
  if (!finite) return false;
  if constexpr (std::is_same_v<Format, Float>) {  // posits saturate by themselves
    const double sums = static_cast<double>(tile.k) * std::ldexp(1.0, top);
    // Twice: each step's rounding adds less than what it rounds.
    const double limit = std::ldexp(1.0, format.max_scale() - 1);
    if (2.0 * sums + static_cast<double>(greatest) >= limit) return false;
  }
  const bool logarithmic = product == Product::kLogarithmic;
  packed.list({.add = logarithmic ? 0 - std::bit_cast<IeeeBits<T>>(T{1}) : IeeeBits<T>{0}});
  const bool masked = logarithmic && lanes.any_zero;
  sum_in_format(format, product, masked ? LaneZeros::kMasked : LaneZeros::kNone, packed.work());
  packed.for_each_sum([&](std::size_t i, T sum) {
    store_code(format.round(from_ieee(sum)), tile.accumulators, i, bytes);
  });
  return true;
}

}  // namespace systolog::models
