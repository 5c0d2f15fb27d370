// SPDX-License-Identifier: Apache-2.0
// What systolog analyse measures, on errors that are known.
#include "sim/analysis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/analysis_report.h"
#include "tests/draw.h"
#include "tests/workloads/support.h"
#include "workloads/graph.h"
#include "workloads/reference.h"

namespace systolog::sim::test {
namespace {

using systolog::test::Draw;
using workloads::test::message_of;

TEST(OutputErrors, FindAFactorAndWhatIsLeft) {
  Draw draw(1);
  std::vector<PairSums> channels(4);
  double rest = 0, yy = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double y = draw.value() + 0.5, noise = 0.01 * draw.value();
    channels[draw.below(4)].add(y, 0.94 * y + noise);
    rest += noise * noise;
    yy += y * y;
  }
  const OutputErrors e = errors_of(channels);
  EXPECT_NEAR(e.gain, -0.06, 1e-4);
  EXPECT_NEAR(e.rest, std::sqrt(rest / yy), 1e-4);
  EXPECT_LT(e.gain_spread, 3e-4);
}

TEST(OutputErrors, FindThatChannelsDiffer) {
  std::vector<PairSums> channels(2);
  for (const double y : {-1.0, 1.0, 2.0}) {
    channels[0].add(y, 0.9 * y);
    channels[1].add(y, 1.1 * y);
  }
  const OutputErrors e = errors_of(channels);
  EXPECT_NEAR(e.gain, 0.0, 1e-12);
  EXPECT_NEAR(e.gain_spread, 0.1, 1e-12);
  EXPECT_NEAR(e.rest, 0.1, 1e-12);
}

TEST(PairSums, MappedAreThoseOfTheMappedPairs) {
  Draw draw(2);
  PairSums before, after;
  for (int i = 0; i < 100; ++i) {
    const double y = draw.value(), z = draw.value();
    before.add(y, z);
    after.add(3 * y + 2, -0.5 * z + 1);
  }
  const PairSums mapped = before.mapped(3, 2, -0.5, 1);
  EXPECT_NEAR(mapped.y, after.y, 1e-9);
  EXPECT_NEAR(mapped.z, after.z, 1e-9);
  EXPECT_NEAR(mapped.yy, after.yy, 1e-9);
  EXPECT_NEAR(mapped.yz, after.yz, 1e-9);
  EXPECT_NEAR(mapped.zz, after.zz, 1e-9);
}

/// A convolution with padding, stride and groups, a batch norm behind it, and a classifier.
struct Small {
  workloads::Graph graph;
  workloads::Tensor images;

  explicit Small(std::size_t groups) {
    Draw draw(3);
    graph.name = "small";
    workloads::Conv conv;
    conv.window = {.kernel_h = 3,
                   .kernel_w = 3,
                   .stride_h = 2,
                   .stride_w = 1,
                   .pad_top = 1,
                   .pad_left = 1,
                   .pad_bottom = 1,
                   .pad_right = 1};
    conv.filters = 4;
    conv.groups = groups;
    for (std::size_t i = 0; i < 4 * (4 / groups) * 9; ++i) conv.weights.push_back(draw.value());
    workloads::BatchNorm norm{{2.0F, 0.5F, 1.0F, 3.0F}, {0.1F, -0.2F, 0.3F, 0.0F}};
    workloads::Gemm gemm;
    gemm.features = 5;
    for (std::size_t i = 0; i < 4 * 5; ++i) gemm.weights.push_back(draw.value());
    graph.nodes.push_back({"in", workloads::Input{}, {}, {4, 8, 8, false}});
    graph.nodes.push_back({"conv", conv, {0}, {}});
    graph.nodes.push_back({"norm", norm, {1}, {}});
    graph.nodes.push_back({"pool", workloads::GlobalAveragePool{}, {2}, {}});
    graph.nodes.push_back({"flat", workloads::Reshape{{4, 1, 1, true}}, {3}, {}});
    graph.nodes.push_back({"fc", gemm, {4}, {}});
    workloads::infer_shapes(graph);
    images.shape = {6, 4, 8, 8};
    for (std::size_t i = 0; i < 6 * 4 * 64; ++i) images.values.push_back(draw.value());
  }
  std::vector<LayerErrors> analyse(const std::string& arithmetic) const {
    return analyse_layers(graph, images, *models::make_arithmetic(arithmetic), {});
  }
};

TEST(Analysis, FindsNoErrorInAWideExactFormat) {
  for (const std::size_t groups : {1, 2, 4}) {
    for (const LayerErrors& layer : Small(groups).analyse("posit:32,2/exact/quire")) {
      EXPECT_NEAR(layer.sums.gain, 0, 1e-7) << layer.layer;
      EXPECT_LT(layer.sums.rest, 1e-6) << layer.layer;
    }
  }
}

TEST(Analysis, KnowsLayersAndLengths) {
  const auto layers = Small(2).analyse("fp32/exact/fp32");
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].layer, "conv");
  EXPECT_EQ(layers[0].products, 18U);
  std::vector<std::size_t> lengths;
  for (const LengthErrors& l : layers[0].lengths) lengths.push_back(l.products);
  EXPECT_EQ(lengths, (std::vector<std::size_t>{1, 2, 4, 8, 16, 18}));
  EXPECT_TRUE(layers[0].normalised.has_value());
  EXPECT_FALSE(layers[1].normalised.has_value());
  EXPECT_FALSE(layers[0].is_depthwise());
  EXPECT_TRUE(Small(4).analyse("fp32/exact/fp32")[0].is_depthwise());
}

/// A product of one factor is that factor; so a trunc'd or Mitchell sum's bias is near the unit's.
TEST(Analysis, FindsTheMultipliersBias) {
  for (const LayerErrors& layer : Small(1).analyse("fixed:32,16/mitchell")) {
    EXPECT_NEAR(layer.sums.gain, -0.0385, 0.012) << layer.layer;
    EXPECT_LT(layer.sums.rest, 0.06) << layer.layer;
    EXPECT_NEAR(layer.lengths.front().errors.gain, -0.0385, 0.015) << layer.layer;
  }
}

TEST(Analysis, RefittedBatchNormTakesTheBiasAway) {
  const LayerErrors conv = Small(1).analyse("fixed:32,16/mitchw:4")[0];
  EXPECT_LT(conv.normalised->gain, -0.06);
  EXPECT_LT(std::abs(conv.renormalised->gain), 0.005);
  EXPECT_LT(conv.renormalised->rest, 0.1);
}

TEST(Analysis, RefusesFormatsWhoseCodesHideTheMultiplier) {
  EXPECT_NE(message_of([] { Small(1).analyse("int:8/exact"); }).find("int:8/exact/int:32"),
            std::string::npos);
}

TEST(Analysis, ABiasOfAllProductsScalesSumsAlone) {
  const Small small(1);
  const auto& biased = with_biased_products(small.graph, 0.5F);
  const auto& before = std::get<workloads::Conv>(small.graph.nodes[1].op).weights;
  const auto& after = std::get<workloads::Conv>(biased.nodes[1].op).weights;
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(after[i], before[i] * 0.5F);
  EXPECT_EQ(std::get<workloads::BatchNorm>(biased.nodes[2].op).scale[0], 2.0F);
}

TEST(AnalysisReport, PlotsAndTablesHaveEveryLayer) {
  const Small small(4);
  Analysis analysis;
  analysis.workload = "a<b";
  analysis.images = 6;
  analysis.arithmetics.push_back(
      {"posit:16,1/plam/quire", small.analyse("posit:16,1/plam"), {}, {}});
  const Json report = analysis_json(analysis);
  EXPECT_NE(analysis_layers_csv(report).find("\n\"posit:16,1/plam/quire\",conv,conv,9,4,4,"),
            std::string::npos);
  for (const std::string& svg :
       {bias_by_length_svg(report), spread_by_length_svg(report), layers_svg(report, 0)}) {
    EXPECT_NE(svg.find("a&lt;b"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
  }
  EXPECT_NE(layers_svg(report, 0).find("conv (9, dw)"), std::string::npos);
  EXPECT_NE(analysis_text(report).find("conv (dw)"), std::string::npos);
}

}  // namespace
}  // namespace systolog::sim::test
