// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "models/arithmetic.h"
#include "models/dyadic.h"

namespace systolog::models {

/// posit<n, es>, 2 <= n <= 32, 0 <= es <= 4.
/// Codes    0 is 0; 1 then zeros is NaR; a negative number is the two's complement of its
///          magnitude's code. After the sign: a run of m equal bits (k = m - 1 for ones, -m for
///          zeros) and the bit that ends it, es exponent bits e, the fraction f; what is cut off at
///          the end reads as 0.   x = (-1)^s 2^(k 2^es + e) (1 + f)
/// Rounding to nearest even on the endless bit string, not by value; never to 0 or NaR: numbers
///          below minpos become minpos, above maxpos maxpos. Infinities and NaN become NaR.
/// Source   [posit]; drafts of 2017/18 for (8,0), (16,1), (32,2).
struct Posit {
  int n = 16;
  int es = 1;

  constexpr int bits() const { return n; }
  constexpr Code nar() const { return Code{1} << (n - 1); }
  constexpr Code maxpos() const { return nar() - 1; }
  constexpr Code mask() const { return nar() | maxpos(); }
  constexpr Code nan() const { return nar(); }
  /// log2 of maxpos; minpos is its inverse, and every number is a multiple of minpos.
  constexpr int max_scale() const { return (n - 2) * (1 << es); }
  constexpr int least_exponent() const { return -max_scale(); }
  /// Exponent of the last place of numbers 2^scale (1 + f) with |scale| <= max_scale().
  constexpr int least_place(int scale) const {
    const int k = scale >> es, regime_bits = k >= 0 ? k + 2 : 1 - k;
    return scale - std::max(n - 1 - regime_bits - es, 0);
  }
  constexpr int least_scale() const { return -max_scale(); }
  constexpr int significand_bits() const { return std::max(n - 2 - es, 1); }
  /// Bits of a product as a multiple of minpos^2.
  constexpr int product_bits() const { return 4 * max_scale() + 1; }

  constexpr Unpacked unpack(Code code) const {
    if (code == 0) return {};
    if (code == nar()) return {0, 0, false, Kind::kNan};
    const bool negative = (code & nar()) != 0;
    const Code magnitude = negative ? (~code + 1) & mask() : code;
    const std::uint32_t body = magnitude << (33 - n);  // regime at bit 31, zeros below the code
    const bool ones = (body >> 31) != 0;
    const int run = ones ? std::countl_one(body) : std::countl_zero(body);
    const int k = ones ? run - 1 : -run;
    const std::uint64_t rest = (std::uint64_t{body} << (run + 1)) & 0xFFFF'FFFFU;
    const int e = static_cast<int>(rest >> (32 - es));
    const std::uint64_t fraction = (rest << es) & 0xFFFF'FFFFU;
    const int scale = k * (1 << es) + e;
    return unpack_finite(negative, (std::uint64_t{1} << 32) | fraction, scale - 32);
  }

  constexpr Code round(const Dyadic& x) const {
    if (x.kind != Kind::kFinite) return nar();
    if (x.magnitude == 0) return 0;
    const Code body = round_magnitude(x);
    return x.negative ? (~body + 1) & mask() : body;
  }

  /// As a signed integer, for which codes are in the order of their values and NaR is the least.
  constexpr std::int32_t order(Code code) const {
    return static_cast<std::int32_t>(code << (32 - n)) >> (32 - n);
  }
  constexpr bool is_nan(Code code) const { return code == nar(); }

 private:
  constexpr Code round_magnitude(const Dyadic& x) const {
    const int scale = x.scale();
    if (scale >= max_scale()) return maxpos();
    if (scale < -max_scale()) return 1;
    const int k = scale >> es;  // floor
    const auto e = static_cast<std::uint64_t>(scale - k * (1 << es));
    const int regime_bits = k >= 0 ? k + 2 : 1 - k;
    const std::uint64_t regime = k >= 0 ? (std::uint64_t{2} << (k + 1)) - 2 : 1;
    // Exponent and fraction as one string of 64 bits, the first at bit 63.
    const std::uint64_t fraction = x.magnitude << std::countl_zero(x.magnitude) << 1;
    const std::uint64_t tail = (es == 0 ? 0 : e << (64 - es)) | (fraction >> es);
    bool sticky = x.sticky || (fraction & ((std::uint64_t{1} << es) - 1)) != 0;
    const int kept_bits = n - 1 - regime_bits;  // 0 .. n - 3
    const std::uint64_t kept = kept_bits == 0 ? 0 : tail >> (64 - kept_bits);
    const std::uint64_t rest = tail << kept_bits;
    const std::uint64_t body = (regime << kept_bits) | kept;
    sticky = sticky || (rest << 1) != 0;
    const bool up = (rest >> 63) != 0 && (sticky || (body & 1) != 0);
    return static_cast<Code>(body + (up ? 1 : 0));
  }
};

static_assert(Posit{8, 0}.round({3, -1}) == 0x50);      // 1.5
static_assert(Posit{8, 0}.unpack(0x7F).exponent == 6);  // maxpos = 64
static_assert(Posit{16, 1}.round({1, -100}) == 1);      // not 0
static_assert(Posit{2, 4}.round({1, 0, true}) == 3);    // -1

}  // namespace systolog::models
