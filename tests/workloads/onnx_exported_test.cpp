// SPDX-License-Identifier: Apache-2.0
// What exporters write around the layers: shape arithmetic, NHWC with its transposes, broadcasts,
// views of more than three dimensions, weights in other types and other files.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

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

Values run(const Graph& graph, const Values& image) {
  return run_reference(graph, {batch_shape(1, graph.input_shape()), image}).values;
}

Values counted(std::size_t count) {
  Values values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

/// Nodes of an operator in a graph.
template <typename Op>
std::size_t count(const Graph& graph) {
  std::size_t found = 0;
  for (const Node& node : graph.nodes) found += std::holds_alternative<Op>(node.op) ? 1 : 0;
  return found;
}

void set_value(onnx::NodeProto& node, const Dims& dims, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto& a = *node.add_attribute();
  a.set_name("value");
  a.set_type(onnx::AttributeProto::TENSOR);
  a.mutable_t()->set_data_type(onnx::TensorProto::INT64);
  for (const std::int64_t d : dims) a.mutable_t()->add_dims(d);
  for (const std::int64_t v : values) a.mutable_t()->add_int64_data(v);
}

/// y = x.view(x.size(0), -1) as PyTorch writes it.
TEST(OnnxExported, ViewByTheSizeOfTheBatchIsAFlatten) {
  for (const std::int64_t batch : {-1, 1, 8}) {
    OnnxBuilder b({batch, 2, 3, 1}, 11);
    b.node("Shape", "shape", {"x"});
    set_value(b.node("Constant", "zero", {}), {}, {0});
    set(b.node("Gather", "size", {"shape", "zero"}), "axis", 0);
    set(b.node("Unsqueeze", "list", {"size"}), "axes", Dims{0});
    b.ints("rest", {-1});
    set(b.node("Concat", "target", {"list", "rest"}), "axis", 0);
    b.node("Reshape", "flat", {"x", "target"});
    const Graph graph = import(b);
    EXPECT_EQ(graph.nodes.size(), 2U);
    EXPECT_EQ(graph.output_shape(), (Shape{.channels = 6, .is_vector = true}));
  }
}

/// F.pad as PyTorch 1.13 writes it: the pads' list is extended by zeros, turned over and joined.
TEST(OnnxExported, PadsThatAreWorkedOutByNodes) {
  OnnxBuilder b({-1, 1, 2, 2}, 11);
  b.ints("given", {0, 1, 2, 0});  // left, right, top, bottom
  b.ints("missing", {4});
  set_value(b.node("ConstantOfShape", "zeros", {"missing"}), {1}, {0});
  set(b.node("Concat", "all", {"given", "zeros"}), "axis", 0);
  b.ints("pairs", {-1, 2});
  b.node("Reshape", "rows", {"all", "pairs"});
  b.ints("from", {-1});
  b.ints("to", {-9223372036854775807});
  b.ints("first", {0});
  b.ints("back", {-1});
  b.node("Slice", "turned", {"rows", "from", "to", "first", "back"});
  set(b.node("Transpose", "columns", {"turned"}), "perm", Dims{1, 0});
  b.ints("one", {-1});
  b.node("Reshape", "list", {"columns", "one"});
  set(b.node("Cast", "pads", {"list"}), "to", onnx::TensorProto::INT64);
  b.node("Pad", "pad", {"x", "pads"});
  const Graph graph = import(b);
  EXPECT_EQ(graph.output_shape(), (Shape{1, 4, 3}));
  EXPECT_EQ(run(graph, {1, 2, 3, 4}), (Values{0, 0, 0, 0, 0, 0, 1, 2, 0, 3, 4, 0}));
}

TEST(OnnxExported, ArithmeticOfIntegersAndFloatsFollowsNumpy) {
  OnnxBuilder b({-1, 4}, 13);
  b.ints("start", {2});
  b.ints("limit", {9});
  b.ints("delta", {3});
  b.ints("axes", {0});
  for (const char* name : {"start", "limit", "delta"}) {
    b.node("Squeeze", std::string(name) + "0", {name, "axes"});
  }
  b.node("Range", "range", {"start0", "limit0", "delta0"});  // 2 5 8
  b.ints("seven", {-7});
  b.node("Mul", "product", {"range", "seven"});  // -14 -35 -56
  b.ints("four", {4});
  b.node("Div", "quotient", {"product", "four"});  // -3 -8 -14
  b.node("Mod", "rest", {"product", "four"});      // 2 1 0
  b.node("Add", "sum", {"quotient", "rest"});      // -1 -7 -14
  b.node("Neg", "positive", {"sum"});
  b.node("ReduceProd", "all", {"positive"});  // 98
  set(b.node("Concat", "list", {"positive", "all"}), "axis", 0);
  set(b.node("Cast", "weights", {"list"}), "to", onnx::TensorProto::FLOAT);
  b.ints("shape", {4, 1});
  b.node("Reshape", "matrix", {"weights", "shape"});
  b.node("MatMul", "out", {"x", "matrix"});
  EXPECT_EQ(std::get<Gemm>(import(b).nodes.back().op).weights, (Values{1, 7, 14, 98}));
}

TEST(OnnxExported, AnImageWithItsChannelsLastIsReadWithItsChannelsFirst) {
  OnnxBuilder b({-1, 4, 4, 2});
  b.floats("mean", {2}, {0, 16});
  b.node("Sub", "centred", {"x", "mean"});
  set(b.node("Transpose", "first", {"centred"}), "perm", Dims{0, 3, 1, 2});
  b.floats("w", {1, 2, 1, 1}, {1, 10});
  b.node("Conv", "conv", {"first", "w"});
  set(b.node("Transpose", "last", {"conv"}), "perm", Dims{0, 2, 3, 1});
  b.floats("bias", {1}, {0.5F});
  b.node("Add", "biased", {"last", "bias"});
  b.node("Relu", "relu", {"biased"});
  set(b.node("ReduceMean", "mean_of_all", {"relu"}), "axes", Dims{1, 2});
  b.graph().mutable_node(6)->add_attribute()->CopyFrom([] {
    onnx::AttributeProto a;
    a.set_name("keepdims");
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(0);
    return a;
  }());
  const Graph graph = import(b);
  EXPECT_TRUE(graph.channels_last_input);
  EXPECT_EQ(graph.input_shape(), (Shape{2, 4, 4}));
  EXPECT_EQ(graph.output_shape(), (Shape{.channels = 1, .is_vector = true}));
  EXPECT_EQ(count<Transpose>(graph), 0U);
  // Channels 0..15 and 16..31: sum of c0 + 10 (c1 - 16) + 0.5 is 11 * 7.5 + 0.5 on the average.
  EXPECT_EQ(run(graph, counted(32)), (Values{83.0F}));
}

TEST(OnnxExported, AFlattenedImageWithItsChannelsLastIsPutInThatOrder) {
  OnnxBuilder b({-1, 2, 1, 3});
  set(b.node("Transpose", "last", {"x"}), "perm", Dims{0, 2, 3, 1});
  b.node("Flatten", "flat", {"last"});
  EXPECT_EQ(run(import(b), counted(6)), (Values{0, 3, 1, 4, 2, 5}));
}

TEST(OnnxExported, ChannelsAreShuffledThroughFiveDimensions) {
  OnnxBuilder b({-1, 6, 1, 2});
  b.ints("groups", {0, 2, 3, 1, 2});
  b.node("Reshape", "five", {"x", "groups"});
  set(b.node("Transpose", "turned", {"five"}), "perm", Dims{0, 2, 1, 3, 4});
  b.ints("whole", {0, -1, 1, 2});
  b.node("Reshape", "four", {"turned", "whole"});
  const Graph graph = import(b);
  EXPECT_EQ(graph.output_shape(), (Shape{6, 1, 2}));
  EXPECT_EQ(run(graph, counted(12)), (Values{0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11}));
}

TEST(OnnxExported, SplitGivesItsOutputsInOrder) {
  OnnxBuilder b({-1, 5, 1, 1}, 12);
  onnx::NodeProto& split = b.node("Split", "a", {"x"});
  split.add_output("b");
  set(split, "axis", 1);
  set(split, "split", Dims{2, 3});
  set(b.node("Concat", "c", {"b", "a"}), "axis", 1);
  EXPECT_EQ(run(import(b), counted(5)), (Values{2, 3, 4, 0, 1}));
}

TEST(OnnxExported, BinaryOperatorsRepeatSizesOfOne) {
  OnnxBuilder b({-1, 2, 2, 2});
  b.node("GlobalMaxPool", "most", {"x"});     // 3 7
  b.node("Mul", "scaled", {"most", "x"});     // 0 3 6 9 28 35 42 49
  b.node("Sub", "left", {"scaled", "most"});  // -3 0 3 6 21 28 35 42
  b.floats("two", {}, {2});
  b.node("Sub", "from", {"two", "left"});  // 5 2 -1 -4 -19 ...
  b.floats("by", {2, 1, 1}, {1, -4});
  b.node("Div", "divided", {"from", "by"});
  EXPECT_EQ(run(import(b), counted(8)), (Values{5, 2, -1, -4, 4.75F, 6.5F, 8.25F, 10}));
}

TEST(OnnxExported, ActivationFunctionsAreTheirDefinitions) {
  struct Case {
    std::string type;
    std::vector<std::pair<std::string, float>> attributes;
    double (*function)(double);
  };
  const Case cases[] = {
      {"LeakyRelu", {{"alpha", 0.25F}}, [](double x) { return x < 0 ? 0.25 * x : x; }},
      {"Elu", {{"alpha", 2.0F}}, [](double x) { return x < 0 ? 2 * (std::exp(x) - 1) : x; }},
      {"Sigmoid", {}, [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"Tanh", {}, [](double x) { return std::tanh(x); }},
      {"HardSigmoid",
       {{"alpha", 0.5F}, {"beta", 0.25F}},
       [](double x) { return std::fmin(std::fmax(0.5 * x + 0.25, 0), 1); }},
      {"HardSwish", {}, [](double x) { return x * std::fmin(std::fmax(x / 6 + 0.5, 0), 1); }},
      {"Clip",
       {{"min", -1.0F}, {"max", 2.0F}},
       [](double x) { return std::fmin(std::fmax(x, -1), 2); }},
  };
  for (const Case& c : cases) {
    OnnxBuilder b({-1, 5}, 10);
    onnx::NodeProto& n = b.node(c.type, "f", {"x"});
    for (const auto& [name, value] : c.attributes) set_float(n, name, value);
    if (c.type == "HardSwish") b.model.mutable_opset_import(0)->set_version(14);
    const Values xs = {-5, -0.75F, 0, 0.5F, 4};
    const Values got = run(import(b), xs);
    for (std::size_t i = 0; i < xs.size(); ++i) {
      EXPECT_NEAR(double{got[i]}, c.function(double{xs[i]}), 1e-6) << c.type << " of " << xs[i];
    }
  }
}

TEST(OnnxExported, ASeriesIsConvolvedAndPooledAlongItsLength) {
  OnnxBuilder b({-1, 1, 7});
  b.floats("w", {1, 1, 2}, {1, 10});
  onnx::NodeProto& conv = b.node("Conv", "conv", {"x", "w"});
  set(conv, "dilations", Dims{2});
  set(conv, "pads", Dims{1, 0});
  onnx::NodeProto& pool = b.node("MaxPool", "pool", {"conv"});
  set(pool, "kernel_shape", Dims{2});
  set(pool, "strides", Dims{2});
  const Graph graph = import(b);
  EXPECT_EQ(graph.output_shape(), (Shape{.channels = 1, .width = 3, .is_series = true}));
  // 10 20+0 30+1 40+2 50+3 60+4
  EXPECT_EQ(run(graph, counted(7)), (Values{20, 42, 64}));
}

/// PyTorch's AvgPool2d(3, 2, padding=1, ceil_mode=True) of a 4x4 image: the last window has two
/// columns of padding, of which one counts.
TEST(OnnxExported, AnIncompleteLastWindowOfAnAverageCountsThePadsOnly) {
  OnnxBuilder b({-1, 1, 1, 4});
  onnx::NodeProto& pool = b.node("AveragePool", "p", {"x"});
  set(pool, "kernel_shape", Dims{1, 3});
  set(pool, "strides", Dims{1, 2});
  set(pool, "pads", Dims{0, 1, 0, 1});
  set(pool, "ceil_mode", 1);
  set(pool, "count_include_pad", 1);
  EXPECT_EQ(run(import(b), {3, 6, 9, 12}), (Values{3, 9, 6}));  // 9/3, 27/3, 12/2
}

TEST(OnnxExported, PaddingBeforeAConvolutionBecomesItsOwn) {
  OnnxBuilder b({-1, 1, 3, 3});
  b.ints("pads", {0, 0, 1, 0, 0, 0, 0, 2});
  b.node("Pad", "pad", {"x", "pads"});
  b.floats("w", {1, 1, 2, 2}, {1, 1, 1, 1});
  b.node("Conv", "conv", {"pad", "w"});
  const Graph graph = import(b);
  EXPECT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(graph.output_shape(), (Shape{1, 3, 4}));
  EXPECT_EQ(run(graph, {1, 2, 3, 4, 5, 6, 7, 8, 9}),
            (Values{3, 5, 3, 0, 12, 16, 9, 0, 24, 28, 15, 0}));
}

TEST(OnnxExported, IntegersBecomeWeightsByTheirScaleAndZeroPoint) {
  OnnxBuilder b({-1, 2});
  onnx::TensorProto& q = b.tensor("q", {2, 2}, onnx::TensorProto::INT8);
  q.set_raw_data(std::string("\x01\xFF\x7F\x80", 4));  // 1 -1 127 -128
  b.floats("scale", {2}, {0.5F, 2});
  b.tensor("zero", {2}, onnx::TensorProto::INT8).set_raw_data(std::string("\x00\x01", 2));
  set(b.node("DequantizeLinear", "w", {"q", "scale", "zero"}), "axis", 1);
  b.node("MatMul", "mm", {"x", "w"});
  EXPECT_EQ(std::get<Gemm>(import(b).nodes.back().op).weights, (Values{0.5F, -4, 63.5F, -258}));
}

class External : public testing::Test {
 protected:
  /// x times a weight of two floats in `location`.
  std::string model(const std::string& location, const std::string& offset,
                    const std::string& length) const {
    OnnxBuilder b({-1, 2});
    onnx::TensorProto& w = b.tensor("w", {2, 1}, onnx::TensorProto::FLOAT);
    w.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&](const std::string& key, const std::string& value) {
      if (value.empty()) return;
      auto& entry = *w.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    };
    add("location", location);
    add("offset", offset);
    add("length", length);
    b.node("MatMul", "mm", {"x", "w"});
    return folder_.write("model.onnx", b.bytes()).string();
  }
  std::string refusal(const std::string& location, const std::string& offset,
                      const std::string& length) const {
    const std::string file = model(location, offset, length);
    return message_of([&] { import_onnx(file); });
  }
  const Folder folder_;
};

TEST_F(External, WeightsAreReadFromTheirPlaceInAFileBesideTheModel) {
  const float values[] = {9, 3, 5, 9};
  folder_.write("weights.bin", {reinterpret_cast<const char*>(values), sizeof values});
  EXPECT_EQ(run(import_onnx(model("weights.bin", "4", "8")), {1, 10}), (Values{53}));
}

TEST_F(External, WeightsThatAreNotWhereTheModelSaysAreRefused) {
  folder_.write("weights.bin", std::string(16, '\0'));
  expect_parts(refusal("none.bin", "", ""), {"'w'", "'none.bin'", "no such file"});
  expect_parts(refusal("../weights.bin", "", ""), {"'w'", "'../weights.bin'", "folder"});
  expect_parts(refusal("/etc/passwd", "", ""), {"'w'", "'/etc/passwd'", "folder"});
  expect_parts(refusal("weights.bin", "17", ""), {"'w'", "byte 17", "16"});
  expect_parts(refusal("weights.bin", "12", "8"), {"'w'", "8 bytes from 12", "16"});
  expect_parts(refusal("weights.bin", "4", "4"), {"'w'", "4 bytes", "need 8"});
  expect_parts(refusal("weights.bin", "-4", "8"), {"'w'", "'offset'", "'-4'"});
}

TEST(OnnxExported, EveryNodeThatIsRefusedIsToldAtOnce) {
  OnnxBuilder b({-1, 2, 4, 4});
  b.node("Warp", "first", {"x"});
  b.node("Relu", "behind", {"first"});
  set_text(b.node("Pad", "mirror", {"x"}), "mode", "wrap");
  set(b.node("Concat", "batch", {"x", "x"}), "axis", 0);
  set(b.node("Concat", "out", {"behind", "mirror", "batch"}), "axis", 1);
  b.ints("pads", {0, 0, 0, 0, 0, 0, 0, 0});
  b.graph().mutable_node(2)->add_input("pads");
  const std::string message = message_of([&] { import(b); });
  expect_parts(message,
               {"3 problems:", "Warp ('first')", "'mirror' (Pad)", "'wrap'", "'batch' (Concat)"});
  EXPECT_EQ(message.find("'behind'"), std::string::npos) << message;
  EXPECT_EQ(message.find("'out'"), std::string::npos) << message;
}

TEST(OnnxExported, WhatIsWrongWithTheGraphItselfHidesNothingElse) {
  OnnxBuilder b({-1, 2, 4, 4}, 99);
  b.floats("w", {1, 2, 1, 1}, {1, 2});
  b.floats("w", {1, 2, 1, 1}, {1, 2});
  b.node("Conv", "first", {"x", "lost"});
  b.node("Conv", "second", {"x", "gone"});
  b.node("Warp", "third", {"first"});
  b.node("Add", "fourth", {"second", "fifth"});
  b.node("Add", "fifth", {"fourth", "third"});
  b.node("Bend", "out", {"fifth"});
  b.graph().add_output()->set_name("out");
  expect_parts(message_of([&] { import(b); }),
               {"8 problems:", "2 nodes are not supported: Bend ('out'); Warp ('third')",
                "opset 99", "'w': two initialisers", "'out': two outputs", "'lost' does not exist",
                "'gone' does not exist", "'fourth' (Add): it depends on a cycle"});
  // Where the opset is known, what can be imported is looked at too.
  b.model.mutable_opset_import(0)->set_version(13);
  b.node("Pad", "pad", {"x"});
  b.graph().mutable_output(1)->set_name("third");
  expect_parts(message_of([&] { import(b); }), {"'lost' does not exist", "'pad' (Pad)"});
}

TEST(OnnxExported, NodesThatNoOutputNeedsAreSkippedAndNamed) {
  OnnxBuilder b({-1, 2});
  b.node("Warp", "strange", {"x"});
  b.node("Relu", "behind", {"strange", "missing"});
  b.node("Relu", "out", {"x"});
  const Folder folder;
  std::vector<std::string> skipped;
  const Graph graph = import_onnx(folder.write("model.onnx", b.bytes()), {}, &skipped);
  EXPECT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(skipped, (std::vector<std::string>{"'strange' (Warp)", "'behind' (Relu)"}));
}

TEST(OnnxExported, AnOutputThatIsTheInputIsCalledThat) {
  OnnxBuilder b({-1, 2});
  b.node("Identity", "same", {"x"});
  b.node("Dropout", "out", {"same"});
  expect_parts(message_of([&] { import(b); }),
               {"output 'out': it is the input or only a view of it", "computes anything"});
}

TEST(OnnxExported, ShapesWorkedOutByNodesAllocateNothingAbsurd) {
  for (const char* type : {"ConstantOfShape", "Expand", "Range"}) {
    OnnxBuilder b({-1, 2});
    b.ints("huge", {1LL << 20, 1LL << 20});
    b.ints("one", {1});
    b.ints("limit", {1LL << 60});
    std::vector<std::string> inputs = {"huge"};
    if (type == std::string("Expand")) inputs = {"one", "huge"};
    if (type == std::string("Range")) inputs = {"one", "limit", "one"};
    b.node(type, "many", inputs);
    b.node("MatMul", "mm", {"x", "many"});
    expect_parts(message_of([&] { import(b); }), {"'many'", "268435456"});
  }
}

}  // namespace
}  // namespace systolog::workloads::test
