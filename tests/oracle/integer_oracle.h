// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tests/oracle/dyadic.h"

namespace systolog::oracle {

/// Two's-complement integers of `bits` bits.
inline std::int64_t from_twos_complement(std::uint64_t code, int bits) {
  const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
  return static_cast<std::int64_t>((code ^ sign) - sign);
}
inline std::uint64_t to_twos_complement(const Integer& value, int bits) {
  const Integer modulus = Integer(1) << bits;
  return Integer(((value % modulus) + modulus) % modulus).convert_to<std::uint64_t>();
}
/// The last `bits` bits, read as two's complement.
inline Integer wrap(const Integer& value, int bits) {
  const Integer modulus = Integer(1) << bits;
  const Integer low = ((value % modulus) + modulus) % modulus;
  return low >= modulus / 2 ? Integer(low - modulus) : low;
}
inline Integer saturate(const Integer& value, int bits) {
  const Integer limit = Integer(1) << (bits - 1);
  if (value >= limit) return limit - 1;
  if (value < -limit) return -limit;
  return value;
}

/// The fraction x of a = 2^i (1 + x), a > 0, cut (not rounded) to `kept_bits`; i goes to `leading`.
inline Dyadic log_fraction(const Integer& a, int kept_bits, int& leading) {
  const Dyadic value = Dyadic::integer(a);
  leading = value.floor_log2();
  const Dyadic x = value * Dyadic::power_of_two(-leading) - Dyadic::power_of_two(0);
  const Dyadic kept = Dyadic::integer((x * Dyadic::power_of_two(kept_bits)).floor());
  return kept * Dyadic::power_of_two(-kept_bits);
}

/// Logarithmic product of two positive magnitudes whose fractions x, y keep `kept_bits` bits:
/// 2^(i+j) (1 + x + y) if x + y < 1, else 2^(i+j+1) (x + y); bits below the last are dropped.
inline Integer log_product(const Integer& a, const Integer& b, int kept_bits) {
  int i = 0, j = 0;
  const Dyadic sum = log_fraction(a, kept_bits, i) + log_fraction(b, kept_bits, j);
  const Dyadic one = Dyadic::power_of_two(0);
  const Dyadic product =
      sum < one ? Dyadic::power_of_two(i + j) * (one + sum) : Dyadic::power_of_two(i + j + 1) * sum;
  return product.floor();
}

/// How a unit for magnitudes is given its signs.
enum class Signs {
  kOnesComplement,  // C1: |x| of a negative x is ~x = |x| - 1; a negative product is ~z = -z - 1
  kTwosComplement,  // C2: true magnitudes
};

inline constexpr int kAllBits = 64;  // Mitchell's own product keeps every fraction bit

/// Signed logarithmic product; Mitch-w keeps w - 1 fraction bits. 0 if an operand is 0; the
/// magnitude 0 that C1 makes of -1 reads as 2^0.
/// [Kim et al., arXiv 2007.10500; Kim et al., IEEE TC 2019]
inline Integer signed_log_product(std::int64_t a, std::int64_t b, int kept_bits, Signs signs) {
  if (a == 0 || b == 0) return 0;
  const auto magnitude = [signs](std::int64_t x) {
    if (x >= 0) return Integer(x);
    const Integer true_magnitude = -Integer(x);
    if (signs == Signs::kTwosComplement) return true_magnitude;
    return true_magnitude == 1 ? Integer(1) : Integer(true_magnitude - 1);
  };
  const Integer z = log_product(magnitude(a), magnitude(b), kept_bits);
  if ((a < 0) == (b < 0)) return z;
  return signs == Signs::kTwosComplement ? Integer(-z) : Integer(-z - 1);
}

/// DRUM-k: exact product of operands that keep k bits from their leading one on; where bits were
/// dropped the last kept one is set to 1. [Hashemi et al., ICCAD 2015]
inline Integer drum_magnitude(const Integer& a, int k) {
  const int dropped = static_cast<int>(boost::multiprecision::msb(a)) + 1 - k;
  if (dropped <= 0) return a;
  const Integer kept = a >> dropped;
  return Integer(kept % 2 == 0 ? kept + 1 : kept) << dropped;
}
/// Truncation: the same without the correction.
inline Integer truncated_magnitude(const Integer& a, int k) {
  const int dropped = static_cast<int>(boost::multiprecision::msb(a)) + 1 - k;
  return dropped <= 0 ? a : Integer((a >> dropped) << dropped);
}

}  // namespace systolog::oracle
