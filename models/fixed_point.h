// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/arithmetic.h"
#include "models/dyadic.h"

namespace systolog::models {

/// The signed integer in the low `bits` bits of a two's-complement code.
constexpr std::int64_t sign_extend(std::uint64_t code, int bits) {
  return static_cast<std::int64_t>(code << (64 - bits)) >> (64 - bits);
}

/// x * 2^fraction_bits to the nearest integer, ties to even, saturating at `bits` bits. A NaN,
/// which no such format has, becomes 0.
constexpr std::int64_t round_to_fixed(const Dyadic& x, int bits, int fraction_bits) {
  const std::int64_t most = static_cast<std::int64_t>((std::uint64_t{1} << (bits - 1)) - 1);
  const std::int64_t least = -most - 1;
  if (x.kind == Kind::kNan || x.is_zero()) return 0;
  const bool beyond = x.kind == Kind::kInfinite || x.scale() + fraction_bits >= bits;
  if (beyond) return x.negative ? least : most;
  const std::uint64_t places = round_shift(x.magnitude, -fraction_bits - x.exponent, x.sticky);
  if (x.negative) {
    return places > static_cast<std::uint64_t>(most) ? least : -static_cast<std::int64_t>(places);
  }
  return static_cast<std::int64_t>(std::min(places, static_cast<std::uint64_t>(most)));
}

/// Two's-complement fixed point: x = code / 2^fraction_bits, 2 <= bits <= 32.
/// Rounding to nearest, ties to even; numbers out of range saturate.
struct Fixed {
  int width = 32;
  int fraction_bits = 16;

  constexpr int bits() const { return width; }
  constexpr Code mask() const { return static_cast<Code>((std::uint64_t{1} << width) - 1); }
  constexpr std::int32_t integer(Code code) const {
    return static_cast<std::int32_t>(sign_extend(code, width));
  }
  constexpr Code code(std::int64_t integer) const { return static_cast<Code>(integer) & mask(); }
  constexpr std::int64_t most() const { return (std::int64_t{1} << (width - 1)) - 1; }
  constexpr std::int64_t least() const { return -most() - 1; }
  constexpr Dyadic value(Code c) const {
    const std::int64_t x = integer(c);
    return {static_cast<std::uint64_t>(x < 0 ? -x : x), -fraction_bits, x < 0};
  }
  constexpr Code round(const Dyadic& x) const {
    return code(round_to_fixed(x, width, fraction_bits));
  }
};

static_assert(Fixed{32, 16}.round({3, -17}) == 2 && Fixed{32, 16}.round({1, -17}) == 0);
static_assert(Fixed{8, 0}.round({300, 0, true}) == 0x80);

}  // namespace systolog::models
