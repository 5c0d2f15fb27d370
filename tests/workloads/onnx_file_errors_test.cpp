// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/workloads/onnx_damage.h"

namespace systolog::workloads::test {
namespace {

TEST(OnnxErrors, TheUndamagedModelImports) {
  const Folder folder;
  EXPECT_EQ(import_onnx(folder.write("good.onnx", good().bytes())).nodes.size(), 6U);
}

TEST(OnnxErrors, FilesThatAreNoModels) {
  const Folder folder;
  expect_parts(message_of([&] { import_onnx(folder.path() / "none.onnx"); }),
               {"none.onnx", "no such file"});
  expect_parts(message_of([&] { import_onnx(folder.path()); }), {"folder"});
  expect_parts(refusal_of_bytes(""), {"empty"});
  expect_parts(refusal_of_bytes("{\"name\": \"lenet5\"}"), {"not an ONNX model"});
  expect_parts(refusal_of_bytes(std::string(100'000, '[')), {"not an ONNX model"});
  expect_parts(refusal_of_bytes(onnx::ModelProto().SerializeAsString() + std::string("\x08\x07")),
               {"no graph"});
}

TEST(OnnxErrors, NestingWithoutEndIsRefused) {
  // 100,000 graphs, each inside an attribute of a node of the one before.
  std::string bytes;
  const auto wrap = [](char tag, const std::string& inner) {
    std::string out(1, tag);
    for (std::size_t n = inner.size();; n >>= 7) {
      out += static_cast<char>((n & 0x7F) | (n >= 0x80 ? 0x80 : 0));
      if (n < 0x80) break;
    }
    return out + inner;
  };
  for (int i = 0; i < 2'000; ++i) bytes = wrap(0x0A, wrap(0x2A, wrap(0x32, bytes)));
  expect_parts(refusal_of_bytes(wrap(0x3A, bytes)), {"not an ONNX model"});
}

TEST(OnnxErrors, RandomBytesAndEveryKindOfMutationEndInAGraphOrAUserError) {
  const Folder folder;
  std::mt19937 random(3);
  const std::string whole = good().bytes();
  int refused = 0;
  testing::internal::CaptureStderr();
  for (int i = 0; i < 4'000; ++i) {
    std::string bytes = whole;
    switch (i % 4) {
      case 0:
        bytes.resize(random() % bytes.size());
        break;
      case 1:
        bytes.assign(1 + random() % 500, static_cast<char>(random()));
        break;
      case 2:
        for (char& c : bytes) c = static_cast<char>(random());
        break;
      default:
        for (int k = 0; k < 3; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    try {
      import_onnx(folder.write("m.onnx", bytes));
    } catch (const UserError& error) {
      ++refused;
      for (const char c : std::string_view(error.what())) {
        ASSERT_TRUE((c >= ' ' && c <= '~') || c == '\n') << "unprintable byte in: " << error.what();
      }
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");  // protobuf keeps quiet
  EXPECT_GT(refused, 3'000);
}

TEST(OnnxErrors, UnsupportedNodesAreAllNamedInOneMessage) {
  OnnxBuilder b = good();
  b.node("LSTM", "loop_1", {"fc"});
  b.node("TopK", "top_1", {"loop_1"});
  b.node("LSTM", "loop_2", {"top_1"});
  b.node("Fancy", "mine", {"loop_2"}).set_domain("com.example");
  b.node("TopK", "unnamed_top", {"mine"}).clear_name();
  const std::string text = refusal_of_bytes(b.bytes());
  expect_parts(text, {"5 nodes", "LSTM ('loop_1', 'loop_2')", "TopK ('top_1', 'unnamed_top')",
                      "com.example.Fancy ('mine')", "Supported are Add"});
  for (const std::string_view name : supported_onnx_operators()) {
    expect_parts(text, {std::string(name)});
  }
}

TEST(OnnxErrors, InputsOutputsAndVersions) {
  expect_all_told({
      {"old opset",
       [](auto& b) { b.model.mutable_opset_import(0)->set_version(6); },
       {"opset 6", "allowed 7 to 17"}},
      {"new opset",
       [](auto& b) { b.model.mutable_opset_import(0)->set_version(18); },
       {"opset 18", "allowed 7 to 17"}},
      {"no opset", [](auto& b) { b.model.clear_opset_import(); }, {"no opset", "7 to 17"}},
      {"two inputs",
       [](auto& b) {
         OnnxBuilder::declare(*b.graph().add_input(), "y", {1, 1});
       },
       {"2 inputs ('x', 'y')", "allowed 1"}},
      {"no input", [](auto& b) { b.graph().clear_input(); }, {"0 inputs", "allowed 1"}},
      {"an output twice",
       [](auto& b) { *b.graph().add_output() = b.graph().output(0); },
       {"two outputs have this name"}},
      {"a second output nobody makes",
       [](auto& b) { b.graph().add_output()->set_name("aux"); },
       {"'aux'", "no node"}},
      {"no output", [](auto& b) { b.graph().clear_output(); }, {"no output", "allowed 1 or more"}},
      {"an output nobody makes",
       [](auto& b) { b.graph().mutable_output(0)->set_name("logits"); },
       {"'logits'", "no node"}},
      {"an output that is the input",
       [](auto& b) { b.graph().mutable_output(0)->set_name("x"); },
       {"'x'", "it is the input or only a view of it"}},
      {"an output that is a constant",
       [](auto& b) { b.graph().mutable_output(0)->set_name("w1"); },
       {"'w1'", "not computed from the input"}},
      {"three dimensions",
       [](auto& b) { input_shape(b).mutable_dim()->RemoveLast(); },
       {"'conv'", "weights 'w1'", "[filters, channels / groups, width] (1-D convolution)"}},
      {"an open height",
       [](auto& b) { input_shape(b).mutable_dim(2)->set_dim_param("H"); },
       {"input 'x'", "dimension 2 is open ('H')", "\"input_shape\"", "3 dimensions behind"}},
      {"a negative width",
       [](auto& b) { input_shape(b).mutable_dim(3)->set_dim_value(-8); },
       {"input 'x'", "dimension 3 is -8"}},
      {"an absurd width",
       [](auto& b) { input_shape(b).mutable_dim(3)->set_dim_value(1LL << 40); },
       {"input 'x'", "dimension 3 is 1099511627776"}},
      {"an absurd image",
       [](auto& b) {
         for (int d = 1; d < 4; ++d) input_shape(b).mutable_dim(d)->set_dim_value(1 << 27);
       },
       {"'x'", "elements"}},
      {"strings as images",
       [](auto& b) {
         b.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
             onnx::TensorProto::STRING);
       },
       {"input 'x'", "element type 8", "1 (FLOAT)"}},
      {"no type",
       [](auto& b) { b.graph().mutable_input(0)->clear_type(); },
       {"input 'x'", "no tensor"}},
  });
}

}  // namespace
}  // namespace systolog::workloads::test
