// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/workloads/onnx_builder.h"
#include "tests/workloads/support.h"
#include "workloads/onnx_import.h"

namespace systolog::workloads::test {

/// conv -> relu -> pool -> flatten -> fc, all right: what each case below damages.
inline OnnxBuilder good() {
  OnnxBuilder b({-1, 1, 8, 8});
  b.floats("w1", {2, 1, 3, 3}, random_values(18, 1));
  b.floats("b1", {2}, {1, 2});
  b.floats("w2", {18, 3}, random_values(54, 2));
  b.node("Conv", "conv", {"x", "w1", "b1"});
  b.node("Relu", "relu", {"conv"});
  onnx::NodeProto& pool = b.node("MaxPool", "pool", {"relu"});
  set(pool, "kernel_shape", {2, 2});
  set(pool, "strides", {2, 2});
  b.node("Flatten", "flat", {"pool"});
  b.node("Gemm", "fc", {"flat", "w2"});
  return b;
}

/// The message for a file of these bytes; it begins with the file's name.
inline std::string refusal_of_bytes(const std::string& bytes) {
  const Folder folder;
  const auto file = folder.write("bad.onnx", bytes);
  const std::string text = message_of([&] { import_onnx(file); });
  EXPECT_EQ(text.rfind(file.string() + ": ", 0), 0U) << "does not begin with the file: " << text;
  return text;
}

inline onnx::TensorProto& initializer(OnnxBuilder& b, int i) {
  return *b.graph().mutable_initializer(i);
}
inline onnx::NodeProto& node(OnnxBuilder& b, int i) { return *b.graph().mutable_node(i); }
inline onnx::TensorShapeProto& input_shape(OnnxBuilder& b) {
  return *b.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
}
inline constexpr int kConv = 0, kRelu = 1, kPool = 2, kFlat = 3, kFc = 4;  // nodes
inline constexpr int kW1 = 0, kB1 = 1, kW2 = 2;                            // initialisers

/// One way to damage the model, and what the message must hold.
struct Damage {
  std::string what;
  std::function<void(OnnxBuilder&)> apply;
  std::vector<std::string> told;
};

inline void expect_all_told(const std::vector<Damage>& cases) {
  for (const Damage& c : cases) {
    SCOPED_TRACE(c.what);
    OnnxBuilder b = good();
    c.apply(b);
    expect_parts(refusal_of_bytes(b.bytes()), c.told);
  }
}

}  // namespace systolog::workloads::test
