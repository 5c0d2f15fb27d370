// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "tests/oracle/float_oracle.h"
#include "tests/oracle/integer_oracle.h"
#include "tests/oracle/posit_oracle.h"

namespace systolog::oracle {

/// One processing element in exact values: the product its multiplier hands on, what its
/// accumulator keeps of a sum after each step, and the code the accumulator ends as.
struct Chain {
  std::string arithmetic;  // the name the models know it by
  int bits = 0;            // of a code
  std::function<Value(std::uint32_t)> value;
  std::function<Value(std::uint32_t, std::uint32_t)> product;
  std::function<Value(const Value&)> keep;
  std::function<std::uint32_t(const Value&)> encode;

  Value step(const Value& accumulator, const Value& addend) const {
    return keep(accumulator + addend);
  }
  Value sum(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) const {
    Value accumulator = Value::zero(false);
    for (std::size_t k = 0; k < a.size(); ++k) accumulator = step(accumulator, product(a[k], b[k]));
    return accumulator;
  }
  std::uint32_t dot(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) const {
    return encode(sum(a, b));
  }
};

inline std::ostream& operator<<(std::ostream& out, const Chain& chain) {
  return out << chain.arithmetic;
}

enum class PositMultiplier { kExact, kPlam };
enum class PositAccumulator { kQuire, kSelf };

inline Chain posit_chain(PositFormat f, PositMultiplier multiplier, PositAccumulator accumulator) {
  Chain chain;
  const bool plam = multiplier == PositMultiplier::kPlam;
  const bool quire = accumulator == PositAccumulator::kQuire;
  chain.arithmetic = f.name() + (plam ? "/plam" : "/exact") + (quire ? "/quire" : "/self");
  chain.bits = f.n;
  chain.value = [f](std::uint32_t code) { return posit_value(f, code); };
  chain.product = [f, plam](std::uint32_t a, std::uint32_t b) {
    return plam ? plam_product(f, a, b) : exact_product(f, a, b);
  };
  chain.encode = [f](const Value& x) { return static_cast<std::uint32_t>(round_to_posit(f, x)); };
  chain.keep = [f, quire](const Value& x) {
    return quire ? x : posit_value(f, round_to_posit(f, x));
  };
  return chain;
}

inline Chain float_chain(std::string arithmetic, FloatFormat format, FloatFormat accumulator) {
  Chain chain;
  chain.arithmetic = std::move(arithmetic);
  chain.bits = format.bits();
  chain.value = [format](std::uint32_t code) { return float_value(format, code); };
  chain.product = [format](std::uint32_t a, std::uint32_t b) {
    return float_value(format, a) * float_value(format, b);
  };
  chain.keep = [accumulator](const Value& x) { return keep_in_float(accumulator, x); };
  chain.encode = [format](const Value& x) { return round_to_float(format, x); };
  return chain;
}

/// A signed integer multiplier: the full product of two signed operands.
using IntegerMultiplier = std::function<Integer(std::int64_t, std::int64_t)>;

inline IntegerMultiplier exact_integers() {
  return [](std::int64_t a, std::int64_t b) { return Integer(Integer(a) * b); };
}
inline IntegerMultiplier mitchell_integers() {
  return [](std::int64_t a, std::int64_t b) {
    return signed_log_product(a, b, kAllBits, Signs::kTwosComplement);
  };
}
inline IntegerMultiplier mitchw_integers(int w, Signs signs) {
  return
      [w, signs](std::int64_t a, std::int64_t b) { return signed_log_product(a, b, w - 1, signs); };
}

/// fixed:B,F into fixed:B,F: product bits below F are dropped (floor), sums saturate. With
/// fraction_bits = 0 and accumulator_bits > bits it is int:B into int:A.
struct FixedFormat {
  int bits = 0;
  int fraction_bits = 0;
  int accumulator_bits = 0;
};

inline Chain fixed_chain(std::string arithmetic, FixedFormat f, IntegerMultiplier multiplier) {
  Chain chain;
  chain.arithmetic = std::move(arithmetic);
  chain.bits = f.bits;
  chain.value = [f](std::uint32_t code) {
    return Value::finite({Integer(from_twos_complement(code, f.bits)), -f.fraction_bits});
  };
  chain.product = [f, multiplier = std::move(multiplier)](std::uint32_t a, std::uint32_t b) {
    const Integer full =
        multiplier(from_twos_complement(a, f.bits), from_twos_complement(b, f.bits));
    return Value::finite({Dyadic(full, -f.fraction_bits).floor(), -f.fraction_bits});
  };
  const auto clamp = [f](const Value& x, int bits) {
    return saturate((x.number * Dyadic::power_of_two(f.fraction_bits)).round_half_even(), bits);
  };
  chain.keep = [f, clamp](const Value& x) {
    return Value::finite({clamp(x, f.accumulator_bits), -f.fraction_bits});
  };
  chain.encode = [f, clamp](const Value& x) {
    return static_cast<std::uint32_t>(to_twos_complement(clamp(x, f.bits), f.bits));
  };
  return chain;
}

}  // namespace systolog::oracle
