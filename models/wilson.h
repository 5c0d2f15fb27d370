// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

namespace systolog::models {

inline constexpr double kNormal95 = 1.959963984540054;  // two-sided

struct Interval {
  double low = 0, high = 0;
};

/// 95 % interval of a share p of n independent trials: Wilson's score interval [Wilson 1927], which
/// also holds for shares near 0 and 1.
inline Interval wilson_95(double p, double n) {
  const double zz = kNormal95 * kNormal95 / n;
  const double centre = (p + zz / 2) / (1 + zz);
  const double half = kNormal95 * std::sqrt(p * (1 - p) / n + zz / (4 * n)) / (1 + zz);
  return {std::max(centre - half, 0.0), std::min(centre + half, 1.0)};
}

}  // namespace systolog::models
