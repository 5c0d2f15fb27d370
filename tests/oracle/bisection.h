// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "tests/oracle/float_oracle.h"
#include "tests/oracle/posit_oracle.h"

namespace systolog::oracle {

/// A second, quick oracle of rounding for millions of operands: it never builds a code, it looks
/// for the one whose neighbourhood holds the number. A format is the ascending list of its
/// positive values and, between each two, the border at which rounding turns from one to the other.
/// Values and borders are exact in long double's 64 significant bits.
struct OrderedFormat {
  std::uint64_t greatest = 0;  // codes 1 to greatest are positive numbers, ascending
  std::function<long double(std::uint64_t code)> value;
  std::function<long double(std::uint64_t code)> border;  // between code and code + 1
  std::uint64_t beyond = 0;                               // what lies above the last border
  std::uint64_t below = 0;                                // the least code: 0 or minpos
};
static_assert(std::numeric_limits<long double>::digits >= 64);

/// 2^e for -1100 <= e <= 1100, from a list: std::ldexp would be most of an oracle's time.
inline long double two_to(int e) {
  static const std::vector<long double> powers = [] {
    std::vector<long double> list;
    for (int n = -1100; n <= 1100; ++n) list.push_back(std::ldexp(1.0L, n));
    return list;
  }();
  return powers[static_cast<std::size_t>(e + 1100)];
}

/// The code of x > 0: ties to the even code.
inline std::uint64_t round_by_bisection(const OrderedFormat& f, long double x) {
  std::uint64_t low = f.below, high = f.greatest;  // the answer, or beyond
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const long double border = f.border(middle);
    const bool up = x > border || (x == border && middle % 2 == 1);
    if (up) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == f.greatest && f.beyond != f.greatest && x >= f.border(f.greatest)) return f.beyond;
  return low;
}

/// The value of a posit's positive code, by counting.
inline long double positive_posit(int n, int es, std::uint64_t code) {
  int at = n - 2;
  const bool first = (code >> at & 1) != 0;
  int run = 0;
  while (at >= 0 && ((code >> at & 1) != 0) == first) ++run, --at;
  --at;  // past the bit that ends the run
  int scale = (first ? run - 1 : -run) * (1 << es);
  for (int weight = es - 1; weight >= 0; --weight, --at) {
    if (at >= 0 && (code >> at & 1) != 0) scale += 1 << weight;
  }
  const std::uint64_t fraction = at >= 0 ? code & ((std::uint64_t{1} << (at + 1)) - 1) : 0;
  const int bits = at >= 0 ? at + 1 : 0;
  return (1.0L + static_cast<long double>(fraction) * two_to(-bits)) * two_to(scale);
}

/// Posits round on the bit string: the border after code c is the posit of one bit more, 2c + 1.
inline OrderedFormat ordered(const PositFormat& f) {
  const int n = f.n, es = f.es;
  return {f.maxpos(), [n, es](std::uint64_t code) { return positive_posit(n, es, code); },
          [n, es](std::uint64_t code) { return positive_posit(n + 1, es, 2 * code + 1); },
          f.maxpos(), f.minpos()};
}

/// IEEE floats: the border is halfway; above the greatest, halfway to what the next would be.
inline OrderedFormat ordered(const FloatFormat& f) {
  const auto value = [f](std::uint64_t code) {
    const auto exponent = static_cast<int>(code >> f.fraction_bits);
    const auto fraction =
        static_cast<long double>(code & ((std::uint64_t{1} << f.fraction_bits) - 1));
    const long double unit = two_to(-f.fraction_bits);
    return exponent == 0 ? fraction * unit * two_to(1 - f.bias())
                         : (1.0L + fraction * unit) * two_to(exponent - f.bias());
  };
  return {f.greatest(), value,
          [value](std::uint64_t code) { return (value(code) + value(code + 1)) / 2; }, f.overflow(),
          0};
}

/// a + b to 64 bits, rounded to odd: rounding that to fewer than 62 bits is rounding the exact sum
/// (Boldo and Melquiond, IEEE Trans. Computers 57, 2008).
inline long double add_to_odd(long double a, long double b) {
  const long double sum = a + b, shadow = sum - a;
  const long double rest = (a - (sum - shadow)) + (b - shadow);  // Knuth: sum + rest = a + b
  if (rest == 0) return sum;
  const long double inward = (rest > 0) == (sum > 0) ? sum : std::nextafter(sum, 0.0L);
  int exponent = 0;
  const auto digits =
      static_cast<std::uint64_t>(std::ldexp(std::fabs(std::frexp(inward, &exponent)), 64));
  const auto odd = static_cast<long double>(digits | 1U);
  return std::copysign(std::ldexp(odd, exponent - 64), inward);
}

}  // namespace systolog::oracle
