// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "tests/oracle/value.h"

namespace systolog::oracle {

/// A multiplier of the magnitudes of posits or floats, exact as it leaves the unit.
struct RealUnit {
  std::string name;
  std::function<Dyadic(const Dyadic&, const Dyadic&)> magnitude;
};

/// a = 2^scale (1 + fraction), a > 0.
struct Logarithm {
  int scale;
  Dyadic fraction;
};
inline Logarithm logarithm(const Dyadic& a) {
  const int scale = a.floor_log2();
  return {scale, a * Dyadic::power_of_two(-scale) - Dyadic::power_of_two(0)};
}
/// x cut to `bits` bits behind the binary point, x >= 0.
inline Dyadic cut(const Dyadic& x, int bits) {
  return {Dyadic(x * Dyadic::power_of_two(bits)).floor(), -bits};
}

/// 2^(sA+sB) g(fA + fB), g(F) = 1 + F for F < 1, else 2F.
inline Dyadic antilogarithm(const Logarithm& a, const Logarithm& b) {
  const Dyadic sum = a.fraction + b.fraction, one = Dyadic::power_of_two(0);
  const Dyadic g = sum < one ? one + sum : Dyadic::power_of_two(1) * sum;
  return Dyadic::power_of_two(a.scale + b.scale) * g;
}

inline RealUnit exact_unit() {
  return {"exact", [](const Dyadic& a, const Dyadic& b) { return a * b; }};
}
/// plam and mitchell are one and the same on numbers with a scale and a fraction.
inline RealUnit log_unit(std::string name) {
  return {std::move(name), [](const Dyadic& a, const Dyadic& b) {
            return antilogarithm(logarithm(a), logarithm(b));
          }};
}
/// Mitch-w: w - 1 fraction bits are kept.
inline RealUnit mitchw_unit(int w) {
  return {
      "mitchw:" + std::to_string(w), [w](const Dyadic& a, const Dyadic& b) {
        const Logarithm x = logarithm(a), y = logarithm(b);
        return antilogarithm({x.scale, cut(x.fraction, w - 1)}, {y.scale, cut(y.fraction, w - 1)});
      }};
}
/// k significand bits are kept.
inline RealUnit trunc_unit(int k) {
  return {"trunc:" + std::to_string(k), [k](const Dyadic& a, const Dyadic& b) {
            const auto kept = [k](const Dyadic& x) {
              const Logarithm log = logarithm(x);
              return Dyadic::power_of_two(log.scale) *
                     (Dyadic::power_of_two(0) + cut(log.fraction, k - 1));
            };
            return kept(a) * kept(b);
          }};
}

/// The unit's product with signs, zeros, infinities and NaN around it.
inline Value product(const RealUnit& unit, const Value& a, const Value& b) {
  const Value exact = a * b;
  if (!exact.is_finite() || exact.is_zero()) return exact;
  const Dyadic magnitude = unit.magnitude(a.number.magnitude(), b.number.magnitude());
  return Value::finite(exact.negative ? -magnitude : magnitude);
}

}  // namespace systolog::oracle
