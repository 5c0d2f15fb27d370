// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "tests/oracle/value.h"

namespace systolog::oracle {

/// A binary interchange format: sign, exponent, fraction; subnormals. IEEE 754's has infinities
/// and NaNs where the exponent bits are all ones. OCP's e4m3 (`saturates`) has numbers there too,
/// one NaN where all bits but the sign are ones, and clamps to its greatest number.
struct FloatFormat {
  int exponent_bits = 0;
  int fraction_bits = 0;
  bool saturates = false;

  int bits() const { return 1 + exponent_bits + fraction_bits; }
  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  int least_exponent() const { return 1 - bias(); }
  std::uint64_t sign() const { return std::uint64_t{1} << (bits() - 1); }
  /// All exponent bits set: infinity, where there is one.
  std::uint64_t infinity() const {
    return ((std::uint64_t{1} << exponent_bits) - 1) << fraction_bits;
  }
  std::uint64_t greatest() const { return saturates ? sign() - 2 : infinity() - 1; }
  /// What a number too large becomes.
  std::uint64_t overflow() const { return saturates ? greatest() : infinity(); }
  bool is_nan(std::uint64_t code) const { return (code & (sign() - 1)) > overflow(); }
};
inline constexpr FloatFormat kFp64{11, 52};
inline constexpr FloatFormat kFp32{8, 23};
inline constexpr FloatFormat kBf16{8, 7};
inline constexpr FloatFormat kFp16{5, 10};
inline constexpr FloatFormat kFp8E5M2{5, 2};
inline constexpr FloatFormat kFp8E4M3{4, 3, true};

inline Value float_value(const FloatFormat& f, std::uint64_t code) {
  const bool negative = (code & f.sign()) != 0;
  const std::uint64_t magnitude = code & (f.sign() - 1);
  if (f.is_nan(code)) return Value::nan();
  if (!f.saturates && magnitude == f.infinity()) return Value::infinity(negative);
  if (magnitude == 0) return Value::zero(negative);
  const auto field = static_cast<int>(magnitude >> f.fraction_bits);
  const std::uint64_t one = std::uint64_t{1} << f.fraction_bits;
  const std::uint64_t fraction = magnitude & (one - 1);
  const bool subnormal = field == 0;
  const Integer significand(subnormal ? fraction : fraction | one);
  const int exponent = f.least_exponent() + (subnormal ? 0 : field - 1) - f.fraction_bits;
  const Dyadic number(significand, exponent);
  return Value::finite(negative ? -number : number);
}

/// Nearest, ties to even; half a unit or more beyond the greatest number: overflow().
inline std::uint64_t round_to_float(const FloatFormat& f, const Value& x) {
  const std::uint64_t sign = x.negative ? f.sign() : 0;
  if (x.is_nan()) return f.saturates ? f.sign() - 1 : f.infinity() | (f.infinity() >> 1);
  if (x.is_infinite()) return sign | f.overflow();
  if (x.is_zero()) return sign;
  const int exponent = std::max(x.number.floor_log2(), f.least_exponent());
  const int unit = exponent - f.fraction_bits;  // of the last place
  const Integer places = (x.number.magnitude() * Dyadic::power_of_two(-unit)).round_half_even();
  // Consecutive codes are consecutive numbers, so a carry out of the fraction goes into the
  // exponent field by itself, and past the greatest number into infinity.
  const Integer code = (Integer(exponent - f.least_exponent()) << f.fraction_bits) + places;
  if (code >= f.overflow()) return sign | f.overflow();
  return sign | code.convert_to<std::uint64_t>();
}

/// What of x the format keeps.
inline Value keep_in_float(const FloatFormat& f, const Value& x) {
  return float_value(f, round_to_float(f, x));
}

}  // namespace systolog::oracle
