// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <type_traits>

#include "tests/workloads/onnx_builder.h"
#include "tests/workloads/support.h"
#include "workloads/onnx_import.h"
#include "workloads/reference.h"

namespace systolog::workloads::test {
namespace {

using Values = std::vector<float>;

Graph import(const OnnxBuilder& model) {
  const Folder folder;
  return import_onnx(folder.write("model.onnx", model.bytes()));
}

template <typename Op>
const Op& last(const Graph& graph) {
  return std::get<Op>(graph.nodes.back().op);
}

Values run(const Graph& graph, const Values& image) {
  const Shape& in = graph.input_shape();
  std::vector<std::size_t> shape = {1, in.channels, in.height, in.width};
  if (in.is_vector) shape.resize(2);
  return run_reference(graph, {shape, image}).values;
}

std::vector<std::size_t> pads_of(const Window& w) {
  return {w.pad_top, w.pad_left, w.pad_bottom, w.pad_right};
}
using Pads = std::vector<std::size_t>;

TEST(OnnxConv, EveryAttributeArrivesInItsPlace) {
  OnnxBuilder b({-1, 4, 9, 9});
  b.floats("w", {6, 2, 3, 2}, random_values(72, 1));
  b.floats("b", {6}, {1, 2, 3, 4, 5, 6});
  onnx::NodeProto& n = b.node("Conv", "c", {"x", "w", "b"});
  set(n, "kernel_shape", {3, 2});
  set(n, "strides", {2, 1});
  set(n, "pads", {1, 2, 3, 4});
  set(n, "dilations", {1, 3});
  set(n, "group", 2);
  const Graph graph = import(b);
  const Conv& conv = last<Conv>(graph);
  EXPECT_EQ(graph.nodes.back().name, "c");
  EXPECT_EQ(conv.groups, 2U);
  EXPECT_EQ(conv.filters, 6U);
  EXPECT_EQ(conv.weights, random_values(72, 1));
  EXPECT_EQ(conv.bias, (Values{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(pads_of(conv.window), (Pads{1, 2, 3, 4}));
  EXPECT_EQ(conv.window.kernel_h, 3U);
  EXPECT_EQ(conv.window.kernel_w, 2U);
  EXPECT_EQ(conv.window.stride_h, 2U);
  EXPECT_EQ(conv.window.stride_w, 1U);
  EXPECT_EQ(conv.window.dilation_h, 1U);
  EXPECT_EQ(conv.window.dilation_w, 3U);
  EXPECT_EQ(graph.output_shape(), (Shape{6, 6, 12}));  // (9+4-3)/2+1, 9+6-4+1
}

TEST(OnnxConv, AutoPadKeepsTheSizeDividedByTheStride) {
  struct Case {
    std::string auto_pad;
    std::int64_t kernel, stride, dilation;
    Pads pads;
    std::size_t out;
  };
  const Case cases[] = {
      {"VALID", 3, 1, 1, {0, 0, 0, 0}, 6},      {"SAME_UPPER", 3, 1, 1, {1, 1, 1, 1}, 8},
      {"SAME_UPPER", 4, 1, 1, {1, 1, 2, 2}, 8}, {"SAME_LOWER", 4, 1, 1, {2, 2, 1, 1}, 8},
      {"SAME_UPPER", 3, 2, 1, {0, 0, 1, 1}, 4}, {"SAME_LOWER", 3, 2, 1, {1, 1, 0, 0}, 4},
      {"SAME_UPPER", 3, 1, 2, {2, 2, 2, 2}, 8}, {"SAME_UPPER", 1, 3, 1, {0, 0, 0, 0}, 3},
      {"NOTSET", 3, 1, 1, {0, 0, 0, 0}, 6},
  };
  for (const Case& c : cases) {
    OnnxBuilder b({-1, 1, 8, 8});
    b.floats("w", {1, 1, c.kernel, c.kernel},
             Values(static_cast<std::size_t>(c.kernel * c.kernel)));
    onnx::NodeProto& n = b.node("Conv", "c", {"x", "w"});
    set_text(n, "auto_pad", c.auto_pad);
    set(n, "strides", {c.stride, c.stride});
    set(n, "dilations", {c.dilation, c.dilation});
    const Graph graph = import(b);
    EXPECT_EQ(pads_of(last<Conv>(graph).window), c.pads) << c.auto_pad << " kernel " << c.kernel;
    EXPECT_EQ(graph.output_shape(), (Shape{1, c.out, c.out})) << c.auto_pad;
  }
}

TEST(OnnxPool, CeilModeAddsTheIncompleteWindow) {
  const Values row = {1, 2, 3, 4, 9};
  for (const auto& [type, ceiled] :
       {std::pair{"MaxPool", Values{2, 4, 9}}, std::pair{"AveragePool", Values{1.5F, 3.5F, 9}}}) {
    for (const bool ceil : {false, true}) {
      OnnxBuilder b({-1, 1, 1, 5});
      onnx::NodeProto& n = b.node(type, "p", {"x"});
      set(n, "kernel_shape", {1, 2});
      set(n, "strides", {1, 2});
      set(n, "ceil_mode", ceil ? 1 : 0);
      const Values wanted = ceil ? ceiled : Values(ceiled.begin(), ceiled.end() - 1);
      EXPECT_EQ(run(import(b), row), wanted) << type << " ceil " << ceil;
    }
  }
}

TEST(OnnxPool, AveragePoolCountsThePadsWhenAsked) {
  for (const std::int64_t include : {0, 1}) {
    OnnxBuilder b({-1, 1, 1, 2});
    onnx::NodeProto& n = b.node("AveragePool", "p", {"x"});
    set(n, "kernel_shape", {1, 2});
    set(n, "pads", {0, 1, 0, 0});
    set(n, "count_include_pad", include);
    EXPECT_EQ(run(import(b), {4, 6}), (Values{include == 1 ? 2.0F : 4.0F, 5}));
  }
}

TEST(OnnxPool, GlobalAverageLeavesOnePixelAChannel) {
  OnnxBuilder b({-1, 2, 1, 2});
  b.node("GlobalAveragePool", "g", {"x"});
  const Graph graph = import(b);
  EXPECT_EQ(graph.output_shape(), (Shape{2, 1, 1}));
  EXPECT_EQ(run(graph, {1, 3, 10, 30}), (Values{2, 20}));
}

TEST(OnnxGemm, AlphaBetaAndTranspositionAreAppliedToTheConstants) {
  OnnxBuilder b({-1, 2});
  b.floats("w", {3, 2}, {1, 10, 2, 20, 3, 30});
  b.floats("c", {1, 3}, {1, 2, 3});
  onnx::NodeProto& n = b.node("Gemm", "fc", {"x", "w", "c"});
  set(n, "transB", 1);
  set_float(n, "alpha", 2.0F);
  set_float(n, "beta", -1.0F);
  const Graph graph = import(b);
  EXPECT_EQ(last<Gemm>(graph).weights, (Values{2, 4, 6, 20, 40, 60}));
  EXPECT_EQ(last<Gemm>(graph).bias, (Values{-1, -2, -3}));
  EXPECT_EQ(run(graph, {1, 2}), (Values{41, 82, 123}));
}

TEST(OnnxGemm, WithoutTranspositionAndWithAScalarBias) {
  OnnxBuilder b({5, 2}, 7);
  b.floats("w", {2, 3}, {1, 2, 3, 10, 20, 30});
  b.floats("c", {}, {7});
  b.node("Gemm", "fc", {"x", "w", "c"});
  EXPECT_EQ(run(import(b), {1, 2}), (Values{28, 49, 70}));
}

TEST(OnnxMatMul, AnAddedVectorIsItsBias) {
  for (const bool constant_first : {false, true}) {
    OnnxBuilder b({-1, 2});
    b.floats("w", {2, 2}, {1, 2, 3, 4});
    b.floats("c", {2}, {10, 20});
    b.node("MatMul", "mm", {"x", "w"});
    b.node(
        "Add", "sum",
        constant_first ? std::vector<std::string>{"c", "mm"} : std::vector<std::string>{"mm", "c"});
    const Graph graph = import(b);
    ASSERT_EQ(graph.nodes.size(), 2U);
    EXPECT_EQ(graph.nodes.back().name, "mm");
    EXPECT_EQ(last<Gemm>(graph).bias, (Values{10, 20}));
    EXPECT_EQ(run(graph, {1, 1}), (Values{14, 26}));
  }
}

TEST(OnnxAdd, AConstantAfterASharedValueStaysANode) {
  OnnxBuilder b({-1, 2});
  b.floats("w", {2, 2}, {1, 2, 3, 4});
  b.floats("c", {1, 2}, {10, 20});
  b.node("MatMul", "mm", {"x", "w"});
  b.node("Add", "shifted", {"mm", "c"});
  b.node("Add", "sum", {"mm", "shifted"});
  EXPECT_EQ(run(import(b), {1, 1}), (Values{18, 32}));
  // The same behind an Identity, which gives the value a second name.
  OnnxBuilder named({-1, 2});
  named.floats("w", {2, 2}, {1, 2, 3, 4});
  named.floats("c", {1, 2}, {10, 20});
  named.node("MatMul", "mm", {"x", "w"});
  named.node("Identity", "alias", {"mm"});
  named.node("Identity", "other", {"mm"});
  named.node("Add", "shifted", {"alias", "c"});
  named.node("Add", "sum", {"other", "shifted"});
  EXPECT_EQ(run(import(named), {1, 1}), (Values{18, 32}));
}

TEST(OnnxAdd, AConstantBesideImagesIsOneValueAChannel) {
  OnnxBuilder b({-1, 2, 1, 2});
  b.floats("c", {2, 1, 1}, {10, 20});
  b.node("Relu", "r", {"x"});
  b.node("Add", "sum", {"r", "c"});
  EXPECT_EQ(run(import(b), {1, 2, 3, 4}), (Values{11, 12, 23, 24}));
}

TEST(OnnxAdd, OfTwoActivations) {
  OnnxBuilder b({-1, 1, 1, 2});
  b.node("Relu", "r", {"x"});
  b.node("Add", "sum", {"x", "r"});
  EXPECT_EQ(run(import(b), {-1, 2}), (Values{-1, 4}));
}

TEST(OnnxBatchNormalization, IsOneScaleAndOneShiftAChannel) {
  OnnxBuilder b({-1, 2, 1, 1});
  b.floats("gamma", {2}, {2, 3});
  b.floats("beta", {2}, {10, 20});
  b.floats("mean", {2}, {1, 2});
  b.floats("var", {2}, {3, 8});
  onnx::NodeProto& n = b.node("BatchNormalization", "bn", {"x", "gamma", "beta", "mean", "var"});
  set_float(n, "epsilon", 1.0F);
  set_float(n, "momentum", 0.9F);
  EXPECT_EQ(run(import(b), {5, 8}), (Values{2 * 4 / 2.0F + 10, 3 * 6 / 3.0F + 20}));
}

TEST(OnnxSoftmax, TakesTheDefaultAxisOfEachOpset) {
  for (const std::int64_t opset : {7, 12, 13, 17}) {
    OnnxBuilder b({-1, 2}, opset);
    b.node("Softmax", "s", {"x"});
    EXPECT_NEAR(run(import(b), {0, std::log(3.0F)})[1], 0.75F, 1e-6) << opset;
  }
}

/// Up to opset 12 over everything from the axis on, row by row.
TEST(OnnxSoftmax, OfOldModelsTakesAllFromItsAxisOn) {
  const Values image = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};  // [2, 3, 2]
  const auto rows_of = [&](std::int64_t axis) {
    OnnxBuilder b({-1, 2, 3, 2}, 11);
    set(b.node("Softmax", "s", {"x"}), "axis", axis);
    return run(import(b), image);
  };
  for (const auto& [axis, row] : {std::pair(1, 12), std::pair(2, 6), std::pair(3, 2), {-1, 2}}) {
    const Values got = rows_of(axis);
    ASSERT_EQ(got.size(), 12U);
    for (int i = 0; i < 12; ++i) {
      double sum = 0;
      for (int k = 0; k < row; ++k) sum += std::exp(image[i / row * row + k] - image[i]);
      EXPECT_NEAR(got[static_cast<std::size_t>(i)], 1 / sum, 1e-6) << "axis " << axis << ", " << i;
    }
  }
}

TEST(OnnxReshape, EveryWayToSayTheSameShape) {
  struct Case {
    std::int64_t batch;
    std::vector<std::int64_t> shape;
    Shape out;
  };
  const Shape flat{.channels = 12, .is_vector = true};
  const Case cases[] = {
      {-1, {-1, 12}, flat},
      {-1, {0, -1}, flat},
      {-1, {0, 12}, flat},
      {1, {1, 12}, flat},
      {1, {1, -1}, flat},
      {5, {5, -1}, flat},
      {-1, {1, -1}, flat},
      {-1, {0, 3, 4, 1}, {3, 4, 1}},
      {-1, {0, 0, -1, 1}, {2, 6, 1}},
      {-1, {-1, 0, 0, 0}, {2, 3, 2}},
      {-1, {0, 6, -1, 1}, {6, 2, 1}},
  };
  for (const Case& c : cases) {
    OnnxBuilder b({c.batch, 2, 3, 2});
    b.ints("s", c.shape);
    b.node("Reshape", "r", {"x", "s"});
    EXPECT_EQ(import(b).output_shape(), c.out) << testing::PrintToString(c.shape);
  }
}

TEST(OnnxReshape, OfAConstantKeepsItAConstant) {
  OnnxBuilder b({-1, 4});
  b.floats("w", {2, 2, 1, 3}, random_values(12, 1));
  b.ints("s", {4, -1});
  b.node("Reshape", "matrix", {"w", "s"});
  b.node("MatMul", "mm", {"x", "matrix"});
  const Graph graph = import(b);
  ASSERT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(last<Gemm>(graph).weights, random_values(12, 1));
  EXPECT_EQ(last<Gemm>(graph).features, 3U);
}

TEST(OnnxFlatten, KeepsTheBatch) {
  for (const std::int64_t axis : {1, -3}) {
    OnnxBuilder b({-1, 2, 3, 4});
    set(b.node("Flatten", "f", {"x"}), "axis", axis);
    EXPECT_EQ(import(b).output_shape(), (Shape{.channels = 24, .is_vector = true}));
  }
}

TEST(OnnxNoOps, ComputeNothing) {
  OnnxBuilder b({-1, 2});
  onnx::NodeProto& constant = b.node("Constant", "w", {});
  onnx::AttributeProto& value = *constant.add_attribute();
  value.set_name("value");
  value.set_type(onnx::AttributeProto::TENSOR);
  value.mutable_t()->set_data_type(onnx::TensorProto::FLOAT);
  value.mutable_t()->add_dims(2);
  value.mutable_t()->add_dims(1);
  value.mutable_t()->add_float_data(3);
  value.mutable_t()->add_float_data(4);
  b.node("Identity", "same", {"x"});
  set_float(b.node("Dropout", "drop", {"same"}), "ratio", 0.5F);
  b.node("MatMul", "mm", {"drop", "w"});
  const Graph graph = import(b);
  EXPECT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(run(graph, {1, 10}), (Values{43}));
}

TEST(OnnxData, EveryFloatTypeAndBothWaysToStoreIt) {
  const Values wanted = {1.5F, -0.25F, 0x1p-24F};  // the last is the least half
  const auto check = [&](auto fill) {
    OnnxBuilder b({-1, 1});
    onnx::TensorProto& t = b.tensor("w", {1, 3}, onnx::TensorProto::FLOAT);
    fill(t);
    b.node("MatMul", "mm", {"x", "w"});
    EXPECT_EQ(last<Gemm>(import(b)).weights, wanted) << "type " << t.data_type();
  };
  const auto raw = [](onnx::TensorProto& t, int type, const auto& values) {
    t.set_data_type(type);
    t.set_raw_data(std::data(values), sizeof(values));
  };
  const double doubles[] = {1.5, -0.25, 0x1p-24};
  const float singles[] = {1.5F, -0.25F, 0x1p-24F};
  const std::uint16_t halves[] = {0x3E00, 0xB400, 0x0001};
  check([&](auto& t) {
    for (const float v : singles) t.add_float_data(v);
  });
  check([&](auto& t) { raw(t, onnx::TensorProto::FLOAT, singles); });
  check([&](auto& t) { raw(t, onnx::TensorProto::DOUBLE, doubles); });
  check([&](auto& t) { raw(t, onnx::TensorProto::FLOAT16, halves); });
  check([&](auto& t) {
    t.set_data_type(onnx::TensorProto::DOUBLE);
    for (const double v : doubles) t.add_double_data(v);
  });
  check([&](auto& t) {
    t.set_data_type(onnx::TensorProto::FLOAT16);
    for (const std::uint16_t v : halves) t.add_int32_data(v);
  });
}

TEST(OnnxGraph, InitialisersMayBeListedAsInputs) {
  OnnxBuilder b({-1, 2});
  b.floats("w", {2, 1}, {1, 2});
  OnnxBuilder::declare(*b.graph().add_input(), "w", {2, 1});
  b.node("MatMul", "mm", {"x", "w"});
  EXPECT_EQ(run(import(b), {1, 1}), (Values{3}));
}

TEST(OnnxGraph, NodesInAnyOrderAndWithoutNamesAndNodesNobodyReads) {
  OnnxBuilder b({-1, 2});
  b.node("Relu", "last", {"mm"}).clear_name();
  b.floats("w", {2, 1}, {1, 2});
  b.node("MatMul", "mm", {"x", "w"}).set_name("last");
  b.node("Relu", "dead", {"x"});
  b.graph().mutable_output(0)->set_name("last");
  const Graph graph = import(b);
  ASSERT_EQ(graph.nodes.size(), 3U);
  EXPECT_EQ(graph.nodes[1].name, "last");
  EXPECT_EQ(graph.nodes[2].name, "last_2");  // names are unique
  EXPECT_TRUE(std::holds_alternative<Relu>(graph.nodes[2].op));
}

TEST(OnnxGraph, EveryOpsetFrom7To17AndEveryKindOfBatch) {
  for (std::int64_t opset = 7; opset <= 17; ++opset) {
    for (const std::int64_t batch : {-1, 0, 1, 32}) {
      OnnxBuilder b({batch, 2, 3, 3}, opset);
      b.node("Relu", "r", {"x"});
      EXPECT_EQ(import(b).output_shape(), (Shape{2, 3, 3}));
    }
  }
}

TEST(OnnxGraph, TheListOfOperatorsHoldsWhatTheTestsBuild) {
  std::string all;
  for (const std::string_view name : supported_onnx_operators()) all += std::string(name) + " ";
  expect_parts(all, {"Add", "AveragePool", "BatchNormalization", "Conv", "Flatten", "Gemm",
                     "GlobalAveragePool", "MatMul", "MaxPool", "Relu", "Reshape", "Softmax"});
}

}  // namespace
}  // namespace systolog::workloads::test
