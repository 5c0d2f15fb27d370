// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <memory>
#include <variant>

#include "models/error_pairs.h"
#include "models/error_statistics.h"
#include "models/integer_mac.h"
#include "models/mac.h"
#include "models/name.h"

namespace systolog::models {

/// One pair's product against the exact one, and the same after rounding to the format.
struct PairErrors {
  bool special = false;    // an operand is NaR, NaN or infinite: nothing else is set
  bool zero = false;       // exact product 0: no relative error
  bool wrong = false;      // e != 0
  double error = 0;        // e
  double relative = 0;     // r
  bool rounded = false;    // posits and floats, exact product not 0: `apart` is set
  std::int64_t apart = 0;  // steps along the format's numbers from the exact one's rounded code
  bool numbers = false;    // `rounded_relative` is set
  double rounded_relative = 0;
};

/// A multiplier of int:B or fixed:B,F.
class WholeUnit {
 public:
  using Operand = std::int32_t;

  explicit WholeUnit(const ArithmeticName& name) : mac_(make_integer_mac(name)) {
    if (const auto* integer = std::get_if<Integer>(&name.format)) {
      format_ = Fixed{integer->width, 0};
    } else {
      format_ = std::get<Fixed>(name.format);
    }
  }
  int bits() const { return format_.bits(); }
  CodeRange range(Operands operands) const {
    switch (operands) {
      case Operands::kCodes:
        return {0, bits()};
      case Operands::kMagnitudes:
        return {0, bits() - 1};
      case Operands::kFractions:
        break;
    }
    return {Code{1} << (bits() - 2), bits() - 2};
  }
  double greatest(Operands operands) const {
    return operands == Operands::kCodes ? -static_cast<double>(format_.least())
                                        : static_cast<double>(format_.most());
  }
  std::int64_t order(Code code) const { return format_.integer(code); }
  int fraction_bits() const { return bits() - 2; }
  Operand decode(Code code) const { return format_.integer(code); }
  static std::uint32_t significand(Operand x) { return magnitude(Signs::kTwosComplement, x); }

  PairErrors compare(Operand a, Operand b) const {
    PairErrors pair;
    const std::int64_t exact = std::int64_t{a} * b;
    const std::int64_t difference = mac_->multiply(a, b) - exact;
    pair.wrong = difference != 0;
    pair.error = static_cast<double>(difference);
    pair.zero = exact == 0;
    if (!pair.zero) pair.relative = pair.error / static_cast<double>(exact);
    return pair;
  }

 private:
  Fixed format_;
  std::unique_ptr<const IntegerMac> mac_;
};

constexpr Code greatest_code(const Posit& format) { return format.maxpos(); }
constexpr Code greatest_code(const Float& format) { return format.greatest(); }

/// Codes of the numbers 1 <= x < 2.
constexpr CodeRange binade_of_one(const Posit& format) {
  return {Code{1} << (format.n - 2), std::max(format.n - 3 - format.es, 0)};
}
constexpr CodeRange binade_of_one(const Float& format) {
  return {static_cast<Code>(format.bias()) << format.fraction_bits, format.fraction_bits};
}

/// A multiplier of a posit or a float.
template <typename Format>
class RealUnit {
 public:
  using Operand = Unpacked;

  explicit RealUnit(const ArithmeticName& name)
      : format_(std::get<Format>(name.format)), mac_(make_mac(name)) {}

  int bits() const { return format_.bits(); }
  CodeRange range(Operands operands) const {
    switch (operands) {
      case Operands::kCodes:
        return {0, bits()};
      case Operands::kMagnitudes:
        return {0, bits() - 1};
      case Operands::kFractions:
        break;
    }
    return binade_of_one(format_);
  }
  double greatest(Operands operands) const {
    const CodeRange range = binade_of_one(format_);
    return value(operands == Operands::kFractions ? range.at(range.count() - 1)
                                                  : greatest_code(format_));
  }
  std::int64_t order(Code code) const { return format_.order(code); }
  int fraction_bits() const { return format_.significand_bits() - 1; }
  Operand decode(Code code) const { return format_.unpack(code); }
  static std::uint32_t significand(const Operand& x) { return x.significand; }

  PairErrors compare(const Operand& a, const Operand& b) const {
    PairErrors pair;
    pair.special = a.kind != Kind::kFinite || b.kind != Kind::kFinite;
    if (pair.special) return pair;
    const Dyadic exact{std::uint64_t{a.significand} * b.significand, a.exponent + b.exponent,
                       a.negative != b.negative};
    const Dyadic product = mac_->multiply(a, b);
    // Multipliers work on significands; signs and exponents are exact.
    assert(product.exponent == exact.exponent && product.negative == exact.negative);
    const auto difference = static_cast<std::int64_t>(product.magnitude - exact.magnitude);
    pair.wrong = difference != 0;
    const auto magnitude = static_cast<double>(difference);
    pair.error = std::ldexp(magnitude, exact.exponent);
    pair.zero = exact.magnitude == 0;
    if (pair.zero) return pair;
    pair.relative = magnitude / static_cast<double>(exact.magnitude);
    compare_rounded(product, exact, pair);
    return pair;
  }

 private:
  double value(Code code) const { return to_ieee<double>(to_dyadic(format_.unpack(code))); }

  void compare_rounded(const Dyadic& product, const Dyadic& exact, PairErrors& pair) const {
    const Code got = format_.round(product), wanted = format_.round(exact);
    pair.rounded = true;
    pair.apart = order(got) - order(wanted);
    const Unpacked x = format_.unpack(got), y = format_.unpack(wanted);
    pair.numbers = x.kind == Kind::kFinite && y.kind == Kind::kFinite && y.significand != 0;
    if (!pair.numbers || got == wanted) return;
    // Signs are equal; a float may round to zero.
    const double ratio = static_cast<double>(x.significand) / static_cast<double>(y.significand);
    pair.rounded_relative = std::ldexp(ratio, x.exponent - y.exponent) - 1.0;
  }

  Format format_;
  std::unique_ptr<const Mac> mac_;
};

}  // namespace systolog::models
