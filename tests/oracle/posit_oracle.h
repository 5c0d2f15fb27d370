// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "tests/oracle/value.h"

namespace systolog::oracle {

/// posit<n, es>, read and rounded bit by bit as the Posit Standard (2022) words it; `n` may be any
/// length up to 63, as the tie points of n bits are the codes of n + 1 bits.
struct PositFormat {
  int n = 0;
  int es = 0;

  std::uint64_t nar() const { return std::uint64_t{1} << (n - 1); }
  std::uint64_t maxpos() const { return nar() - 1; }
  std::uint64_t minpos() const { return 1; }
  std::uint64_t one() const { return std::uint64_t{1} << (n - 2); }
  std::uint64_t mask() const { return (nar() << 1) - 1; }
  std::uint64_t negate(std::uint64_t code) const { return (~code + 1) & mask(); }
  std::string name() const { return "posit:" + std::to_string(n) + "," + std::to_string(es); }
};

inline std::ostream& operator<<(std::ostream& out, const PositFormat& f) { return out << f.name(); }

/// (-1)^negative 2^scale (1 + fraction), 0 <= fraction < 1.
struct PositFields {
  bool negative = false;
  int scale = 0;
  Dyadic fraction;
};

/// The fields of a code that is neither 0 nor NaR.
inline PositFields read_posit(const PositFormat& f, std::uint64_t code) {
  PositFields fields;
  fields.negative = (code & f.nar()) != 0;
  const std::uint64_t magnitude = fields.negative ? f.negate(code) : code;
  std::string bits;  // after the sign, first bit first
  for (int i = f.n - 2; i >= 0; --i) bits += ((magnitude >> i) & 1) != 0 ? '1' : '0';

  std::size_t run = 1;
  while (run < bits.size() && bits[run] == bits[0]) ++run;
  const int k = bits[0] == '1' ? static_cast<int>(run) - 1 : -static_cast<int>(run);
  std::size_t at = run + 1;  // past the bit that ends the run
  int e = 0;
  for (int i = 0; i < f.es; ++i, ++at) e = 2 * e + (at < bits.size() && bits[at] == '1' ? 1 : 0);
  fields.scale = k * (1 << f.es) + e;
  for (int weight = -1; at < bits.size(); ++at, --weight) {
    if (bits[at] == '1') fields.fraction = fields.fraction + Dyadic::power_of_two(weight);
  }
  return fields;
}

inline Value posit_value(const PositFormat& f, std::uint64_t code) {
  if (code == 0) return Value::zero(false);
  if (code == f.nar()) return Value::nan();
  const PositFields fields = read_posit(f, code);
  const Dyadic magnitude =
      Dyadic::power_of_two(fields.scale) * (Dyadic::power_of_two(0) + fields.fraction);
  return Value::finite(fields.negative ? -magnitude : magnitude);
}

/// The endless posit bit string of x > 0 after the sign bit, up to its last 1.
inline std::string unbounded_posit_bits(const Dyadic& x, int es) {
  const int scale = x.floor_log2();
  const int per_regime = 1 << es;
  const int e = ((scale % per_regime) + per_regime) % per_regime;
  const int k = (scale - e) / per_regime;
  std::string bits = k >= 0 ? std::string(static_cast<std::size_t>(k) + 1, '1') + '0'
                            : std::string(static_cast<std::size_t>(-k), '0') + '1';
  for (int i = es - 1; i >= 0; --i) bits += ((e >> i) & 1) != 0 ? '1' : '0';
  const int fraction_bits = scale - x.exponent();  // below the leading one of the odd mantissa
  for (int i = fraction_bits - 1; i >= 0; --i) {
    bits += boost::multiprecision::bit_test(x.mantissa(), static_cast<unsigned>(i)) ? '1' : '0';
  }
  return bits;
}

/// Nearest even on the bit string; never to 0 or NaR; infinities and NaN become NaR.
inline std::uint64_t round_to_posit(const PositFormat& f, const Value& x) {
  if (!x.is_finite()) return f.nar();
  if (x.is_zero()) return 0;
  std::string bits = unbounded_posit_bits(x.number.magnitude(), f.es);
  const auto body_bits = static_cast<std::size_t>(f.n) - 1;
  if (bits.size() < body_bits + 1) bits.resize(body_bits + 1, '0');
  std::uint64_t body = 0;
  for (std::size_t i = 0; i < body_bits; ++i) body = 2 * body + (bits[i] == '1' ? 1 : 0);
  const bool guard = bits[body_bits] == '1';
  const bool sticky = bits.find('1', body_bits + 1) != std::string::npos;
  if (guard && (sticky || (body & 1) != 0)) ++body;
  if (body == 0) body = f.minpos();
  if (body > f.maxpos()) body = f.maxpos();
  return x.negative ? f.negate(body) : body;
}

/// PLAM before rounding: 2^(sA+sB) g(fA+fB), g(F) = 1 + F for F < 1, else 2F.
/// [Murillo et al., arXiv 2102.09262]
inline Value plam_product(const PositFormat& f, std::uint64_t a, std::uint64_t b) {
  if (a == f.nar() || b == f.nar()) return Value::nan();
  if (a == 0 || b == 0) return Value::zero(false);
  const PositFields fa = read_posit(f, a), fb = read_posit(f, b);
  const Dyadic sum = fa.fraction + fb.fraction;
  const Dyadic one = Dyadic::power_of_two(0), two = Dyadic::power_of_two(1);
  const Dyadic g = sum < one ? one + sum : two * sum;
  const Dyadic magnitude = Dyadic::power_of_two(fa.scale + fb.scale) * g;
  return Value::finite(fa.negative != fb.negative ? -magnitude : magnitude);
}

inline Value exact_product(const PositFormat& f, std::uint64_t a, std::uint64_t b) {
  return posit_value(f, a) * posit_value(f, b);
}

}  // namespace systolog::oracle
