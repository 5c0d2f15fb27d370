// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <utility>

#include "tests/oracle/dyadic.h"

namespace systolog::oracle {

/// An exact number, or one of the things a format has beside numbers: infinities, the sign of
/// zero, NaN (and posit's NaR). The rules are IEEE 754's for round-to-nearest.
struct Value {
  enum class Kind { kFinite, kInfinite, kNan };

  Kind kind = Kind::kFinite;
  bool negative = false;
  Dyadic number;  // kFinite only

  static Value finite(Dyadic x) { return {Kind::kFinite, x.is_negative(), std::move(x)}; }
  static Value zero(bool minus) { return {Kind::kFinite, minus, {}}; }
  static Value infinity(bool minus) { return {Kind::kInfinite, minus, {}}; }
  static Value nan() { return {Kind::kNan, false, {}}; }

  bool is_finite() const { return kind == Kind::kFinite; }
  bool is_nan() const { return kind == Kind::kNan; }
  bool is_infinite() const { return kind == Kind::kInfinite; }
  bool is_zero() const { return is_finite() && number.is_zero(); }
};

inline Value operator+(const Value& a, const Value& b) {
  if (a.is_nan() || b.is_nan()) return Value::nan();
  if (a.is_infinite() && b.is_infinite()) return a.negative == b.negative ? a : Value::nan();
  if (a.is_infinite()) return a;
  if (b.is_infinite()) return b;
  const Dyadic sum = a.number + b.number;
  if (sum.is_zero()) return Value::zero(a.negative && b.negative);
  return Value::finite(sum);
}

inline Value operator*(const Value& a, const Value& b) {
  if (a.is_nan() || b.is_nan()) return Value::nan();
  const bool negative = a.negative != b.negative;
  if (a.is_infinite() || b.is_infinite()) {
    return a.is_zero() || b.is_zero() ? Value::nan() : Value::infinity(negative);
  }
  const Dyadic product = a.number * b.number;
  return product.is_zero() ? Value::zero(negative) : Value::finite(product);
}

inline std::ostream& operator<<(std::ostream& out, const Value& x) {
  if (x.is_nan()) return out << "nan";
  if (x.is_infinite()) return out << (x.negative ? "-inf" : "inf");
  if (x.is_zero()) return out << (x.negative ? "-0" : "0");
  return out << x.number << " (" << x.number.approximate() << ")";
}

}  // namespace systolog::oracle
