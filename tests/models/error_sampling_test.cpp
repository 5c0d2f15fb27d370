// SPDX-License-Identifier: Apache-2.0
// Which pairs the error statistics take: draws, operand sets, specials, limits.
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "models/error_statistics.h"
#include "models/user_error.h"

namespace systolog::test {
namespace {

using models::ErrorRequest;
using models::ErrorStatistics;
using models::measure_errors;
using models::Operands;

TEST(Sampling, IntervalsHoldTheTrueMeansAboutNineteenTimesInTwenty) {
  const ErrorStatistics truth = measure_errors("int:8/mitchw:6", {});
  int bias = 0, mae = 0, mse = 0, ep = 0;
  constexpr int kRuns = 200;
  const auto holds = [](const models::Mean& mean, double value) {
    return mean.low <= value && value <= mean.high;
  };
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const ErrorStatistics s = measure_errors("int:8/mitchw:6", {.samples = 4000, .seed = seed});
    bias += holds(s.bias, truth.bias.value);
    mae += holds(s.mae, truth.mae.value);
    mse += holds(s.mse, truth.mse.value);
    ep += holds(s.ep, truth.ep.value);
  }
  for (const int held : {bias, mae, mse, ep}) {
    EXPECT_GE(held, kRuns * 90 / 100);
    EXPECT_LE(held, kRuns * 99 / 100);
  }
}

TEST(Sampling, ASeedIsADrawAndAnotherSeedAnother) {
  const ErrorRequest one{.samples = 10'000, .seed = 1}, two{.samples = 10'000, .seed = 2};
  const double first = measure_errors("fixed:32,16/mitchell", one).bias.value;
  EXPECT_EQ(measure_errors("fixed:32,16/mitchell", one).bias.value, first);
  EXPECT_NE(measure_errors("fixed:32,16/mitchell", two).bias.value, first);
}

TEST(Sampling, DrawsOverTheWholeRange) {
  // 2^20 draws of 2^12 pairs: each is met, and the 127 products that are 0 about 32,512 times.
  const ErrorStatistics s = measure_errors("int:6/exact", {.samples = 1 << 20, .seed = 3});
  const double expected = 1048576.0 * 127 / 4096;
  EXPECT_NEAR(static_cast<double>(s.zero), expected, 5 * std::sqrt(expected));
  for (std::size_t i = 0; i < s.map.means.size(); ++i) {
    const bool has_zero = i / s.map.cells == 32 || i % s.map.cells == 32;
    ASSERT_EQ(std::isnan(s.map.means[i]), has_zero) << i;
  }
}

TEST(Measurement, DoesNotDependOnTheNumberOfThreads) {
  for (const std::string arithmetic : {"posit:16,1/plam", "int:16/mitchw:6", "fp32/drum:6"}) {
    const ErrorRequest request{.samples = 300'000, .seed = 5};
    const ErrorStatistics one = [&] {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
      return measure_errors(arithmetic, request);
    }();
    for (const std::size_t threads : {2U, 3U, 8U}) {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
      const ErrorStatistics many = measure_errors(arithmetic, request);
      EXPECT_EQ(many.bias.value, one.bias.value) << arithmetic << " " << threads;
      EXPECT_EQ(many.mae.value, one.mae.value) << arithmetic << " " << threads;
      EXPECT_EQ(many.mse.high, one.mse.high) << arithmetic << " " << threads;
      EXPECT_EQ(many.std, one.std) << arithmetic << " " << threads;
      EXPECT_EQ(many.wce.a, one.wce.a) << arithmetic << " " << threads;
      EXPECT_EQ(many.lowest.b, one.lowest.b) << arithmetic << " " << threads;
      EXPECT_EQ(many.histogram.counts, one.histogram.counts) << arithmetic << " " << threads;
      for (std::size_t i = 0; i < one.map.means.size(); ++i) {
        const double x = one.map.means[i], y = many.map.means[i];
        ASSERT_TRUE(x == y || (std::isnan(x) && std::isnan(y))) << arithmetic << " " << threads;
      }
    }
  }
}

// --- operands, specials, limits --------------------------------------------------------------

TEST(OperandSets, AreTheCodesTheyName) {
  // Products of int:8's magnitudes are those of unsigned 7-bit numbers: 127 * 127 at most.
  const ErrorStatistics unsigned7 =
      measure_errors("int:8/mitchell", {.operands = Operands::kMagnitudes});
  EXPECT_EQ(unsigned7.pairs, 128U * 128U);
  EXPECT_EQ(unsigned7.zero, 255U);
  EXPECT_EQ(unsigned7.greatest_product, 127.0 * 127.0);
  // The top binade: 64..127, no zero among them; of posit<8,1> 1 to 1 + 15/16.
  const ErrorStatistics binade =
      measure_errors("int:8/mitchell", {.operands = Operands::kFractions});
  EXPECT_EQ(binade.pairs, 64U * 64U);
  EXPECT_EQ(binade.zero, 0U);
  const ErrorStatistics posit =
      measure_errors("posit:8,1/plam", {.operands = Operands::kFractions});
  EXPECT_EQ(posit.pairs, 16U * 16U);
  EXPECT_EQ(posit.greatest_product, 1.9375 * 1.9375);
  EXPECT_EQ(posit.special + posit.zero, 0U);
  EXPECT_EQ(models::count_pairs("fixed:32,16/exact", Operands::kCodes), ~std::uint64_t{0});
  EXPECT_EQ(models::count_pairs("fixed:17,0/exact", Operands::kMagnitudes), models::kMostPairs);
}

TEST(OperandSets, OfTheNarrowestFormatsAreNotEmpty) {
  for (const std::string format : {"int:2", "posit:2,0", "posit:3,1", "posit:3,4"}) {
    const ErrorStatistics s = measure_errors(format + "/exact", {.operands = Operands::kFractions});
    EXPECT_EQ(s.pairs, 1U) << format;
    EXPECT_EQ(s.mae.value, 0.0) << format;
    EXPECT_EQ(s.zero + s.special, 0U) << format;
  }
}

TEST(Specials, AreCountedAndLeftOut) {
  // fp8:e5m2 has infinity and three NaNs of each sign: 8 of 256 codes; two zeros.
  const ErrorStatistics s = measure_errors("fp8:e5m2/exact", {});
  EXPECT_EQ(s.special, 256U * 256U - 248U * 248U);
  EXPECT_EQ(s.zero, 248U * 248U - 246U * 246U);
  EXPECT_EQ(s.ep.value, 0.0);
  EXPECT_EQ(s.rounded->equal.value, 1.0);
  // Relative differences leave out what overflows or rounds to zero.
  EXPECT_LT(s.rounded->numbers, 246U * 246U);
  EXPECT_GT(s.rounded->numbers, 0U);
}

TEST(AnExactUnit, HasNoErrorAnywhere) {
  for (const std::string format : {"int:8", "fixed:9,3", "posit:8,2", "fp8:e4m3", "posit:10,1"}) {
    const ErrorStatistics s = measure_errors(format + "/exact", {});
    EXPECT_EQ(s.wce.value, 0.0) << format;
    EXPECT_EQ(s.wcre().value, 0.0) << format;
    EXPECT_EQ(s.std, 0.0) << format;
    EXPECT_EQ(s.histogram.counts, (std::vector{s.pairs - s.zero - s.special})) << format;
  }
}

TEST(WidePosits, HaveFiniteFiguresWhereDoublesHoldThem) {
  // Squares of errors near maxpos^2 = 2^960 do not fit a double; what was drawn does.
  const ErrorStatistics s = measure_errors("posit:32,4/plam", {.samples = 100'000, .seed = 1});
  EXPECT_GT(s.mse.value, s.mae.value * s.mae.value);
  EXPECT_GT(s.wce.value, s.mae.value);
  EXPECT_GE(s.wce.value * s.wce.value, s.mse.value);
}

TEST(Limits, AreNamed) {
  EXPECT_THROW(measure_errors("fixed:17,0/exact", {}), UserError);
  EXPECT_THROW(measure_errors("int:8/exact", {.samples = models::kMostSamples + 1}), UserError);
  EXPECT_THROW(measure_errors("int:8/nonesuch", {}), UserError);
}

TEST(Progress, ReachesTheLastPair) {
  std::uint64_t most = 0;
  measure_errors("int:10/mitchell",
                 {.progress = [&](std::uint64_t pairs) { most = std::max(most, pairs); }});
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, std::uint64_t{1} << 20);
}

}  // namespace
}  // namespace systolog::test
