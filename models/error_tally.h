// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "models/error_statistics.h"
#include "models/error_units.h"

namespace systolog::models {

/// What is summed over pairs: of e and r.
enum Quantity : std::size_t {
  kAbsolute,
  kSquare,
  kFourth,
  kRelative,
  kRelativeMagnitude,
  kRelativeSquare,
  kRoundedRelative,
  kRoundedSquare,
  kQuantities
};

/// Sums, counts and extremes over pairs. Blocks of 2^13 pairs are summed one by one, and the blocks
/// pairwise: with 64 bits of a long double a sum keeps 50 bits of its terms' magnitudes.
struct Tally {
  /// Has 15 exponent bits where we run: fourth powers of the widest posits' errors reach 2^3840.
  using Sum = long double;
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  std::uint64_t pairs = 0, special = 0, zero = 0, wrong = 0;
  std::uint64_t rounded = 0, equal = 0, numbers = 0;
  std::array<Sum, kQuantities> sums{};
  Extreme error{-1.0};
  Extreme lowest{kInfinity}, highest{-kInfinity};
  Extreme rounded_lowest{kInfinity}, rounded_highest{-kInfinity}, apart{-1.0};

  void add(const PairErrors& pair, Code a, Code b) {
    ++pairs;
    if (pair.special) {
      ++special;
      return;
    }
    if (pair.wrong) {
      ++wrong;
      const Sum square = Sum{pair.error} * pair.error;
      sums[kAbsolute] += std::fabs(pair.error);
      sums[kSquare] += square;
      sums[kFourth] += square * square;
    }
    raise(error, std::fabs(pair.error), a, b);
    if (pair.zero) {
      ++zero;
      return;
    }
    const double r = pair.relative;
    sums[kRelative] += r;
    sums[kRelativeMagnitude] += std::fabs(r);
    sums[kRelativeSquare] += r * r;
    lower(lowest, r, a, b);
    raise(highest, r, a, b);
    if (pair.rounded) add_rounded(pair, a, b);
  }

  /// Adds the tally of the pairs that follow.
  void merge(const Tally& next) {
    pairs += next.pairs;
    special += next.special;
    zero += next.zero;
    wrong += next.wrong;
    rounded += next.rounded;
    equal += next.equal;
    numbers += next.numbers;
    for (std::size_t q = 0; q < kQuantities; ++q) sums[q] += next.sums[q];
    raise(error, next.error.value, next.error.a, next.error.b);
    lower(lowest, next.lowest.value, next.lowest.a, next.lowest.b);
    raise(highest, next.highest.value, next.highest.a, next.highest.b);
    lower(rounded_lowest, next.rounded_lowest.value, next.rounded_lowest.a, next.rounded_lowest.b);
    raise(rounded_highest, next.rounded_highest.value, next.rounded_highest.a,
          next.rounded_highest.b);
    raise(apart, next.apart.value, next.apart.a, next.apart.b);
  }

 private:
  static void raise(Extreme& extreme, double value, Code a, Code b) {
    if (value > extreme.value) extreme = {value, a, b};
  }
  static void lower(Extreme& extreme, double value, Code a, Code b) {
    if (value < extreme.value) extreme = {value, a, b};
  }

  void add_rounded(const PairErrors& pair, Code a, Code b) {
    ++rounded;
    if (pair.apart == 0) ++equal;
    raise(apart, static_cast<double>(std::abs(pair.apart)), a, b);
    if (!pair.numbers) return;
    ++numbers;
    sums[kRoundedRelative] += pair.rounded_relative;
    sums[kRoundedSquare] += pair.rounded_relative * pair.rounded_relative;
    lower(rounded_lowest, pair.rounded_relative, a, b);
    raise(rounded_highest, pair.rounded_relative, a, b);
  }
};

}  // namespace systolog::models
