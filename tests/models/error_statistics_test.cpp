// SPDX-License-Identifier: Apache-2.0
// Error statistics of multipliers: every figure against plain sums over the oracles' products, and
// the published figures.
#include "models/error_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "tests/oracle/integer_oracle.h"
#include "tests/oracle/posit_oracle.h"
#include "tests/oracle/real_units.h"

namespace systolog::test {
namespace {

using models::Code;
using models::ErrorMap;
using models::ErrorRequest;
using models::ErrorStatistics;
using models::measure_errors;
using models::Operands;

// --- every pair of an 8-bit integer unit -----------------------------------------------------

struct IntegerCase {
  std::string multiplier;
  std::function<oracle::Integer(std::int64_t, std::int64_t)> product;
};

std::int64_t signed_by(const std::function<oracle::Integer(const oracle::Integer&)>& kept,
                       std::int64_t a, std::int64_t b) {
  if (a == 0 || b == 0) return 0;
  const oracle::Integer z = kept(std::abs(a)) * kept(std::abs(b));
  return ((a < 0) == (b < 0) ? z : oracle::Integer(-z)).convert_to<std::int64_t>();
}

std::vector<IntegerCase> integer_cases() {
  using namespace oracle;
  const auto log = [](int kept_bits, Signs signs) {
    return
        [=](std::int64_t a, std::int64_t b) { return signed_log_product(a, b, kept_bits, signs); };
  };
  return {
      {"exact", [](std::int64_t a, std::int64_t b) { return Integer(a * b); }},
      {"mitchell", log(kAllBits, Signs::kTwosComplement)},
      {"mitchw:6", log(5, Signs::kOnesComplement)},
      {"mitchw:4,c2", log(3, Signs::kTwosComplement)},
      {"drum:4",
       [](std::int64_t a, std::int64_t b) {
         return Integer(signed_by([](const Integer& x) { return drum_magnitude(x, 4); }, a, b));
       }},
  };
}

class EveryPairOfInt8 : public testing::TestWithParam<std::size_t> {};

TEST_P(EveryPairOfInt8, GivesTheSumsOfTheDefinitions) {
  const IntegerCase unit = integer_cases()[GetParam()];
  const ErrorStatistics s = measure_errors("int:8/" + unit.multiplier, {});
  std::int64_t wrong = 0, sum = 0, squares = 0, worst = 0, zero = 0;
  long double relative = 0, magnitudes = 0, relative_squares = 0;
  double highest = -1e9;
  std::map<std::pair<int, int>, double> r_of;
  std::map<std::int64_t, std::uint64_t> bins;
  const auto integer = [](Code c) { return static_cast<int>(oracle::from_twos_complement(c, 8)); };
  models::Extreme first_lowest{1e9};
  for (Code code_a = 0; code_a < 256; ++code_a) {
    for (Code code_b = 0; code_b < 256; ++code_b) {
      const int a = integer(code_a), b = integer(code_b);
      const std::int64_t exact = a * b;
      const auto e = unit.product(a, b).convert_to<std::int64_t>() - exact;
      wrong += e != 0;
      sum += std::abs(e);
      squares += e * e;
      worst = std::max(worst, std::abs(e));
      if (exact == 0) {
        ++zero;
        continue;
      }
      const double r = static_cast<double>(e) / static_cast<double>(exact);
      relative += r;
      magnitudes += std::abs(r);
      relative_squares += static_cast<long double>(r) * r;
      if (r < first_lowest.value) first_lowest = {r, code_a, code_b};
      highest = std::max(highest, r);
      r_of[{a, b}] = r;
      ++bins[static_cast<std::int64_t>(std::floor(r / s.histogram.width + 0.5))];
    }
  }
  const double n = 65536.0, m = 65536.0 - static_cast<double>(zero);
  EXPECT_TRUE(s.exhaustive);
  EXPECT_EQ(s.pairs, 65536U);
  EXPECT_EQ(s.special, 0U);
  EXPECT_EQ(s.zero, static_cast<std::uint64_t>(zero));
  EXPECT_EQ(s.ep.value, static_cast<double>(wrong) / n);
  EXPECT_EQ(s.mae.value, static_cast<double>(sum) / n);
  EXPECT_EQ(s.mse.value, static_cast<double>(squares) / n);
  EXPECT_EQ(s.nmed.value, static_cast<double>(sum) / n / 16384.0);
  EXPECT_EQ(s.wce.value, static_cast<double>(worst));
  const double lowest = first_lowest.value;
  EXPECT_EQ(s.lowest.value, lowest);
  EXPECT_EQ(s.lowest.a, first_lowest.a) << "the first of several pairs";
  EXPECT_EQ(s.lowest.b, first_lowest.b);
  EXPECT_EQ(s.highest.value, highest);
  EXPECT_EQ(s.wcre().value, -lowest > highest ? lowest : highest);
  const double bias = static_cast<double>(relative / m);
  const double variance = static_cast<double>(relative_squares / m) - bias * bias;
  EXPECT_NEAR(s.bias.value, bias, 1e-15);
  EXPECT_NEAR(s.mred.value, static_cast<double>(magnitudes / m), 1e-15);
  EXPECT_NEAR(s.std, std::sqrt(variance), 1e-14);
  EXPECT_EQ(s.mred.low, s.mred.high) << "no interval where every pair was taken";

  // The pairs that are named have the errors that are told.
  const int wa = integer(s.wce.a), wb = integer(s.wce.b);
  EXPECT_EQ(abs(unit.product(wa, wb) - wa * wb), worst);
  EXPECT_EQ((r_of[{integer(s.wcre().a), integer(s.wcre().b)}]), s.wcre().value);

  std::uint64_t below = 0, above = 0;
  const auto last = s.histogram.first + static_cast<std::int64_t>(s.histogram.counts.size()) - 1;
  for (const auto& [bin, count] : bins) {
    if (bin < s.histogram.first) {
      below += count;
    } else if (bin > last) {
      above += count;
    } else {
      EXPECT_EQ(s.histogram.counts[static_cast<std::size_t>(bin - s.histogram.first)], count);
    }
  }
  EXPECT_EQ(s.histogram.below, below);
  EXPECT_EQ(s.histogram.above, above);

  ASSERT_EQ(s.map.axis, ErrorMap::Axis::kCodes);
  ASSERT_EQ(s.map.cells, 256U);
  for (int a = -128; a < 128; ++a) {
    EXPECT_EQ(integer(s.map.codes[static_cast<std::size_t>(a + 128)]), a);
    for (int b = -128; b < 128; ++b) {
      const double cell = s.map.means[static_cast<std::size_t>((a + 128) * 256 + b + 128)];
      if (a == 0 || b == 0) {
        ASSERT_TRUE(std::isnan(cell));
      } else {
        ASSERT_NEAR(cell, (r_of[{a, b}]), s.histogram.width * 1e-5) << a << " * " << b;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Units, EveryPairOfInt8, testing::Range<std::size_t>(0, 5));

// --- posits: before and after rounding -------------------------------------------------------

struct Posit8Figures {
  int es;
  double equal_percent, worst_percent;
};
class EveryPairOfPosit8 : public testing::TestWithParam<Posit8Figures> {};

TEST_P(EveryPairOfPosit8, GivesTheSumsOfTheDefinitionsAndThePublishedFigures) {
  const auto [es, equal_percent, worst_percent] = GetParam();
  const oracle::PositFormat format{8, es};
  const ErrorStatistics s = measure_errors(format.name() + "/plam", {});
  std::uint64_t special = 0, zero = 0, numbers = 0, equal = 0, apart = 0;
  long double error = 0, square = 0, relative = 0, rounded = 0;
  double worst_rounded = 0;
  const auto order = [&](std::uint64_t c) { return oracle::from_twos_complement(c, 8); };
  for (std::uint64_t a = 0; a < 256; ++a) {
    for (std::uint64_t b = 0; b < 256; ++b) {
      const oracle::Value exact = oracle::exact_product(format, a, b);
      const oracle::Value product = oracle::plam_product(format, a, b);
      if (!exact.is_finite()) {
        ++special;
        continue;
      }
      if (exact.is_zero()) {
        ++zero;
        continue;
      }
      ++numbers;
      const double x = exact.number.approximate(),
                   e = (product.number + -exact.number).approximate();
      error += std::abs(e);
      square += static_cast<long double>(e) * e;
      relative += e / x;
      const std::uint64_t got = oracle::round_to_posit(format, product);
      const std::uint64_t wanted = oracle::round_to_posit(format, exact);
      equal += got == wanted;
      apart = std::max(apart, static_cast<std::uint64_t>(std::abs(order(got) - order(wanted))));
      const double r = oracle::posit_value(format, got).number.approximate() /
                           oracle::posit_value(format, wanted).number.approximate() -
                       1.0;
      rounded += r;
      worst_rounded = std::min(worst_rounded, r);
    }
  }
  const auto n = static_cast<double>(numbers);
  EXPECT_EQ(s.special, special);
  EXPECT_EQ(s.zero, zero);
  const double with_zero = n + static_cast<double>(zero);
  EXPECT_NEAR(s.mae.value / static_cast<double>(error / with_zero), 1.0, 1e-12);
  EXPECT_NEAR(s.mse.value / static_cast<double>(square / with_zero), 1.0, 1e-12);
  EXPECT_NEAR(s.bias.value, static_cast<double>(relative / n), 1e-15);
  EXPECT_NEAR(s.lowest.value, -1.0 / 9.0, 1e-15);
  EXPECT_EQ(s.highest.value, 0.0);
  const double maxpos = std::ldexp(1.0, 6 << es);
  EXPECT_EQ(s.greatest_product, maxpos * maxpos);
  ASSERT_TRUE(s.rounded);
  EXPECT_EQ(s.rounded->numbers, numbers);
  EXPECT_EQ(s.rounded->equal.value, static_cast<double>(equal) / n);
  EXPECT_NEAR(s.rounded->relative.value, static_cast<double>(rounded / n), 1e-15);
  EXPECT_EQ(s.rounded->lowest.value, worst_rounded);
  EXPECT_EQ(s.rounded->codes_apart.value, static_cast<double>(apart));

  EXPECT_NEAR(100.0 * s.rounded->equal.value, equal_percent, 0.05);
  EXPECT_EQ(100.0 * s.rounded->lowest.value, worst_percent);
}

// [PLAM], computed over numbers other than zero.
INSTANTIATE_TEST_SUITE_P(Exponents, EveryPairOfPosit8,
                         testing::Values(Posit8Figures{0, 49.6, -50.0},
                                         Posit8Figures{1, 65.8, -75.0},
                                         Posit8Figures{2, 82.0, -93.75}));

// --- published figures, from samples ---------------------------------------------------------

struct Published {
  std::string arithmetic;
  Operands operands;
  double bias, std, mred;        // percent; DRUM's std is ours
  double least_peak, most_peak;  // of the greatest |r|: what samples reach, and the bound
};

/// |r| of Mitch-w stays below 1 - 2 / (3/2 + d)^2, d = 2^(1-w): both fractions just below 1/2 + d.
double mitchw_bound(int w) {
  const double cut = 1.5 + std::ldexp(1.0, 1 - w);
  return 100.0 * (1.0 - 2.0 / (cut * cut));
}

TEST(PublishedFigures, AreReproducedFromAMillionSamples) {
  const Operands codes = Operands::kCodes, unsigned_codes = Operands::kMagnitudes;
  const double drum_bound = 100.0 * (33.0 / 32.0 * 33.0 / 32.0 - 1.0);
  for (const Published& p :
       {Published{"fixed:32,16/mitchell", codes, -3.85, 2.94, 3.85, 11.10, 100.0 / 9.0},
        Published{"fixed:32,16/mitchw:4", codes, -11.83, 4.18, 11.83, 24.15, mitchw_bound(4)},
        Published{"fixed:32,16/mitchw:6", codes, -5.91, 3.00, 5.91, 14.60, mitchw_bound(6)},
        Published{"fixed:32,16/mitchw:8", codes, -4.37, 2.93, 4.37, 11.95, mitchw_bound(8)},
        Published{"fixed:17,0/drum:6", unsigned_codes, 0.04, 1.805, 1.47, 6.15, drum_bound},
        Published{"posit:16,1/plam", Operands::kFractions, -3.85, 2.94, 3.85, 11.10, 100.0 / 9},
        Published{"fp32/plam", codes, -3.85, 2.94, 3.85, 11.10, 100.0 / 9.0}}) {
    const ErrorStatistics s =
        measure_errors(p.arithmetic, {.operands = p.operands, .samples = 1'000'000, .seed = 1});
    EXPECT_FALSE(s.exhaustive);
    EXPECT_NEAR(100.0 * s.bias.value, p.bias, 0.01) << p.arithmetic;
    EXPECT_NEAR(100.0 * s.mred.value, p.mred, 0.01) << p.arithmetic;
    EXPECT_NEAR(100.0 * s.std, p.std, 0.01) << p.arithmetic;
    EXPECT_GE(100.0 * std::abs(s.wcre().value), p.least_peak) << p.arithmetic;
    EXPECT_LE(100.0 * std::abs(s.wcre().value), p.most_peak + 1e-9) << p.arithmetic;
  }
}

TEST(PublishedFigures, OnesComplementSignsCostTheMeanMoreTheNarrowerTheOperands) {
  const auto cost = [](const std::string& format, std::uint64_t samples) {
    const ErrorRequest request{.samples = samples, .seed = 7};
    return 100.0 * (measure_errors(format + "/mitchw:6,c2", request).bias.value -
                    measure_errors(format + "/mitchw:6", request).bias.value);
  };
  EXPECT_NEAR(cost("fixed:32,16", 1'000'000), 0.0, 0.001);
  EXPECT_NEAR(cost("fixed:16,8", 2'000'000), 0.03, 0.005);
  EXPECT_NEAR(cost("int:8", 0), 3.2, 0.05);
}

// --- the mean error that compensation takes from the weights -----------------------------------

/// Mean of M(1 + x, 1 + y) / ((1 + x) (1 + y)) - 1 over the unit square, by midpoints: M is
/// Mitchell's product of the fractions cut to `bits` bits.
double mean_over_fractions(int bits) {
  constexpr int kSteps = 2048;
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) {
    for (int j = 0; j < kSteps; ++j) {
      const double x = (i + 0.5) / kSteps, y = (j + 0.5) / kSteps;
      const double u = std::floor(std::ldexp(x, bits)), v = std::floor(std::ldexp(y, bits));
      const double f = std::ldexp(u + v, -bits);
      sum += (f < 1 ? 1 + f : 2 * f) / ((1 + x) * (1 + y)) - 1;
    }
  }
  return sum / kSteps / kSteps;
}

TEST(MeanRelativeError, OfWideFormatsIsTheIntegralOverTheFractions) {
  // 10^6 draws of a deviation of 3 to 4 %: a standard error of 3e-5 to 4e-5.
  EXPECT_NEAR(models::mean_relative_error("fixed:32,16/mitchell"), mean_over_fractions(40), 2e-4);
  EXPECT_NEAR(models::mean_relative_error("fixed:32,16/mitchw:6"), mean_over_fractions(5), 2e-4);
  EXPECT_NEAR(models::mean_relative_error("fixed:32,16/mitchw:4"), mean_over_fractions(3), 2e-4);
}

TEST(MeanRelativeError, OfNarrowFormatsIsThatOfEveryPair) {
  double sum = 0;
  int pairs = 0;
  for (std::int64_t a = -128; a < 128; ++a) {
    for (std::int64_t b = -128; b < 128; ++b) {
      if (a * b == 0) continue;
      const auto product = oracle::signed_log_product(a, b, 5, oracle::Signs::kOnesComplement);
      sum += product.convert_to<double>() / static_cast<double>(a * b) - 1;
      ++pairs;
    }
  }
  EXPECT_NEAR(models::mean_relative_error("int:8/mitchw:6"), sum / pairs, 1e-12);
}

TEST(MeanRelativeError, OfExactProductsIsZero) {
  for (const char* name :
       {"fp32/exact", "int:8/exact", "posit:16,1/exact", "fixed:32,16/exact/loa:8"}) {
    EXPECT_EQ(models::mean_relative_error(name), 0.0) << name;
  }
}

}  // namespace
}  // namespace systolog::test
