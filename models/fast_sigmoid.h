// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>

#include "models/arithmetic.h"
#include "models/posit.h"

namespace systolog::models {

/// Approximate 1 / (1 + e^-x) of posit<n, 0>, n >= 3: the sign bit inverted, the code shifted right
/// by two, zeros from the left. Exact at 0 (1/2), rises from 0 to 1.
/// Error   0.0607 at worst for (8,0), at x = 3.375.
/// NaR     stays NaR; the circuit by itself would give 0.
/// Source  [posit]: Gustafson, Yonemoto 2017.
constexpr Code fast_sigmoid(const Posit& format, Code code) {
  assert(format.es == 0 && format.n >= 3);
  if (code == format.nar()) return format.nar();
  return (code ^ format.nar()) >> 2;
}

static_assert(fast_sigmoid({8, 0}, 0) == 0x20);  // 1/2

}  // namespace systolog::models
