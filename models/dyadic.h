// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace systolog::models {

__extension__ typedef unsigned __int128 Uint128;
__extension__ typedef __int128 Int128;

enum class Kind : std::uint8_t { kFinite, kInfinite, kNan };

/// One decoded code: (-1)^negative * significand * 2^exponent. The significand is odd or 0, so
/// that the exponent never lies below that of the format's least number.
struct Unpacked {
  std::uint32_t significand = 0;
  std::int16_t exponent = 0;
  bool negative = false;
  Kind kind = Kind::kFinite;
};

/// An exact product, or a sum: (-1)^negative * (magnitude + t) * 2^exponent, where t = 0 if not
/// `sticky` and 0 < t < 1 if sticky; then magnitude >= 2^62, more than any rounding keeps.
struct Dyadic {
  std::uint64_t magnitude = 0;
  int exponent = 0;
  bool negative = false;
  bool sticky = false;
  Kind kind = Kind::kFinite;

  constexpr bool is_zero() const { return kind == Kind::kFinite && magnitude == 0; }
  /// floor(log2 |x|), magnitude != 0.
  constexpr int scale() const { return exponent + static_cast<int>(std::bit_width(magnitude)) - 1; }
};

constexpr Dyadic to_dyadic(const Unpacked& x) {
  return {x.significand, x.exponent, x.negative, false, x.kind};
}

/// x * 2^shift.
constexpr Dyadic shifted(Dyadic x, int shift) {
  x.exponent += shift;
  return x;
}

/// `magnitude` and `exponent` as an Unpacked with an odd significand; the odd part fits 32 bits.
constexpr Unpacked unpack_finite(bool negative, std::uint64_t magnitude, int exponent) {
  if (magnitude == 0) return {0, 0, negative, Kind::kFinite};
  const int zeros = std::countr_zero(magnitude);
  return {static_cast<std::uint32_t>(magnitude >> zeros),
          static_cast<std::int16_t>(exponent + zeros), negative, Kind::kFinite};
}

/// The 64 leading bits of `wide` * 2^exponent, the others in `sticky`.
constexpr Dyadic narrow(bool negative, Uint128 wide, int exponent, bool sticky = false) {
  const auto high = static_cast<std::uint64_t>(wide >> 64);
  if (high == 0 && !sticky) return {static_cast<std::uint64_t>(wide), exponent, negative};
  const int drop = static_cast<int>(std::bit_width(high));
  const auto kept = static_cast<std::uint64_t>(wide >> drop);
  const bool lost = (static_cast<Uint128>(kept) << drop) != wide;
  return {kept, exponent + drop, negative, sticky || lost};
}

/// a + b. Exact but for what `sticky` says; a and b are not sticky. The rules for infinities, NaN
/// and the sign of zero are IEEE 754's (section 6) for rounding to nearest.
constexpr Dyadic add(const Dyadic& a, const Dyadic& b) {
  if (a.kind != Kind::kFinite || b.kind != Kind::kFinite) {
    if (a.kind == Kind::kFinite) return b;
    if (b.kind == Kind::kFinite) return a;
    const bool opposite = a.negative != b.negative;
    const bool nan = a.kind == Kind::kNan || b.kind == Kind::kNan || opposite;
    return {0, 0, !nan && a.negative, false, nan ? Kind::kNan : Kind::kInfinite};
  }
  if (a.magnitude == 0 && b.magnitude == 0) return {0, 0, a.negative && b.negative};
  if (a.magnitude == 0) return b;
  if (b.magnitude == 0) return a;
  const bool a_leads = a.scale() >= b.scale();
  const Dyadic &large = a_leads ? a : b, &small = a_leads ? b : a;
  // Leading bits of the larger operand at bit 125: bit 126 takes the carry, and the smaller one
  // loses bits only where it is shifted by more than 62; then nothing can cancel but bit 125.
  const int lift = 62 + std::countl_zero(large.magnitude);
  const int exponent = large.exponent - lift;
  const Uint128 first = static_cast<Uint128>(large.magnitude) << lift;
  const int shift = small.exponent - exponent;  // of the smaller operand, to the left
  Uint128 second = 0;
  bool sticky = false;
  if (shift >= 0) {
    second = static_cast<Uint128>(small.magnitude) << shift;
  } else {
    second = shift > -64 ? small.magnitude >> -shift : 0;
    sticky = shift <= -64 || (small.magnitude << (64 + shift)) != 0;
  }
  if (large.negative == small.negative) {
    return narrow(large.negative, first + second, exponent, sticky);
  }
  if (first == second && !sticky) return {};
  // first - (second + t) = (first - second - 1) + (1 - t)
  if (sticky) return narrow(large.negative, first - second - 1, exponent, true);
  return first > second ? narrow(large.negative, first - second, exponent)
                        : narrow(small.negative, second - first, exponent);
}

/// (magnitude + t) / 2^shift to the nearest integer, ties to even; shift may be negative where the
/// result fits 64 bits.
constexpr std::uint64_t round_shift(std::uint64_t magnitude, int shift, bool sticky) {
  if (shift <= 0) return magnitude << -shift;
  if (shift > 64) return 0;
  const std::uint64_t kept = shift == 64 ? 0 : magnitude >> shift;
  const std::uint64_t rest = magnitude << (64 - shift);
  const std::uint64_t half = std::uint64_t{1} << 63;
  const bool up = rest > half || (rest == half && (sticky || (kept & 1) != 0));
  return kept + (up ? 1 : 0);
}

/// Bits of the number nearest to finite `x` in an IEEE 754 binary format without its sign bit, ties
/// to even, subnormals kept. Consecutive bit patterns are consecutive numbers: a carry goes into
/// the exponent field by itself. Numbers past the greatest give patterns >= infinity's.
constexpr std::uint64_t round_to_ieee(const Dyadic& x, int exponent_bits, int fraction_bits) {
  if (x.magnitude == 0) return 0;
  const int bias = (1 << (exponent_bits - 1)) - 1, least = 1 - bias;
  if (x.scale() > bias + 1) return std::uint64_t{(1U << exponent_bits)} << fraction_bits;
  const int scale = std::max(x.scale(), least);
  const std::uint64_t places =
      round_shift(x.magnitude, scale - fraction_bits - x.exponent, x.sticky);
  return (static_cast<std::uint64_t>(scale - least) << fraction_bits) + places;
}

/// The nearest float or double; a NaN is the quiet one without payload.
template <typename T>
constexpr T to_ieee(const Dyadic& x) {
  using Limits = std::numeric_limits<T>;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int kFraction = Limits::digits - 1, kExponent = sizeof(T) == 4 ? 8 : 11;
  constexpr std::uint64_t kInfinity = std::uint64_t{(1U << kExponent) - 1} << kFraction;
  if (x.kind == Kind::kNan) return Limits::quiet_NaN();
  const std::uint64_t bits = x.kind == Kind::kInfinite
                                 ? kInfinity
                                 : std::min(round_to_ieee(x, kExponent, kFraction), kInfinity);
  const std::uint64_t sign = std::uint64_t{x.negative} << (kExponent + kFraction);
  return std::bit_cast<T>(static_cast<Bits>(sign | bits));
}

/// 2^exponent as a float or double; exponents of normal numbers only.
template <typename T>
constexpr T power_of_two(int exponent) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int kFraction = std::numeric_limits<T>::digits - 1;
  constexpr int kBias = std::numeric_limits<T>::max_exponent - 1;
  return std::bit_cast<T>(static_cast<Bits>(exponent + kBias) << kFraction);
}

/// The exact value of a float or double.
template <typename T>
constexpr Dyadic from_ieee(T value) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int kFraction = std::numeric_limits<T>::digits - 1;
  constexpr int kExponent = sizeof(T) == 4 ? 8 : 11, kBias = (1 << (kExponent - 1)) - 1;
  const std::uint64_t bits = std::bit_cast<Bits>(value);
  const bool negative = (bits >> (kExponent + kFraction)) != 0;
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << kFraction) - 1);
  const int field = static_cast<int>(bits >> kFraction) & ((1 << kExponent) - 1);
  if (field == (1 << kExponent) - 1) {
    const bool nan = fraction != 0;
    return {0, 0, !nan && negative, false, nan ? Kind::kNan : Kind::kInfinite};
  }
  const std::uint64_t hidden = field == 0 ? 0 : std::uint64_t{1} << kFraction;
  return {hidden | fraction, std::max(field, 1) - kBias - kFraction, negative};
}

}  // namespace systolog::models
