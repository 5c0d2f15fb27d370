// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "models/arithmetic.h"

namespace systolog::models {

/// Operands of a measurement, all equally likely. Each set is a run of consecutive codes.
enum class Operands : std::uint8_t {
  kCodes,       // every code
  kMagnitudes,  // codes without the sign bit: int:B as a unit for unsigned B-1 bits
  kFractions,   // one binade: [1, 2) of posits and floats, the top one of int:B and fixed:B,F;
                // fractions are uniform there, as formulas for logarithmic units take them
};

struct ErrorRequest {
  Operands operands = Operands::kCodes;
  std::uint64_t samples = 0;  // pairs drawn, independent and uniform; 0: every pair once
  std::uint64_t seed = 1;
  /// Told now and then how many pairs are done; one call at a time, from any thread.
  std::function<void(std::uint64_t pairs)> progress = {};
};

/// A mean over pairs. From samples: with its 95 % confidence interval, value +- 1.96 s / sqrt(n)
/// (of a share: Wilson's interval). Of every pair: low = value = high. NaN if there was no pair.
struct Mean {
  double value = 0, low = 0, high = 0;
};
/// An extreme, and the pair where it is: of several the first, in the order of codes (a, then b)
/// or of drawing.
struct Extreme {
  double value = 0;
  Code a = 0, b = 0;
};

/// Posits and floats: the product rounded to the format, against the exact product rounded to the
/// format. Over pairs whose exact product is a number other than zero.
struct RoundedErrors {
  Mean equal;  // share of pairs with the same code
  // Relative difference of the two, over the `numbers` pairs where both are finite and the exact
  // one did not round to zero.
  std::uint64_t numbers = 0;
  Mean relative;
  Extreme lowest, highest;
  Extreme codes_apart;  // steps from one to the other along the format's numbers
};

/// Counts of relative errors; bin i is centred at (first + i) * width and closed at its lower end.
struct Histogram {
  double width = 0;
  std::int64_t first = 0;
  std::vector<std::uint64_t> counts;
  std::uint64_t below = 0, above = 0;  // pairs outside
};

/// Mean relative error over cells of (a, b), row-major with a as the row; NaN where none fell.
struct ErrorMap {
  enum class Axis : std::uint8_t {
    kCodes,      // cell i: codes[i], in the order of their values
    kFractions,  // cell i: |x| = 2^k (1 + f), i / cells <= f < (i + 1) / cells
  };
  Axis axis = Axis::kFractions;
  std::size_t cells = 0;
  std::vector<Code> codes;  // kCodes
  std::vector<double> means;
};

/// Errors of a multiplier against the exact product, by EvoApproxLib's definitions [EvoApprox].
///   int:B, fixed:B,F   the unit's full product of 2B bits, in units of its last place
///   posits, floats     the product before it is rounded, absolute errors as numbers
/// e = product - exact product, r = e / exact product. Pairs with a NaR, NaN or infinity are in no
/// figure; those with exact product 0 are in all but the relative ones.
struct ErrorStatistics {
  bool exhaustive = true;
  std::uint64_t pairs = 0;    // all that were taken
  std::uint64_t special = 0;  // of them with a NaR, NaN or infinity
  std::uint64_t zero = 0;     // of them with exact product 0
  double greatest_product = 0;

  Mean ep;    // share with e != 0
  Mean mae;   // mean |e|
  Mean mse;   // mean e^2
  Mean nmed;  // MAE / greatest |exact product| of any pair of these operands
  Extreme wce;
  Mean mred;       // mean |r|
  Mean bias;       // mean r
  double std = 0;  // standard deviation of r
  Extreme lowest, highest;
  Extreme wcre() const { return -lowest.value > highest.value ? lowest : highest; }

  std::optional<RoundedErrors> rounded;
  Histogram histogram;
  ErrorMap map;
};

/// Number of pairs of these operands (2^64 - 1 for 2^64): all can be measured up to kMostPairs.
/// Throws UserError for an arithmetic that is not known.
std::uint64_t count_pairs(std::string_view arithmetic, Operands operands);
inline constexpr std::uint64_t kMostPairs = std::uint64_t{1} << 32;
inline constexpr std::uint64_t kMostSamples = std::uint64_t{1} << 40;

/// Measures on all cores; the result does not depend on their number. Throws UserError for an
/// arithmetic that is not known and for counts beyond the two limits.
ErrorStatistics measure_errors(std::string_view arithmetic, const ErrorRequest& request);

/// Up to so many pairs (all of 10 bits) every pair is quick enough not to be asked for.
inline constexpr std::uint64_t kQuickPairs = std::uint64_t{1} << 20;

/// A multiplier's mean relative error by its definition: the bias over all pairs of codes, or over
/// 10^6 drawn ones (seed 1) where there are more than kQuickPairs; exactly 0 of `exact`.
double mean_relative_error(std::string_view arithmetic);

}  // namespace systolog::models
