// SPDX-License-Identifier: Apache-2.0
// Slice, Pad and Concat as exporters write them, against lists of the elements that must come out.
#include <gtest/gtest.h>

#include <limits>

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

/// The model's answer to an image whose element (c, y, x) is 100 c + 10 y + x.
struct Answer {
  Shape shape;
  Values values;
};
Answer answer(const OnnxBuilder& model) {
  const Graph graph = import(model);
  const Shape& in = graph.input_shape();
  Values image;
  for (std::size_t c = 0; c < in.channels; ++c) {
    for (std::size_t y = 0; y < in.height; ++y) {
      for (std::size_t x = 0; x < in.width; ++x) {
        image.push_back(static_cast<float>(100 * c + 10 * y + x));
      }
    }
  }
  std::vector<std::size_t> shape = {1, in.channels, in.height, in.width};
  if (in.is_vector) shape.resize(2);
  return {graph.output_shape(), run_reference(graph, {shape, image}).values};
}

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

TEST(OnnxSlice, TakesEveryStepthPositionFromStartToBeforeEndOfEachAxis) {
  OnnxBuilder b({-1, 2, 4, 4});
  b.ints("starts", {1, -1, 0});
  b.ints("ends", {kEnd, 4, 3});
  b.ints("axes", {3, 1, -2});
  b.ints("steps", {2, 1, 2});
  b.node("Slice", "s", {"x", "starts", "ends", "axes", "steps"});
  const Answer got = answer(b);
  EXPECT_EQ(got.shape, (Shape{1, 2, 2}));
  EXPECT_EQ(got.values, (Values{101, 103, 121, 123}));
}

TEST(OnnxSlice, GoesBackwardsByNegativeStepsAlongAnyAxes) {
  const auto taken = [](const Dims& starts, const Dims& ends, const Dims& axes, const Dims& steps) {
    OnnxBuilder b({-1, 3, 2, 4});
    b.ints("starts", starts);
    b.ints("ends", ends);
    b.ints("axes", axes);
    b.ints("steps", steps);
    b.node("Slice", "s", {"x", "starts", "ends", "axes", "steps"});
    b.node("Relu", "out", {"s"});
    return answer(b).values;
  };
  constexpr std::int64_t kBegin = -kEnd;
  // x[:, ::-1, :1, :1], red and blue exchanged.
  EXPECT_EQ(taken({-1, 0, 0}, {kBegin, 1, 1}, {1, 2, 3}, {-1, 1, 1}), (Values{200, 100, 0}));
  // x[:, 1:2, :, 3:0:-2]
  EXPECT_EQ(taken({1, 3}, {2, 0}, {1, 3}, {1, -2}), (Values{103, 101, 113, 111}));
  // x[:, 2:0:-1, ::-1, 2::-2]
  EXPECT_EQ(taken({2, 1, 2}, {0, -9, kBegin}, {1, 2, -1}, {-1, -1, -2}),
            (Values{212, 210, 202, 200, 112, 110, 102, 100}));
  // One position, whatever the step.
  EXPECT_EQ(taken({1, 1, 1}, {0, 0, 0}, {1, 2, 3}, {-1, -7, -1}), (Values{111}));
}

TEST(OnnxSlice, HasAttributesInOldModelsAndAllAxesFromTheFirstWhereNoneAreNamed) {
  OnnxBuilder b({-1, 2, 3, 2}, 9);
  onnx::NodeProto& n = b.node("Slice", "s", {"x"});
  set(n, "starts", {0, 1});
  set(n, "ends", {kEnd, 100});
  EXPECT_EQ(answer(b).values, (Values{100, 101, 110, 111, 120, 121}));
}

TEST(OnnxSlice, OfFeatures) {
  OnnxBuilder b({-1, 5});
  b.ints("starts", {-3});
  b.ints("ends", {-1});
  b.ints("axes", {1});
  b.node("Slice", "s", {"x", "starts", "ends", "axes"});
  EXPECT_EQ(answer(b).values, (Values{200, 300}));
}

TEST(OnnxPad, AddsItsValueAroundEachAxis) {
  OnnxBuilder b({-1, 1, 2, 1});
  b.ints("pads", {0, 1, 0, 1, 0, 0, 1, 0});
  b.floats("value", {}, {7});
  b.node("Pad", "p", {"x", "pads", "value"});
  const Answer got = answer(b);
  EXPECT_EQ(got.shape, (Shape{2, 3, 2}));
  EXPECT_EQ(got.values, (Values{7, 7, 7, 7, 7, 7, 7, 0, 7, 10, 7, 7}));
}

TEST(OnnxPad, HasAttributesInOldModelsAndPadsWithZeroUnlessTold) {
  for (const float value : {0.0F, -2.5F}) {
    OnnxBuilder b({-1, 1, 1, 2}, 10);
    onnx::NodeProto& n = b.node("Pad", "p", {"x"});
    set(n, "pads", {0, 0, 1, 0, 0, 0, 0, 1});
    if (value != 0.0F) set_float(n, "value", value);
    EXPECT_EQ(answer(b).values, (Values{value, value, value, 0, 1, value}));
  }
}

/// numpy.pad of [[0, 1, 2], [10, 11, 12]] with one row above, two columns left, one right.
TEST(OnnxPad, MirrorsOrRepeatsTheEdges) {
  struct Case {
    std::string mode;
    Values values;
  };
  const Case cases[] = {
      {"reflect", {12, 11, 10, 11, 12, 11, 2, 1, 0, 1, 2, 1, 12, 11, 10, 11, 12, 11}},
      {"edge", {0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 2, 2, 10, 10, 10, 11, 12, 12}},
  };
  for (const Case& c : cases) {
    OnnxBuilder b({-1, 1, 2, 3});
    b.ints("pads", {0, 0, 1, 2, 0, 0, 0, 1});
    set_text(b.node("Pad", "p", {"x", "pads"}), "mode", c.mode);
    b.node("Relu", "r", {"p"});
    const Answer got = answer(b);
    EXPECT_EQ(got.shape, (Shape{1, 3, 6})) << c.mode;
    EXPECT_EQ(got.values, c.values) << c.mode;
  }
  OnnxBuilder b({-1, 1, 2, 3});
  b.ints("pads", {0, 0, 2, 0, 0, 0, 0, 0});
  set_text(b.node("Pad", "p", {"x", "pads"}), "mode", "reflect");
  expect_parts(message_of([&] { import(b); }), {"'p'", "mirrors 2 positions along the height"});
}

TEST(OnnxPad, CropsWhereItIsNegative) {
  OnnxBuilder b({-1, 1, 3, 3});
  b.ints("pads", {0, 0, -1, 1, 0, 0, 0, -2});
  b.node("Pad", "p", {"x", "pads"});
  const Answer got = answer(b);
  EXPECT_EQ(got.shape, (Shape{1, 2, 2}));
  EXPECT_EQ(got.values, (Values{0, 10, 0, 20}));
}

TEST(OnnxConcat, PutsTensorsBehindEachOtherAlongAnyAxis) {
  struct Case {
    std::int64_t axis;
    Shape shape;
    Values values;
  };
  const Case cases[] = {
      {1, {4, 1, 2}, {0, 1, 100, 101, 0, 1, 100, 101}},
      {-2, {2, 2, 2}, {0, 1, 0, 1, 100, 101, 100, 101}},
      {3, {2, 1, 4}, {0, 1, 0, 1, 100, 101, 100, 101}},
  };
  for (const Case& c : cases) {
    OnnxBuilder b({-1, 2, 1, 2});
    b.node("Relu", "r", {"x"});
    set(b.node("Concat", "c", {"x", "r"}), "axis", c.axis);
    const Answer got = answer(b);
    EXPECT_EQ(got.shape, c.shape) << "axis " << c.axis;
    EXPECT_EQ(got.values, c.values) << "axis " << c.axis;
  }
}

TEST(OnnxConcat, TakesConstantsAmongActivations) {
  OnnxBuilder b({-1, 2, 1, 2});
  b.floats("zeros", {1, 1, 1, 2}, {7, 8});
  set(b.node("Concat", "c", {"zeros", "x"}), "axis", 1);
  const Answer got = answer(b);
  EXPECT_EQ(got.shape, (Shape{3, 1, 2}));
  EXPECT_EQ(got.values, (Values{7, 8, 0, 1, 100, 101}));
}

TEST(OnnxConstant, MayDifferFromPixelToPixel) {
  struct Case {
    std::string type;
    Dims dims;
    Values constant;
    bool constant_first;
    Values values;  // for the image 0, 1, 10, 11 of one channel
  };
  const Case cases[] = {
      {"Add", {1, 1, 2, 2}, {1, 2, 3, 4}, false, {1, 3, 13, 15}},
      {"Add", {2}, {1, 2}, true, {1, 3, 11, 13}},
      {"Sub", {2, 1}, {1, 2}, false, {-1, 0, 8, 9}},
      {"Sub", {2, 2}, {1, 2, 3, 4}, true, {1, 1, -7, -7}},
      {"Mul", {1, 2}, {2, 3}, false, {0, 3, 20, 33}},
      {"Div", {2, 1}, {2, 4}, false, {0, 0.5F, 2.5F, 2.75F}},
  };
  for (const Case& c : cases) {
    OnnxBuilder b({-1, 1, 2, 2});
    b.floats("c", c.dims, c.constant);
    b.node(
        c.type, "op",
        c.constant_first ? std::vector<std::string>{"c", "x"} : std::vector<std::string>{"x", "c"});
    EXPECT_EQ(answer(b).values, c.values) << c.type;
  }
}

TEST(OnnxOutputs, MayBeSeveralAndTheFirstAnswers) {
  OnnxBuilder b({-1, 1, 1, 2});
  b.floats("w", {1, 1, 1, 1}, {2});
  b.node("Conv", "conv", {"x", "w"});
  b.node("Relu", "relu", {"conv"});
  b.node("Neg", "unread", {"relu"});
  b.graph().mutable_output(0)->set_name("relu");
  b.graph().add_output()->set_name("conv");
  const Graph graph = import(b);
  ASSERT_EQ(graph.outputs.size(), 2U);
  EXPECT_EQ(graph.outputs[0].name, "relu");
  EXPECT_EQ(graph.nodes[graph.outputs[1].node].name, "conv");
  EXPECT_EQ(graph.nodes.size(), 3U);
  EXPECT_EQ(run_reference(graph, {{1, 1, 1, 2}, {-3, 4}}).values, (Values{0, 8}));
}

/// A batch norm behind a convolution that is an output too may not go into its weights.
TEST(OnnxOutputs, KeepTheirOwnValues) {
  OnnxBuilder b({-1, 1, 1, 1});
  b.floats("w", {1, 1, 1, 1}, {2});
  for (const char* name : {"gamma", "beta", "mean", "var"}) b.floats(name, {1}, {4});
  b.node("Conv", "conv", {"x", "w"});
  b.node("BatchNormalization", "bn", {"conv", "gamma", "beta", "mean", "var"});
  b.graph().add_output()->set_name("conv");
  Graph graph = import(b);
  fold_batch_norm(graph);
  EXPECT_EQ(graph.nodes.size(), 3U);
  EXPECT_EQ(std::get<Conv>(graph.nodes[graph.outputs[1].node].op).weights, (Values{2}));
}

TEST(OnnxInput, OpenSizesAreThoseThatAreGiven) {
  OnnxBuilder b({-1, 1, -1, 2});
  b.node("Relu", "r", {"x"});
  const Folder folder;
  const auto file = folder.write("model.onnx", b.bytes());
  EXPECT_EQ(import_onnx(file, {1, 3, 2}).input_shape(), (Shape{1, 3, 2}));
  expect_parts(message_of([&] {
                 import_onnx(file, {1, 3, 4});
               }),
               {"dimension 3 is 2", "input shape given has 4"});
  expect_parts(message_of([&] { import_onnx(file, {3, 2}); }), {"3 dimensions", "given 2"});
}

TEST(OnnxMovement, RefusesWhatReachesIntoTheBatchOrTakesNothing) {
  const auto slice = [](const Dims& starts, const Dims& ends, const Dims& axes, const Dims& steps) {
    OnnxBuilder b({-1, 2, 4, 4});
    b.ints("starts", starts);
    b.ints("ends", ends);
    b.ints("axes", axes);
    b.ints("steps", steps);
    b.node("Slice", "s", {"x", "starts", "ends", "axes", "steps"});
    return message_of([&] { import(b); });
  };
  expect_parts(slice({1}, {2}, {0}, {1}), {"'s' (Slice)", "takes nothing of 1 positions"});
  expect_parts(slice({3}, {2}, {2}, {1}), {"'s'", "takes nothing of 4 positions: from 3 to 2"});
  expect_parts(slice({0}, {-9}, {0}, {-1}), {"'s'", "turns the batch around"});
  expect_parts(slice({3}, {0}, {2}, {0}), {"'s'", "step 0"});
  expect_parts(slice({3}, {0}, {4}, {1}), {"'s'", "axis 4", "-4 to 3"});
  expect_parts(slice({3, 1}, {0}, {2}, {1}), {"'s'", "2 starts, 1 ends"});

  const auto pad = [](const Dims& pads) {
    OnnxBuilder b({-1, 2, 4, 4});
    b.ints("pads", pads);
    b.node("Pad", "p", {"x", "pads"});
    return message_of([&] { import(b); });
  };
  expect_parts(pad({1, 0, 0, 0, 0, 0, 0, 0}), {"'p' (Pad)", "batch"});
  expect_parts(pad({0, 0, 0}), {"'p'", "3 pads", "8"});
  expect_parts(pad({0, 0, -2, 0, 0, 0, -2, 0}), {"'p'", "whole of [2, 4, 4]"});
  expect_parts(pad({0, 0, 0, 1LL << 40, 0, 0, 0, 0}), {"'p'", "1099511627776"});
  expect_parts(pad({0, 0, 1 << 27, 1 << 27, 0, 0, 0, 0}), {"'p'", "elements"});

  OnnxBuilder b({-1, 2, 4, 4});
  b.node("GlobalAveragePool", "g", {"x"});
  onnx::NodeProto& n = b.node("Concat", "c", {"x", "g"});
  set(n, "axis", 1);
  expect_parts(message_of([&] { import(b); }), {"'c' (Concat)", "[2, 4, 4] and [2, 1, 1]"});
  n.mutable_attribute(0)->set_i(0);
  expect_parts(message_of([&] { import(b); }), {"'c'", "batch"});
}

}  // namespace
}  // namespace systolog::workloads::test
