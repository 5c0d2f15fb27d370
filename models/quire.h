// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "models/dyadic.h"

namespace systolog::models {

/// Carry bits above the greatest product: sums of 2^14 greatest products fit [posit drafts, the
/// quire of (16,1) in 128 bits]. Longer sums wrap, as in the register.
inline constexpr int kQuireCarryBits = 14;

/// Bits of the quire for products of `span` bits: sign, carry bits, and the next of the usual
/// sizes.
constexpr int quire_bits(int span) {
  return static_cast<int>(
      std::bit_ceil(static_cast<unsigned>(std::max(span + 1 + kQuireCarryBits, 64))));
}

/// Exact fixed-point sum in two's complement, `kLimbs` words of 64 bits, the least first. The three
/// least values are kept for what is no number: NaN (NaR of posits, 1 then zeros as in [posit]),
/// minus and plus infinity. A sum reaches them only where all carry bits are used up, as 2^14 and
/// more products of maxpos and -maxpos can.
template <int kLimbs>
struct Quire {
  std::array<std::uint64_t, kLimbs> limbs{};

  static constexpr Quire special(std::uint64_t which) {
    Quire q;
    q.limbs[0] = which;
    q.limbs[kLimbs - 1] |= kSign;
    return q;
  }
  static constexpr Quire nan() { return special(0); }
  static constexpr Quire infinity(bool negative) { return special(negative ? 1 : 2); }
  constexpr bool is_special() const {
    const std::uint64_t top = limbs[kLimbs - 1] ^ kSign;
    if constexpr (kLimbs == 1) return top <= 2;
    if (top != 0) return false;
    std::uint64_t middle = 0;
    for (std::size_t i = 1; i + 1 < kLimbs; ++i) middle |= limbs[i];
    return middle == 0 && limbs[0] <= 2;
  }
  constexpr Kind kind() const {
    if (!is_special()) return Kind::kFinite;
    return (limbs[0] & 3) == 0 ? Kind::kNan : Kind::kInfinite;
  }

  /// Adds +-magnitude * 2^shift, 0 <= shift < 64 kLimbs; bits above the register wrap.
  constexpr void add(bool negative, std::uint64_t magnitude, int shift) {
    const std::uint64_t minus = negative ? ~std::uint64_t{0} : 0;
    if constexpr (kLimbs == 1) {
      limbs[0] += ((magnitude << shift) ^ minus) - minus;
    } else if constexpr (kLimbs == 2) {
      const Uint128 wide_minus = negative ? ~Uint128{0} : 0;
      const Uint128 term = ((static_cast<Uint128>(magnitude) << shift) ^ wide_minus) - wide_minus;
      const Uint128 sum = ((static_cast<Uint128>(limbs[1]) << 64) | limbs[0]) + term;
      limbs = {static_cast<std::uint64_t>(sum), static_cast<std::uint64_t>(sum >> 64)};
    } else {
      const Uint128 term = static_cast<Uint128>(magnitude) << (shift % 64);
      auto at = static_cast<std::size_t>(shift / 64);
      add_limb(at, static_cast<std::uint64_t>(term), negative);
      if (++at < kLimbs) add_limb(at, static_cast<std::uint64_t>(term >> 64), negative);
    }
  }
  /// Adds another sum; both finite.
  constexpr void add(const Quire& other) {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      const Uint128 sum = static_cast<Uint128>(limbs[i]) + other.limbs[i] + carry;
      limbs[i] = static_cast<std::uint64_t>(sum);
      carry = static_cast<std::uint64_t>(sum >> 64);
    }
  }
  /// The sum; its last bit weighs 2^base.
  constexpr Dyadic value(int base) const {
    if (is_special()) {
      const Kind k = kind();
      return {0, 0, k == Kind::kInfinite && (limbs[0] & 3) == 1, false, k};
    }
    const bool negative = (limbs[kLimbs - 1] & kSign) != 0;
    std::array<std::uint64_t, kLimbs> magnitude{};
    std::uint64_t carry = negative ? 1 : 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      const std::uint64_t limb = (negative ? ~limbs[i] : limbs[i]);
      magnitude[i] = limb + carry;
      carry = carry != 0 && magnitude[i] == 0 ? 1 : 0;
    }
    int top = kLimbs - 1;
    while (top > 0 && magnitude[static_cast<std::size_t>(top)] == 0) --top;
    const auto t = static_cast<std::size_t>(top);
    if (top == 0) return {magnitude[0], base, negative};
    bool sticky = false;
    for (std::size_t i = 0; i + 1 < t; ++i) sticky = sticky || magnitude[i] != 0;
    const Uint128 leading = (static_cast<Uint128>(magnitude[t]) << 64) | magnitude[t - 1];
    return narrow(negative, leading, base + 64 * (top - 1), sticky);
  }

 private:
  static constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

  constexpr void add_limb(std::size_t at, std::uint64_t term, bool negative) {
    std::uint64_t before = limbs[at];
    limbs[at] = negative ? before - term : before + term;
    bool carry = negative ? limbs[at] > before : limbs[at] < before;
    while (carry && ++at < kLimbs) {
      limbs[at] += negative ? ~std::uint64_t{0} : 1;
      carry = limbs[at] == (negative ? ~std::uint64_t{0} : 0);
    }
  }
};

}  // namespace systolog::models
