// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>

#include "models/arithmetic.h"

namespace systolog::models {

/// Least and greatest magnitude among codes, zeros aside, as magnitudes' codes: these are in the
/// order of the values, and NaR, infinities and NaN lie above all numbers.
struct CodeRange {
  Code least = std::numeric_limits<Code>::max(), greatest = 0;
  bool all_zero() const { return greatest == 0; }
};

/// How a code's sign is taken off.
enum class SignOf { kTwosComplement, kSignBit };

CodeRange code_range(SignOf sign, int bits, const std::byte* codes, std::size_t count);

}  // namespace systolog::models
