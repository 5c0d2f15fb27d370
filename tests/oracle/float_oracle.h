// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tests/oracle/value.h"

namespace systolog::oracle {

/// A binary interchange format of IEEE 754: sign, exponent, fraction; subnormals, infinities, NaN.
struct FloatFormat {
  int exponent_bits = 0;
  int fraction_bits = 0;

  int bits() const { return 1 + exponent_bits + fraction_bits; }
  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  int least_exponent() const { return 1 - bias(); }
  std::uint32_t infinity() const { return ((1U << exponent_bits) - 1U) << fraction_bits; }
  std::uint32_t sign() const { return 1U << (bits() - 1); }
  std::uint32_t greatest() const { return infinity() - 1; }
  bool is_nan(std::uint32_t code) const { return (code & (sign() - 1)) > infinity(); }
};
inline constexpr FloatFormat kFp32{8, 23};
inline constexpr FloatFormat kBf16{8, 7};
inline constexpr FloatFormat kFp16{5, 10};

inline Value float_value(const FloatFormat& f, std::uint32_t code) {
  const bool negative = (code & f.sign()) != 0;
  const std::uint32_t magnitude = code & (f.sign() - 1);
  if (magnitude > f.infinity()) return Value::nan();
  if (magnitude == f.infinity()) return Value::infinity(negative);
  if (magnitude == 0) return Value::zero(negative);
  const auto field = static_cast<int>(magnitude >> f.fraction_bits);
  const std::uint32_t fraction = magnitude & ((1U << f.fraction_bits) - 1U);
  const bool subnormal = field == 0;
  const Integer significand(subnormal ? fraction : fraction | (1U << f.fraction_bits));
  const int exponent = f.least_exponent() + (subnormal ? 0 : field - 1) - f.fraction_bits;
  const Dyadic number(significand, exponent);
  return Value::finite(negative ? -number : number);
}

/// Nearest, ties to even; beyond the greatest number by half a unit or more: infinity.
inline std::uint32_t round_to_float(const FloatFormat& f, const Value& x) {
  const std::uint32_t sign = x.negative ? f.sign() : 0;
  if (x.is_nan()) return f.infinity() | (1U << (f.fraction_bits - 1));
  if (x.is_infinite()) return sign | f.infinity();
  if (x.is_zero()) return sign;
  const int exponent = std::max(x.number.floor_log2(), f.least_exponent());
  const int unit = exponent - f.fraction_bits;  // of the last place
  const Integer places = (x.number.magnitude() * Dyadic::power_of_two(-unit)).round_half_even();
  // Consecutive codes are consecutive numbers, so a carry out of the fraction goes into the
  // exponent field by itself, and past the greatest number into infinity.
  const Integer code = (Integer(exponent - f.least_exponent()) << f.fraction_bits) + places;
  if (code >= f.infinity()) return sign | f.infinity();
  return sign | code.convert_to<std::uint32_t>();
}

/// What of x the format keeps.
inline Value keep_in_float(const FloatFormat& f, const Value& x) {
  return float_value(f, round_to_float(f, x));
}

}  // namespace systolog::oracle
