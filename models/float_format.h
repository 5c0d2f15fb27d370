// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/arithmetic.h"
#include "models/dyadic.h"

namespace systolog::models {

/// What lies past a float format's greatest number.
enum class Overflow : std::uint8_t {
  kInfinity,  // IEEE 754: infinity; the top exponent holds infinity and NaN
  kSaturate,  // OCP E4M3: the greatest number; there is no infinity, all ones is NaN
};

/// Sign, exponent, fraction, with subnormals:
///   x = (-1)^s 2^(e - bias) (1 + f), e > 0;   x = (-1)^s 2^(1 - bias) f, e = 0.
/// Rounding to nearest, ties to even. Every NaN written is the same quiet one, without a sign.
/// Source   [IEEE 754, 3.4] fp32, fp16; bf16: the first 16 bits of fp32; [OCP FP8] e4m3
///          (saturating conversion), e5m2.
struct Float {
  int exponent_bits = 8;
  int fraction_bits = 23;
  Overflow overflow = Overflow::kInfinity;

  constexpr int bits() const { return 1 + exponent_bits + fraction_bits; }
  constexpr int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  constexpr int least_exponent() const { return 1 - bias() - fraction_bits; }
  /// The greatest number lies below 2^(max_scale + 1).
  constexpr int max_scale() const { return bias() + (overflow == Overflow::kSaturate ? 1 : 0); }
  /// Exponent of the last place of numbers 2^scale (1 + f).
  constexpr int least_place(int scale) const {
    return std::max(scale - fraction_bits, least_exponent());
  }
  constexpr int least_scale() const { return least_exponent(); }
  constexpr int significand_bits() const { return fraction_bits + 1; }
  /// Bits of a product as a multiple of the least subnormal's square.
  constexpr int product_bits() const { return 2 * (max_scale() + 1 - least_exponent()); }
  constexpr Code sign() const { return Code{1} << (bits() - 1); }
  constexpr Code infinity() const { return ((Code{1} << exponent_bits) - 1) << fraction_bits; }
  constexpr Code greatest() const {
    return overflow == Overflow::kSaturate ? sign() - 2 : infinity() - 1;
  }
  constexpr Code nan() const {
    return overflow == Overflow::kSaturate ? sign() - 1
                                           : infinity() | (Code{1} << (fraction_bits - 1));
  }
  constexpr bool is_nan(Code code) const {
    const Code magnitude = code & (sign() - 1);
    return overflow == Overflow::kSaturate ? magnitude == nan() : magnitude > infinity();
  }

  constexpr Unpacked unpack(Code code) const {
    const bool negative = (code & sign()) != 0;
    const Code magnitude = code & (sign() - 1);
    if (is_nan(code)) return {0, 0, false, Kind::kNan};
    if (magnitude > greatest()) return {0, 0, negative, Kind::kInfinite};
    const Code field = magnitude >> fraction_bits;
    const Code fraction = magnitude & ((Code{1} << fraction_bits) - 1);
    const Code hidden = field == 0 ? 0 : Code{1} << fraction_bits;
    const int exponent = field == 0 ? 0 : static_cast<int>(field) - 1;
    return unpack_finite(negative, hidden | fraction, least_exponent() + exponent);
  }

  constexpr Code round(const Dyadic& x) const {
    if (x.kind == Kind::kNan) return nan();
    const Code minus = x.negative ? sign() : 0;
    const Code past = overflow == Overflow::kSaturate ? greatest() : infinity();
    if (x.kind == Kind::kInfinite) return minus | past;
    const std::uint64_t magnitude = round_to_ieee(x, exponent_bits, fraction_bits);
    return minus | (magnitude > greatest() ? past : static_cast<Code>(magnitude));
  }

  /// Orders codes by value, -0 before +0; not for NaN.
  constexpr std::int32_t order(Code code) const {
    const auto magnitude = static_cast<std::int32_t>(code & (sign() - 1));
    return (code & sign()) != 0 ? -magnitude - 1 : magnitude;
  }
};

inline constexpr Float kFp32{8, 23};
inline constexpr Float kFp16{5, 10};
inline constexpr Float kBf16{8, 7};
inline constexpr Float kFp8E4m3{4, 3, Overflow::kSaturate};
inline constexpr Float kFp8E5m2{5, 2};

static_assert(kFp32.round({1, 0}) == 0x3F80'0000);
static_assert(kFp8E4m3.round({1000, 0}) == 0x7E && kFp8E4m3.unpack(0x7E).significand == 7);  // 448

}  // namespace systolog::models
