// SPDX-License-Identifier: Apache-2.0
// How ranges and scales are found, against definitions written out without histogram code.
#include "sim/calibration.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "models/user_error.h"
#include "tests/draw.h"
#include "workloads/graph.h"
#include "workloads/reference.h"

namespace systolog::sim::test {
namespace {

using systolog::test::Draw;

/// Values like a layer's: many small ones, few large, zeros among them.
std::vector<float> bell_shaped(std::size_t count, Draw& draw) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) {
    float sum = 0.0F;
    for (int k = 0; k < 6; ++k) sum += draw.value();
    values.push_back(draw.one_in(3) ? 0.0F : sum);
  }
  return values;
}

ValueHistogram histogram_of(const std::vector<float>& values) {
  float limit = 0.0F;
  for (const float x : values) limit = std::max(limit, std::abs(x));
  ValueHistogram h(limit);
  for (const float x : values) h.add(x);
  return h;
}

/// The k-th value in order of those that pass, `share` of the way.
float quantile(std::vector<float> magnitudes, double share) {
  std::sort(magnitudes.begin(), magnitudes.end());
  const auto n = static_cast<double>(magnitudes.size());
  const auto index = static_cast<std::size_t>(std::max(std::ceil(share * n) - 1, 0.0));
  return magnitudes[index];
}

TEST(PercentileRange, KeepsTheShareOfMagnitudesThatAreNotZero) {
  Draw draw(1);
  for (const double percentile : {50.0, 90.0, 99.0, 99.9}) {
    const std::vector<float> values = bell_shaped(20'000, draw);
    const ValueHistogram h = histogram_of(values);
    std::vector<float> magnitudes, positive, negative;
    for (const float x : values) {
      if (x == 0.0F) continue;
      magnitudes.push_back(std::abs(x));
      (x > 0.0F ? positive : negative).push_back(std::abs(x));
    }
    const float bin = h.limit / ValueHistogram::kBins * 1.001F;
    const Range both = percentile_range(h, percentile, ActivationScheme::kSymmetric);
    EXPECT_NEAR(both.highest, quantile(magnitudes, percentile / 100), bin) << percentile;
    EXPECT_EQ(both.lowest, -both.highest);
    const Range sides = percentile_range(h, percentile, ActivationScheme::kAffine);
    EXPECT_NEAR(sides.highest, quantile(positive, percentile / 100), bin) << percentile;
    EXPECT_NEAR(-sides.lowest, quantile(negative, percentile / 100), bin) << percentile;
  }
}

TEST(PercentileRange, OfAHundredIsEverything) {
  Draw draw(2);
  const ValueHistogram h = histogram_of(bell_shaped(1000, draw));
  EXPECT_EQ(percentile_range(h, 100, ActivationScheme::kSymmetric).highest, h.limit);
}

/// KL(P || Q) as the method is described: P the first bins with the rest on the last, Q those bins
/// merged to levels, expanded over the bins that are not empty; both made to sum to 1. An empty bin
/// with outliers on it has one value in Q.
double described_divergence(const std::vector<double>& bins, std::size_t kept, std::size_t levels) {
  std::vector<double> p(bins.begin(), bins.begin() + static_cast<std::ptrdiff_t>(kept)), q(kept, 0);
  for (std::size_t level = 0; level < levels; ++level) {
    std::vector<std::size_t> filled;
    double sum = 0;
    for (std::size_t b = 0; b < kept; ++b) {
      if (b < level * kept / levels || b >= (level + 1) * kept / levels) continue;
      sum += bins[b];
      if (bins[b] > 0) filled.push_back(b);
    }
    for (const std::size_t b : filled) q[b] = sum / static_cast<double>(filled.size());
  }
  p.back() += std::accumulate(bins.begin() + static_cast<std::ptrdiff_t>(kept), bins.end(), 0.0);
  const double p_sum = std::accumulate(p.begin(), p.end(), 0.0);
  const double q_sum = std::accumulate(q.begin(), q.end(), 0.0);
  double divergence = 0;
  for (std::size_t b = 0; b < kept; ++b) {
    if (p[b] == 0) continue;
    const double share = q[b] == 0 ? 1 / p_sum : q[b] / q_sum;
    divergence += p[b] / p_sum * std::log((p[b] / p_sum) / share);
  }
  return divergence;
}

TEST(EntropyRange, HasTheLeastDivergenceOfAllThresholds) {
  Draw draw(3);
  const ValueHistogram h = histogram_of(bell_shaped(5'000, draw));
  std::vector<double> bins(ValueHistogram::kBins);
  for (std::size_t b = 0; b < bins.size(); ++b) {
    bins[b] = static_cast<double>(h.positive[b] + h.negative[b]);
  }
  // Few bits and every 8th threshold: the description is slow.
  const std::size_t levels = 8;
  const float chosen = entropy_range(h, 4).highest;
  const auto chosen_bins =
      static_cast<std::size_t>(std::lround(chosen / h.limit * ValueHistogram::kBins));
  const double least = described_divergence(bins, chosen_bins, levels);
  for (std::size_t kept = levels; kept <= bins.size(); kept += 8) {
    EXPECT_GE(described_divergence(bins, kept, levels), least - 1e-12) << kept;
  }
}

TEST(EntropyRange, CutsALoneOutlierOffAndKeepsAFlatDistribution) {
  Draw draw(4);
  std::vector<float> values = bell_shaped(20'000, draw);
  values.push_back(100.0F);  // the others lie within 6
  EXPECT_LT(entropy_range(histogram_of(values), 8).highest, 20.0F);
  std::vector<float> flat;
  for (int i = 1; i <= 200'000; ++i) flat.push_back(static_cast<float>(i));
  EXPECT_GT(entropy_range(histogram_of(flat), 8).highest, 190'000.0F);
}

workloads::Graph input_only() {
  workloads::Graph graph;
  graph.nodes.push_back({"in", workloads::Input{}, {}, {1, 1, 500, false}});
  graph.nodes.push_back({"relu", workloads::Relu{}, {0}, {}});
  workloads::infer_shapes(graph);
  return graph;
}

TEST(Calibration, DoesNotDependOnTheThreadCount) {
  Draw draw(5);
  const workloads::Graph graph = input_only();
  const workloads::Tensor images{{16, 1, 1, 500}, bell_shaped(16 * 500, draw)};
  for (const auto method : {CalibrationMethod::kPercentile, CalibrationMethod::kEntropy}) {
    QuantisationConfig config;
    config.calibration = method;
    config.percentile = 99;
    const auto run = [&](std::size_t threads) {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
      const Calibration c = calibrate(graph, images, config);
      return std::vector<double>{c.range(0, 8).lowest, c.range(0, 8).highest, c.range(1, 8).lowest,
                                 c.range(1, 8).highest, c.whole_range(0).log2_rms};
    };
    EXPECT_EQ(run(1), run(4));
    EXPECT_EQ(run(1)[2], 0.0) << "a ReLU's outputs are not negative";
  }
}

TEST(Calibration, BringsTheReferencesOutputsAlong) {
  Draw draw(8);
  const workloads::Graph graph = input_only();
  const workloads::Tensor images{{5, 1, 1, 500}, bell_shaped(5 * 500, draw)};
  workloads::Tensor outputs;
  calibrate(graph, images, {}, &outputs);
  const workloads::Tensor reference = workloads::run_reference(graph, images);
  EXPECT_EQ(outputs.shape, reference.shape);
  EXPECT_EQ(outputs.values, reference.values);
}

TEST(Calibration, RefusesValuesThatAreNotFiniteAndTellsHowFarItIs) {
  Draw draw(9);
  const workloads::Graph graph = input_only();
  workloads::Tensor images{{5, 1, 1, 500}, bell_shaped(5 * 500, draw)};
  for (const auto method : {CalibrationMethod::kMinMax, CalibrationMethod::kEntropy}) {
    QuantisationConfig config;
    config.calibration = method;
    std::vector<std::size_t> told;
    calibrate(graph, images, config, nullptr, [&](std::size_t done) { told.push_back(done); });
    EXPECT_TRUE(std::ranges::is_sorted(told));
    EXPECT_EQ(told.back(), 5U);
  }
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), HUGE_VALF}) {
    images.values[700] = bad;
    EXPECT_THROW(calibrate(graph, images), UserError);
  }
}

TEST(PowerOfTwoScale, BringsThePositsRootMeanSquareToOne) {
  const auto posit = models::make_arithmetic("posit:8,1/exact/quire");
  EXPECT_EQ(power_of_two_scale(range_of(std::vector<float>{0.25F, -0.25F, 0.0F}), *posit), 0.25F);
  // sqrt((2^-8 + 2^-2 + 2^4) / 3) = 2.32
  EXPECT_EQ(power_of_two_scale(range_of(std::vector<float>{0.0625F, 0.5F, -4.0F}), *posit), 2.0F);
  // Many next to nothing and a few large ones: these count.
  std::vector<float> values(1000, 0x1p-140F);
  values.insert(values.end(), 1000, 3.0F);  // 3 / sqrt(2) = 2.12
  EXPECT_EQ(power_of_two_scale(range_of(values), *posit), 2.0F);
  EXPECT_EQ(power_of_two_scale(range_of(std::vector<float>{0.0F}), *posit), 1.0F);
}

TEST(PowerOfTwoScale, OfFixedPointIsTheLeastThatHoldsEveryValue) {
  Draw draw(6);
  const auto fixed = models::make_arithmetic("fixed:8,4/exact/fixed:32,8");
  const double most = 127.0 / 16;
  for (int i = 0; i < 200; ++i) {
    const float x = std::ldexp(draw.value(), static_cast<int>(draw.between(0, 20)) - 10);
    if (x == 0.0F) continue;
    const double scale = power_of_two_scale(range_of(std::vector<float>{x}), *fixed);
    EXPECT_LE(std::abs(x), most * scale) << x;
    EXPECT_GT(std::abs(x), most * scale / 2) << x;
  }
  EXPECT_EQ(power_of_two_scale(range_of(std::vector<float>{127.0F / 16}), *fixed), 1.0F);
}

TEST(PowerOfTwoScale, OfWeightsLeavesRoomForBiasAndSums) {
  const auto fixed = models::make_arithmetic("fixed:16,8/exact/fixed:16,8");  // up to 128
  const Range small{-0.5F, 0.5F, -1.0}, none{};
  const float activations = 0x1p-4F;
  // Weights alone: 0.5 <= 128 scale. With sums of 40: 2 * 40 <= 128 * scale / 16.
  EXPECT_EQ(power_of_two_weight_scale({small, none, none}, activations, *fixed), 0x1p-7F);
  const Range sums{-40.0F, 3.0F, 0.0};
  EXPECT_EQ(power_of_two_weight_scale({small, none, sums}, activations, *fixed), 16.0F);
  const Range bias{0.0F, 30.0F, 0.0};  // 30 <= 128 scale / 16
  EXPECT_EQ(power_of_two_weight_scale({small, bias, none}, activations, *fixed), 4.0F);
}

}  // namespace
}  // namespace systolog::sim::test
