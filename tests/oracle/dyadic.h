// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <compare>
#include <ostream>
#include <string>
#include <utility>

namespace systolog::oracle {

using Integer = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<>,
                                              boost::multiprecision::et_off>;

/// The exact number m 2^e. Posits, floats, fixed-point numbers, their sums and their products all
/// are of this kind, so an oracle in Dyadic rounds only where it says so.
/// Kept with m odd, or m = e = 0: equal numbers have equal members.
class Dyadic {
 public:
  Dyadic() = default;
  Dyadic(Integer mantissa, int exponent) : m_(std::move(mantissa)), e_(exponent) {
    if (m_ == 0) {
      e_ = 0;
      return;
    }
    const unsigned zeros = boost::multiprecision::lsb(boost::multiprecision::abs(m_));
    m_ = m_ < 0 ? Integer(-(Integer(-m_) >> zeros)) : Integer(m_ >> zeros);
    e_ += static_cast<int>(zeros);
  }
  static Dyadic integer(const Integer& value) { return {value, 0}; }
  static Dyadic power_of_two(int exponent) { return {Integer(1), exponent}; }
  /// Exact; x is finite.
  static Dyadic of(double x) {
    int exponent = 0;
    const double fraction = std::frexp(x, &exponent);
    return {Integer(static_cast<std::int64_t>(std::ldexp(fraction, 53))), exponent - 53};
  }

  const Integer& mantissa() const { return m_; }
  int exponent() const { return e_; }
  bool is_zero() const { return m_ == 0; }
  bool is_negative() const { return m_ < 0; }
  Dyadic magnitude() const { return {Integer(boost::multiprecision::abs(m_)), e_}; }
  Dyadic operator-() const { return {Integer(-m_), e_}; }
  /// floor(log2 |x|), x != 0.
  int floor_log2() const {
    return static_cast<int>(boost::multiprecision::msb(boost::multiprecision::abs(m_))) + e_;
  }
  /// The nearest double; for printing and for statistics.
  double approximate() const {
    if (is_zero()) return 0.0;
    const int drop = floor_log2() - e_ - 62;  // a few hundred bits would overflow the conversion
    if (drop <= 0) return std::ldexp(m_.convert_to<double>(), e_);
    const Integer top = Integer(boost::multiprecision::abs(m_)) >> static_cast<unsigned>(drop);
    return std::ldexp((m_ < 0 ? -1.0 : 1.0) * top.convert_to<double>(), e_ + drop);
  }

  friend Dyadic operator+(const Dyadic& a, const Dyadic& b) {
    if (a.is_zero()) return b;
    if (b.is_zero()) return a;
    const int e = std::min(a.e_, b.e_);
    return {a.scaled_to(e) + b.scaled_to(e), e};
  }
  friend Dyadic operator-(const Dyadic& a, const Dyadic& b) { return a + -b; }
  friend Dyadic operator*(const Dyadic& a, const Dyadic& b) { return {a.m_ * b.m_, a.e_ + b.e_}; }
  friend bool operator==(const Dyadic& a, const Dyadic& b) { return a.e_ == b.e_ && a.m_ == b.m_; }
  friend std::strong_ordering operator<=>(const Dyadic& a, const Dyadic& b) {
    const Dyadic difference = a - b;
    if (difference.is_zero()) return std::strong_ordering::equal;
    return difference.is_negative() ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  friend std::ostream& operator<<(std::ostream& out, const Dyadic& x) {
    return out << x.m_ << "*2^" << x.e_;
  }

  /// Largest integer that is not above x.
  Integer floor() const {
    if (e_ >= 0) return m_ << static_cast<unsigned>(e_);
    const Integer unit = Integer(1) << static_cast<unsigned>(-e_);
    const Integer quotient = m_ / unit;  // truncates
    return m_ < 0 && quotient * unit != m_ ? Integer(quotient - 1) : quotient;
  }
  /// The integer nearest to x, the even one of two equally near.
  Integer round_half_even() const {
    const Integer below = floor();
    const Dyadic rest = *this - integer(below);
    const Dyadic half = power_of_two(-1);
    const bool up = rest > half || (rest == half && below % 2 != 0);
    return up ? Integer(below + 1) : below;
  }

 private:
  Integer scaled_to(int e) const { return m_ << static_cast<unsigned>(e_ - e); }

  Integer m_ = 0;
  int e_ = 0;
};

/// Exact C hex-float, e.g. "-0x1.8p+3".
inline std::string hex_text(const Dyadic& x) {
  const std::string digits = x.magnitude().mantissa().str(0, std::ios_base::hex);
  const int exponent = x.exponent() + 4 * (static_cast<int>(digits.size()) - 1);
  std::string text = (x.is_negative() ? "-0x" : "0x") + digits.substr(0, 1);
  if (digits.size() > 1) text += "." + digits.substr(1);
  return text + "p" + (exponent < 0 ? "" : "+") + std::to_string(exponent);
}

/// All decimal digits and the power of ten of the last: |x| = digits 10^exponent.
inline std::pair<std::string, int> decimal_digits(const Dyadic& x) {
  const Integer m = x.magnitude().mantissa();
  if (x.exponent() >= 0) return {Integer(m << static_cast<unsigned>(x.exponent())).str(), 0};
  const auto places = static_cast<unsigned>(-x.exponent());  // 2^-p = 5^p 10^-p
  return {Integer(m * boost::multiprecision::pow(Integer(5), places)).str(), x.exponent()};
}

/// Exact decimal without exponent, e.g. "-0.015625".
inline std::string decimal_text(const Dyadic& x) {
  auto [digits, exponent] = decimal_digits(x);
  const auto places = static_cast<std::size_t>(-exponent);
  if (places > 0) {
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, ".");
  }
  return (x.is_negative() ? "-" : "") + digits;
}

/// Exact decimal with exponent, e.g. "-1.5625e-2".
inline std::string scientific_text(const Dyadic& x) {
  const auto [digits, exponent] = decimal_digits(x);
  const int power = exponent + static_cast<int>(digits.size()) - 1;
  std::string text = (x.is_negative() ? "-" : "") + digits.substr(0, 1);
  if (digits.size() > 1) text += "." + digits.substr(1);
  return text + "e" + std::to_string(power);
}

}  // namespace systolog::oracle
