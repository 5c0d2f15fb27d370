// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/workloads/onnx_damage.h"

namespace systolog::workloads::test {
namespace {

TEST(OnnxErrors, Tensors) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_all_told({
      {"data missing",
       [](auto& b) { initializer(b, kW1).clear_float_data(); },
       {"'conv' (Conv)", "'w1'", "0 values", "[2, 1, 3, 3] need 18"}},
      {"data too long",
       [](auto& b) { initializer(b, kW1).add_float_data(1); },
       {"'w1'", "19 values", "18"}},
      {"raw data too short",
       [](auto& b) {
         initializer(b, kB1).clear_float_data();
         initializer(b, kB1).set_raw_data("1234567");
       },
       {"'b1'", "7 bytes", "need 8"}},
      {"two kinds of data",
       [](auto& b) { initializer(b, kB1).set_raw_data("12345678"); },
       {"'b1'", "raw data and typed data"}},
      {"wrong dimensions",
       [](auto& b) { initializer(b, kW1).set_dims(0, 3); },
       {"'w1'", "18 values", "[3, 1, 3, 3] need 27"}},
      {"negative dimension",
       [](auto& b) { initializer(b, kW1).set_dims(1, -1); },
       {"'w1'", "dimension 1 is -1", "allowed 0 to"}},
      {"absurd dimension",
       [](auto& b) { initializer(b, kW1).set_dims(0, 1LL << 62); },
       {"'w1'", "4611686018427387904"}},
      {"dimensions whose product overflows",
       [](auto& b) {
         for (int d = 0; d < 4; ++d) initializer(b, kW1).set_dims(d, 1 << 28);
       },
       {"'w1'", "more than 268435456 elements"}},
      {"an empty dimension",
       [](auto& b) {
         initializer(b, kW1).set_dims(2, 0);
         initializer(b, kW1).clear_float_data();
       },
       {"'w1'", "empty dimension"}},
      {"a NaN",
       [=](auto& b) { initializer(b, kW1).set_float_data(5, nan); },
       {"'w1'", "value 5 is nan", "finite"}},
      {"an infinity",
       [](auto& b) { initializer(b, kW2).set_float_data(0, -INFINITY); },
       {"'fc' (Gemm)", "'w2'", "value 0 is -inf"}},
      {"an integer type",
       [](auto& b) {
         initializer(b, kB1).set_data_type(onnx::TensorProto::INT32);
         initializer(b, kB1).clear_float_data();
         initializer(b, kB1).add_int32_data(1);
         initializer(b, kB1).add_int32_data(1);
       },
       {"'conv'", "'b1'", "integers", "float"}},
      {"strings",
       [](auto& b) { initializer(b, kB1).set_data_type(onnx::TensorProto::STRING); },
       {"'b1'", "data type 8", "allowed 1 (FLOAT)"}},
      {"external data",
       [](auto& b) { initializer(b, kB1).set_data_location(onnx::TensorProto::EXTERNAL); },
       {"'b1'", "another file"}},
      {"a segment",
       [](auto& b) { initializer(b, kB1).mutable_segment()->set_begin(0); },
       {"'b1'", "segments"}},
      {"the same name twice",
       [](auto& b) { initializer(b, kB1).set_name("w1"); },
       {"'w1'", "two initialisers"}},
      {"a sparse one", [](auto& b) { b.graph().add_sparse_initializer(); }, {"sparse"}},
  });
}

TEST(OnnxErrors, Attributes) {
  expect_all_told({
      {"unknown",
       [](auto& b) { set(node(b, kRelu), "leak", 1); },
       {"'relu' (Relu)", "'leak'", "not supported", "allowed none"}},
      {"of another type",
       [](auto& b) { set(node(b, kConv), "strides", 2); },
       {"'conv'", "'strides'", "type INT,", "allowed INTS"}},
      {"twice",
       [](auto& b) {
         set(node(b, kPool), "strides", Dims{2, 2});
       },
       {"'pool'", "'strides'", "twice"}},
      {"one dimension",
       [](auto& b) { set(node(b, kConv), "strides", Dims{1}); },
       {"'strides'", "1 values", "allowed 2"}},
      {"stride 0",
       [](auto& b) {
         set(node(b, kConv), "strides", Dims{1, 0});
       },
       {"'strides'", "got 0", "allowed 1 to 65536"}},
      {"negative pad",
       [](auto& b) {
         set(node(b, kConv), "pads", Dims{0, -1, 0, 0});
       },
       {"'pads'", "got -1", "allowed 0 to"}},
      {"absurd dilation",
       [](auto& b) {
         set(node(b, kConv), "dilations", Dims{1LL << 60, 1});
       },
       {"'dilations'", "1152921504606846976"}},
      {"kernel_shape of another kernel",
       [](auto& b) {
         set(node(b, kConv), "kernel_shape", Dims{5, 5});
       },
       {"'kernel_shape' is [5, 5]", "[2, 1, 3, 3]"}},
      {"no kernel_shape",
       [](auto& b) { node(b, kPool).clear_attribute(); },
       {"'pool' (MaxPool)", "'kernel_shape'", "missing"}},
      {"auto_pad unknown",
       [](auto& b) { set_text(node(b, kConv), "auto_pad", "SOME"); },
       {"'auto_pad'", "'SOME'", "SAME_UPPER"}},
      {"auto_pad and pads",
       [](auto& b) {
         set_text(node(b, kConv), "auto_pad", "VALID");
         set(node(b, kConv), "pads", Dims{1, 1, 1, 1});
       },
       {"'pads' and 'auto_pad'"}},
      {"group 0", [](auto& b) { set(node(b, kConv), "group", 0); }, {"'group'", "got 0"}},
      {"group that does not divide",
       [](auto& b) { set(node(b, kConv), "group", 3); },
       {"'conv'", "3 groups"}},
      {"transA",
       [](auto& b) { set(node(b, kFc), "transA", 1); },
       {"'fc' (Gemm)", "'transA'", "got 1", "allowed 0"}},
      {"alpha NaN",
       [](auto& b) { set_float(node(b, kFc), "alpha", NAN); },
       {"'alpha'", "nan", "finite"}},
      {"alpha too large",
       [](auto& b) {
         for (float& v : *initializer(b, kW2).mutable_float_data()) v = 1e30F;
         set_float(node(b, kFc), "alpha", 1e30F);
       },
       {"'alpha'", "range of FP32"}},
      {"flatten over the batch",
       [](auto& b) { set(node(b, kFlat), "axis", 0); },
       {"'flat' (Flatten)", "'axis'", "got 0"}},
      {"ceil_mode 2",
       [](auto& b) { set(node(b, kPool), "ceil_mode", 2); },
       {"'ceil_mode'", "got 2", "0 or 1"}},
  });
}

TEST(OnnxErrors, Nodes) {
  expect_all_told({
      {"an input that does not exist",
       [](auto& b) { node(b, kRelu).set_input(0, "nothing"); },
       {"'relu' (Relu)", "'nothing'", "does not exist"}},
      {"a cycle", [](auto& b) { node(b, kConv).set_input(0, "pool"); }, {"'conv'", "cycle"}},
      {"a node that reads itself",
       [](auto& b) { node(b, kRelu).set_input(0, "relu"); },
       {"'relu'", "cycle"}},
      {"two producers",
       [](auto& b) { node(b, kRelu).set_output(0, "conv"); },
       {"'relu'", "'conv'", "exists already"}},
      {"an output named like a tensor",
       [](auto& b) { node(b, kRelu).set_output(0, "w1"); },
       {"'relu'", "'w1'", "exists already"}},
      {"no output", [](auto& b) { node(b, kRelu).clear_output(); }, {"'relu'", "no output"}},
      {"too many inputs",
       [](auto& b) { node(b, kRelu).add_input("w1"); },
       {"'relu'", "2 inputs", "allowed 1"}},
      {"too few inputs",
       [](auto& b) { node(b, kConv).clear_input(); },
       {"'conv'", "0 inputs", "allowed 2 to 3"}},
      {"a left-out input",
       [](auto& b) { node(b, kConv).set_input(1, ""); },
       {"'conv'", "input 1 is missing"}},
      {"a second output in use",
       [](auto& b) {
         node(b, kPool).add_output("indices");
         node(b, kFlat).set_input(0, "indices");
       },
       {"'pool'", "output 1", "'indices'"}},
      {"computed weights",
       [](auto& b) { node(b, kConv).set_input(1, "x"); },
       {"'conv'", "input 1 ('x')", "allowed a constant"}},
      {"a constant as activation",
       [](auto& b) { node(b, kRelu).set_input(0, "w1"); },
       {"'relu'", "input 0 ('w1')", "allowed an activation"}},
      {"training mode",
       [](auto& b) {
         b.floats("v", {3}, {1, 1, 1});
         set(b.node("BatchNormalization", "bn", {"fc", "v", "v", "v", "v"}), "training_mode", 1);
       },
       {"'bn'", "'training_mode'", "got 1"}},
      {"negative variance",
       [](auto& b) {
         b.floats("v", {3}, {1, 1, -1});
         b.node("BatchNormalization", "bn", {"fc", "v", "v", "v", "v"});
       },
       {"'bn'", "variance 2", "-1.0"}},
  });
}

TEST(OnnxErrors, ShapesThatContradictEachOther) {
  expect_all_told({
      {"channels",
       [](auto& b) { input_shape(b).mutable_dim(1)->set_dim_value(3); },
       {"'conv' (Conv)", "[3, 8, 8]", "'w1'", "[1, height, width]"}},
      {"a kernel larger than the image",
       [](auto& b) { input_shape(b).mutable_dim(2)->set_dim_value(2); },
       {"'conv'", "does not fit", "height 2"}},
      {"bias of another length",
       [](auto& b) {
         initializer(b, kB1).set_dims(0, 1);
         initializer(b, kB1).mutable_float_data()->RemoveLast();
       },
       {"'conv'", "'b1'", "[1]", "allowed [2]"}},
      {"a matrix of another height",
       [](auto& b) { input_shape(b).mutable_dim(2)->set_dim_value(12); },
       {"'fc' (Gemm)", "[30]", "'w2'", "18"}},
      {"a matrix behind an image",
       [](auto& b) { node(b, kFc).set_input(0, "pool"); },
       {"'fc'", "[2, 3, 3]", "flatten"}},
      {"weights of three dimensions",
       [](auto& b) {
         initializer(b, kW1).mutable_dims()->RemoveLast();
         initializer(b, kW1).set_dims(2, 9);
       },
       {"'conv'", "[2, 1, 9]", "2-D"}},
      {"a sum of two shapes",
       [](auto& b) {
         b.node("Add", "sum", {"conv", "pool"});
       },
       {"'sum'", "[2, 6, 6]", "[2, 3, 3]"}},
      {"a constant that does not broadcast",
       [](auto& b) {
         b.floats("c", {4}, {1, 2, 3, 4});
         b.node("Add", "sum", {"fc", "c"});
       },
       {"'sum'", "'c'", "[4]", "[N, 3]"}},
      {"reshape to another count",
       [](auto& b) {
         b.ints("s", {-1, 17});
         b.node("Reshape", "re", {"pool", "s"});
       },
       {"'re'", "[2, 3, 3] to [-1, 17]", "18 elements"}},
      {"reshape to another batch",
       [](auto& b) {
         b.ints("s", {2, 9});
         b.node("Reshape", "re", {"pool", "s"});
       },
       {"'re'", "[2, 9]", "batch"}},
      {"reshape with two open dimensions",
       [](auto& b) {
         b.ints("s", {-1, -1});
         b.node("Reshape", "re", {"pool", "s"});
       },
       {"'re'", "more than one -1"}},
      {"reshape to absurd sizes",
       [](auto& b) {
         b.ints("s", {1, 1LL << 28, 1LL << 28, 1LL << 28});
         b.node("Reshape", "re", {"pool", "s"});
       },
       {"'re'", "do not fit"}},
      {"another output than declared",
       [](auto& b) {
         OnnxBuilder::declare(*b.graph().mutable_output(0), "fc", {-1, 4});
       },
       {"output 'fc'", "[N, 4]", "[3]"}},
      {"an output of absurd size",
       [](auto& b) {
         set(node(b, kConv), "pads", Dims{65536, 65536, 65536, 65536});
       },
       {"'conv'", "elements"}},
  });
}

}  // namespace
}  // namespace systolog::workloads::test
