// SPDX-License-Identifier: Apache-2.0
// From the FP32 graph to encoded layers: scales, fusion, and what is refused.
#include "sim/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "models/user_error.h"
#include "tests/draw.h"
#include "tests/workloads/support.h"

namespace systolog::sim::test {
namespace {

using systolog::test::Draw;
using workloads::Graph;
using workloads::test::expect_parts;
using workloads::test::message_of;

// --- scales of int:B -----------------------------------------------------------------------------

TEST(Scale, SymmetricMapsTheLargestMagnitudeToTheLargestCode) {
  for (const int bits : {2, 4, 8, 12, 16}) {
    const double largest = std::ldexp(1.0, bits - 1) - 1;
    for (const Range range : {Range{-3.0F, 2.0F}, Range{-1.0F, 5.0F}, Range{0.5F, 0.75F}}) {
      const auto q = quantise_range(range, bits, ActivationScheme::kSymmetric);
      EXPECT_EQ(q.zero_point, 0);
      const double magnitude = std::max(-double{range.lowest}, double{range.highest});
      EXPECT_NEAR(magnitude / double{q.scale}, largest, 1e-5 * largest);
    }
  }
}

TEST(Scale, AffineCoversTheRangeAndZeroWithAllCodesAndKeepsZeroExact) {
  Draw draw(1);
  for (int i = 0; i < 1000; ++i) {
    const int bits = static_cast<int>(draw.between(2, 16));
    const float a = 10.0F * draw.value(), b = 10.0F * draw.value();
    const Range range{std::min(a, b), std::max(a, b)};
    const auto q = quantise_range(range, bits, ActivationScheme::kAffine);
    const double lowest_code = -std::ldexp(1.0, bits - 1), highest_code = -lowest_code - 1;
    const double lowest = std::min(double{range.lowest}, 0.0);
    const double highest = std::max(double{range.highest}, 0.0);
    ASSERT_GE(q.zero_point, lowest_code) << "zero is a code";
    ASSERT_LE(q.zero_point, highest_code) << "zero is a code";
    // The ends lie within half a step of the codes at the ends: the zero point is rounded.
    const double scale = double{q.scale};
    ASSERT_NEAR((lowest_code - q.zero_point) * scale, lowest, 0.501 * scale);
    ASSERT_NEAR((highest_code - q.zero_point) * scale, highest, 0.501 * scale);
  }
}

TEST(Scale, OfATensorOfZerosIsOneNotZero) {
  for (const auto scheme : {ActivationScheme::kSymmetric, ActivationScheme::kAffine}) {
    EXPECT_EQ(quantise_range({}, 8, scheme).scale, 1.0F);
  }
}

TEST(Calibration, FindsTheSmallestAndLargestValueOfEveryNodeAndZero) {
  Graph graph;
  graph.nodes.push_back({"in", workloads::Input{}, {}, {1, 1, 2, false}});
  workloads::BatchNorm norm{{-2.0F}, {1.0F}};
  graph.nodes.push_back({"norm", norm, {0}, {}});
  workloads::infer_shapes(graph);
  const workloads::Tensor images{{2, 1, 1, 2}, {1.0F, 4.0F, 2.0F, 3.0F}};
  const auto ranges = calibrate(graph, images);
  EXPECT_EQ(ranges.range(0, 8).lowest, 0.0F);
  EXPECT_EQ(ranges.range(0, 8).highest, 4.0F);
  EXPECT_EQ(ranges.range(1, 8).lowest, -7.0F);
  EXPECT_EQ(ranges.range(1, 8).highest, 0.0F);
}

// --- lowering ------------------------------------------------------------------------------------

/// A graph written down node by node.
class Chain {
 public:
  explicit Chain(workloads::Shape input) {
    graph_.name = "net";
    graph_.nodes.push_back({"in", workloads::Input{}, {}, input});
  }
  Chain& add(const std::string& name, workloads::Operator op,
             std::vector<std::size_t> inputs = {}) {
    if (inputs.empty()) inputs = {graph_.nodes.size() - 1};
    graph_.nodes.push_back({name, std::move(op), std::move(inputs), {}});
    workloads::infer_shape(graph_, graph_.nodes.size() - 1);
    return *this;
  }
  Chain& conv(const std::string& name, std::size_t filters, float weight, float bias) {
    workloads::Conv op;
    op.filters = filters;
    op.weights.assign(filters * graph_.nodes.back().shape.channels, weight);
    op.bias.assign(filters, bias);
    return add(name, op);
  }
  Network lowered(const std::string& arithmetic,
                  const QuantisationConfig& quantisation = {}) const {
    const std::vector<Range> ranges(graph_.nodes.size(), {-1.0F, 3.0F});
    return lower(graph_, models::make_arithmetic(arithmetic), ranges, quantisation);
  }
  const Graph& graph() const { return graph_; }

 private:
  Graph graph_;
};

std::vector<std::string> layer_names(const Network& network) {
  std::vector<std::string> names;
  for (const Layer& layer : network.layers) names.push_back(layer.name);
  return names;
}

TEST(Lowering, FusesAReluThatAloneReadsAConvolutionAndNoOther) {
  const auto fused = Chain({2, 4, 4, false}).conv("conv", 2, 1, 0).add("relu", workloads::Relu{});
  EXPECT_EQ(layer_names(fused.lowered("fp32/exact/fp32")), std::vector<std::string>{"conv"});
  EXPECT_TRUE(std::get<MatmulLayer>(fused.lowered("fp32/exact/fp32").layers[0].work).relu);

  // Two readers: what the addition adds is not rectified.
  auto kept = Chain({2, 4, 4, false}).conv("conv", 2, 1, 0).add("relu", workloads::Relu{});
  kept.add("sum", workloads::Add{}, {1, 2});
  EXPECT_EQ(layer_names(kept.lowered("fp32/exact/fp32")),
            (std::vector<std::string>{"conv", "relu", "sum"}));
  EXPECT_FALSE(std::get<MatmulLayer>(kept.lowered("fp32/exact/fp32").layers[0].work).relu);
}

TEST(Lowering, KeepsTheScaleThroughWhatOnlyChoosesCodes) {
  auto chain = Chain({2, 4, 4, false}).add("relu", workloads::Relu{});
  chain.add("pool", workloads::MaxPool{{.kernel_h = 2, .kernel_w = 2}});
  const Network network =
      chain.lowered("int:8/exact/int:32", {ActivationScheme::kAffine, WeightScheme::kPerTensor});
  for (const Value& value : network.values) {
    EXPECT_EQ(value.quantisation.scale, network.values[0].quantisation.scale) << value.name;
    EXPECT_EQ(value.quantisation.zero_point, network.values[0].quantisation.zero_point);
  }
}

TEST(Lowering, ScalesWeightsByTensorOrByChannelAsTheConfigSays) {
  workloads::Conv conv;
  conv.filters = 2;
  conv.weights = {1.0F, -2.0F, 0.25F, 0.5F};  // largest 2 and 0.5
  const auto chain = Chain({2, 4, 4, false}).add("conv", conv);
  const auto codes = [&](WeightScheme scheme) {
    const auto network =
        chain.lowered("int:8/exact/int:32", {ActivationScheme::kSymmetric, scheme});
    std::vector<int> list;  // [channel][filter]
    for (const std::byte b : std::get<MatmulLayer>(network.layers[0].work).weights) {
      list.push_back(static_cast<std::int8_t>(b));
    }
    return list;
  };
  EXPECT_EQ(codes(WeightScheme::kPerTensor), (std::vector<int>{64, 16, -127, 32}));
  EXPECT_EQ(codes(WeightScheme::kPerChannel), (std::vector<int>{64, 64, -127, 127}));
}

TEST(Lowering, MakesScalesAsLargeAsBiasesNeedToFitTheir32Bits) {
  for (const auto scheme : {WeightScheme::kPerTensor, WeightScheme::kPerChannel}) {
    for (const std::string arithmetic : {"int:8/exact/int:32", "int:16/exact/int:64"}) {
      // Weights of next to nothing beside a bias of 100: dead filters of a folded batch norm.
      const auto chain = Chain({2, 4, 4, false}).conv("conv", 2, 1e-9F, 100.0F);
      const Network network = chain.lowered(arithmetic, {ActivationScheme::kSymmetric, scheme});
      const auto& layer = std::get<MatmulLayer>(network.layers[0].work);
      const double step = double{network.values[0].quantisation.scale};
      const double out = double{network.values[1].quantisation.scale};
      for (std::size_t f = 0; f < 2; ++f) {
        std::int32_t bias = 0;
        std::memcpy(&bias, layer.bias.data() + 4 * f, 4);
        const double weight_scale = double{layer.requantise[f]} * out / step;
        EXPECT_NEAR(bias * step * weight_scale, 100.0, 1e-4) << "the bias keeps its value";
        EXPECT_LE(std::abs(bias), 1 << 30) << "with room for the sum";
      }
    }
  }
}

TEST(Lowering, RefusesZeroPointsWhoseCorrectionDoesNotFit32Bits) {
  // 2^15 x 2^15 x K of 16 leaves 32 bits; in eight bits nothing does.
  const auto chain = Chain({16, 4, 4, false}).conv("wide", 2, 1.0F, 0.0F);
  const QuantisationConfig affine{ActivationScheme::kAffine, WeightScheme::kPerTensor};
  EXPECT_NO_THROW(chain.lowered("int:8/exact/int:32", affine));
  EXPECT_NO_THROW(chain.lowered("int:16/exact/int:64"));
  expect_parts(
      message_of([&] { chain.lowered("int:16/exact/int:64", affine); }),
      {"net: node wide: the bias of filter 0", "int:16/exact/int:64", "32 bits", "symmetric"});
}

TEST(Lowering, MovesDataWhereAReaderNeedsItInAnotherOrderAndNowhereElse) {
  const workloads::Reshape to_image{{8, 2, 2, false}};
  auto pool = Chain({2, 4, 4, false}).add("reshape", to_image);
  pool.add("pool", workloads::MaxPool{{.kernel_h = 2, .kernel_w = 2}});
  EXPECT_EQ(layer_names(pool.lowered("fp32/exact/fp32")),
            (std::vector<std::string>{"reshape", "pool"}));

  // Features of a flattened image, one by one and into a Gemm: as they lie.
  auto flat = Chain({2, 4, 4, false}).add("flat", workloads::Reshape{{32, 1, 1, true}});
  flat.add("relu", workloads::Relu{});
  workloads::Gemm gemm;
  gemm.features = 2;
  gemm.weights.assign(64, 0.1F);
  flat.add("gemm", gemm);
  EXPECT_EQ(layer_names(flat.lowered("fp32/exact/fp32")),
            (std::vector<std::string>{"relu", "gemm"}));

  // There and back: nothing to do.
  const workloads::Transpose turn{{2, 4, 4}, {1, 2, 0}, {4, 4, 2}};
  const workloads::Transpose back{{4, 4, 2}, {2, 0, 1}, {2, 4, 4}};
  auto twice = Chain({2, 4, 4, false}).add("turn", turn);
  twice.add("relu", workloads::Relu{}).add("back", back);
  twice.add("pool", workloads::MaxPool{{.kernel_h = 2, .kernel_w = 2}});
  const auto names = layer_names(twice.lowered("fp32/exact/fp32"));
  EXPECT_EQ(names, (std::vector<std::string>{"relu", "pool"}));
}

// --- compensation of a multiplier's mean error --------------------------------------------------

TEST(Compensation, DividesWeightsByOnePlusTheMeanErrorAndLeavesTheBias) {
  const std::string name = "fixed:32,16/mitchell/fixed:32,16";
  const auto arithmetic = models::make_arithmetic(name);
  const auto values = [&](const std::vector<std::byte>& codes) {
    std::vector<float> list(codes.size() / 4);
    arithmetic->decode(codes.data(), {}, list);
    return list;
  };
  const auto chain = Chain({1, 1, 1, false}).conv("conv", 1, 0.75F, 0.5F);
  const Network network = chain.lowered(name, {.compensate_bias = true});
  const auto& conv = std::get<MatmulLayer>(network.layers[0].work);
  // Mitchell's mean error over uniform fractions is -3.849 % (docs/error.md).
  EXPECT_NEAR(values(conv.weights)[0], 0.75 / (1 - 0.03849), 2e-4);
  EXPECT_EQ(values(conv.bias)[0], 0.5F);
  const Network plain = chain.lowered(name);
  EXPECT_EQ(values(std::get<MatmulLayer>(plain.layers[0].work).weights)[0], 0.75F);
}

TEST(Compensation, OfIntegersIsInTheScaleAlone) {
  const auto chain = Chain({2, 1, 1, false}).conv("conv", 2, 0.75F, 0);
  const Network with = chain.lowered("int:8/mitchw:6/int:32", {.compensate_bias = true});
  const Network without = chain.lowered("int:8/mitchw:6/int:32");
  const auto& a = std::get<MatmulLayer>(with.layers[0].work);
  const auto& b = std::get<MatmulLayer>(without.layers[0].work);
  EXPECT_EQ(a.weights, b.weights);
  // Of every pair of codes, -7.460 % (docs/error.md).
  EXPECT_NEAR(a.requantise[0] / b.requantise[0], 1 / (1 - 0.0746), 1e-4);
}

TEST(Compensation, LeavesExactMultipliersAlone) {
  const auto chain = Chain({2, 1, 1, false}).conv("conv", 2, 0.75F, 0.5F);
  const Network with = chain.lowered("fp32/exact/fp32", {.compensate_bias = true});
  const Network without = chain.lowered("fp32/exact/fp32");
  EXPECT_EQ(std::get<MatmulLayer>(with.layers[0].work).weights,
            std::get<MatmulLayer>(without.layers[0].work).weights);
}

}  // namespace
}  // namespace systolog::sim::test
