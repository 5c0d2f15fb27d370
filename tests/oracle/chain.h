// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <span>
#include <string>

#include "tests/oracle/float_oracle.h"
#include "tests/oracle/integer_oracle.h"
#include "tests/oracle/posit_oracle.h"
#include "tests/oracle/real_units.h"

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

/// A format of posits or floats.
struct Codec {
  std::string name;
  int bits = 0;
  std::function<Value(std::uint32_t)> value;
  std::function<std::uint32_t(const Value&)> encode;
};
inline Codec codec(const PositFormat& f) {
  return {f.name(), f.n, [f](std::uint32_t code) { return posit_value(f, code); },
          [f](const Value& x) { return static_cast<std::uint32_t>(round_to_posit(f, x)); }};
}
inline Codec codec(std::string name, const FloatFormat& f) {
  return {std::move(name), f.bits(), [f](std::uint32_t code) { return float_value(f, code); },
          [f](const Value& x) { return static_cast<std::uint32_t>(round_to_float(f, x)); }};
}

/// Posits and floats: `accumulator` is quire (exact), fp32 or fp64 (one rounding a step, as of a
/// fused multiply-add), or self (each product and each sum rounded to the format).
inline Chain real_chain(const Codec& format, const RealUnit& unit, const std::string& accumulator) {
  Chain chain;
  chain.arithmetic = format.name + "/" + unit.name + "/" + accumulator;
  chain.bits = format.bits;
  chain.value = format.value;
  chain.encode = format.encode;
  const auto to_format = [format](const Value& x) { return format.value(format.encode(x)); };
  const bool self = accumulator == "self";
  chain.product = [format, unit, to_format, self](std::uint32_t a, std::uint32_t b) {
    const Value full = oracle::product(unit, format.value(a), format.value(b));
    return self ? to_format(full) : full;
  };
  if (self) {
    chain.keep = to_format;
  } else if (accumulator == "quire") {
    chain.keep = [](const Value& x) { return x; };
  } else {
    chain.keep = [f = accumulator == "fp64" ? kFp64 : kFp32](const Value& x) {
      return keep_in_float(f, x);
    };
  }
  return chain;
}

/// A signed integer multiplier: the full product of two signed operands.
struct IntegerUnit {
  std::string name;
  std::function<Integer(std::int64_t, std::int64_t)> product;
};
inline std::ostream& operator<<(std::ostream& out, const IntegerUnit& unit) {
  return out << unit.name;
}

inline IntegerUnit exact_integers() {
  return {"exact", [](std::int64_t a, std::int64_t b) { return Integer(Integer(a) * b); }};
}
inline IntegerUnit mitchell_integers() {
  return {"mitchell", [](std::int64_t a, std::int64_t b) {
            return signed_log_product(a, b, kAllBits, Signs::kTwosComplement);
          }};
}
inline IntegerUnit mitchw_integers(int w, Signs signs) {
  const bool c2 = signs == Signs::kTwosComplement;
  return {"mitchw:" + std::to_string(w) + (c2 ? ",c2" : ""),
          [w, signs](std::int64_t a, std::int64_t b) {
            return signed_log_product(a, b, w - 1, signs);
          }};
}
/// A multiplier of true magnitudes that is exact but for what it makes of each operand.
inline IntegerUnit shortened_integers(std::string name, Integer (*shorten)(const Integer&, int),
                                      int k) {
  return {std::move(name) + ":" + std::to_string(k), [shorten, k](std::int64_t a, std::int64_t b) {
            if (a == 0 || b == 0) return Integer(0);
            const Integer magnitude = shorten(boost::multiprecision::abs(Integer(a)), k) *
                                      shorten(boost::multiprecision::abs(Integer(b)), k);
            return (a < 0) == (b < 0) ? magnitude : Integer(-magnitude);
          }};
}
inline IntegerUnit drum_integers(int k) { return shortened_integers("drum", drum_magnitude, k); }
inline IntegerUnit trunc_integers(int k) {
  return shortened_integers("trunc", truncated_magnitude, k);
}

/// Fixed-point formats of the codes and of the accumulator; integers have no fraction bits.
struct FixedFormat {
  int bits = 0, fraction_bits = 0;
  int sum_bits = 0, sum_fraction_bits = 0;
  bool wraps = false;  // int:B accumulators wrap, fixed:B,F saturate
};

/// Product bits below the accumulator's last are dropped (floor); the sum is rounded to the code
/// in the end, ties to even, and saturates.
inline Chain integer_chain(const FixedFormat& f, const IntegerUnit& unit) {
  const auto name = [](int bits, int fraction_bits, bool integer) {
    return integer ? "int:" + std::to_string(bits)
                   : "fixed:" + std::to_string(bits) + "," + std::to_string(fraction_bits);
  };
  Chain chain;
  chain.arithmetic = name(f.bits, f.fraction_bits, f.wraps) + "/" + unit.name + "/" +
                     name(f.sum_bits, f.sum_fraction_bits, f.wraps);
  chain.bits = f.bits;
  chain.value = [f](std::uint32_t code) {
    return Value::finite({Integer(from_twos_complement(code, f.bits)), -f.fraction_bits});
  };
  chain.product = [f, unit](std::uint32_t a, std::uint32_t b) {
    const Dyadic full(
        unit.product(from_twos_complement(a, f.bits), from_twos_complement(b, f.bits)),
        -2 * f.fraction_bits);
    const Dyadic places = full * Dyadic::power_of_two(f.sum_fraction_bits);
    return Value::finite({places.floor(), -f.sum_fraction_bits});
  };
  chain.keep = [f](const Value& x) {
    const Integer places = (x.number * Dyadic::power_of_two(f.sum_fraction_bits)).floor();
    return Value::finite(
        {f.wraps ? wrap(places, f.sum_bits) : saturate(places, f.sum_bits), -f.sum_fraction_bits});
  };
  chain.encode = [f](const Value& x) {
    const Integer places = (x.number * Dyadic::power_of_two(f.fraction_bits)).round_half_even();
    return static_cast<std::uint32_t>(to_twos_complement(saturate(places, f.bits), f.bits));
  };
  return chain;
}
inline Chain int_chain(int bits, const IntegerUnit& unit, int sum_bits = 32) {
  return integer_chain({bits, 0, sum_bits, 0, true}, unit);
}
inline Chain fixed_chain(int bits, int fraction_bits, const IntegerUnit& unit) {
  return integer_chain({bits, fraction_bits, bits, fraction_bits}, unit);
}

}  // namespace systolog::oracle
