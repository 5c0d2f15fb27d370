// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace systolog::workloads::test {

using Dims = std::vector<std::int64_t>;

/// Builds ONNX models node by node. Values carry the name of the node that makes them.
class OnnxBuilder {
 public:
  /// Input "x" of the given dimensions, -1: open ("N").
  explicit OnnxBuilder(const Dims& input, std::int64_t opset = 13) {
    model.set_ir_version(7);
    model.add_opset_import()->set_version(opset);
    declare(*graph().add_input(), "x", input);
    graph().add_output();
  }

  onnx::ModelProto model;
  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  static void declare(onnx::ValueInfoProto& value, const std::string& name, const Dims& dims) {
    value.set_name(name);
    auto& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    type.mutable_shape()->clear_dim();
    for (const std::int64_t dim : dims) {
      auto& d = *type.mutable_shape()->add_dim();
      if (dim == -1) {
        d.set_dim_param("N");
      } else {
        d.set_dim_value(dim);
      }
    }
  }

  onnx::TensorProto& floats(const std::string& name, const Dims& dims,
                            const std::vector<float>& values) {
    onnx::TensorProto& t = tensor(name, dims, onnx::TensorProto::FLOAT);
    for (const float v : values) t.add_float_data(v);
    return t;
  }
  onnx::TensorProto& ints(const std::string& name, const std::vector<std::int64_t>& values) {
    onnx::TensorProto& t =
        tensor(name, {static_cast<std::int64_t>(values.size())}, onnx::TensorProto::INT64);
    for (const std::int64_t v : values) t.add_int64_data(v);
    return t;
  }
  onnx::TensorProto& tensor(const std::string& name, const Dims& dims, int type) {
    onnx::TensorProto& t = *graph().add_initializer();
    t.set_name(name);
    t.set_data_type(type);
    for (const std::int64_t d : dims) t.add_dims(d);
    return t;
  }

  /// A node that is the graph's output until another is added.
  onnx::NodeProto& node(const std::string& type, const std::string& name,
                        const std::vector<std::string>& inputs) {
    onnx::NodeProto& n = *graph().add_node();
    n.set_op_type(type);
    n.set_name(name);
    for (const std::string& input : inputs) n.add_input(input);
    n.add_output(name);
    graph().mutable_output(0)->set_name(name);
    return n;
  }

  std::string bytes() const { return model.SerializeAsString(); }
};

inline void set(onnx::NodeProto& node, const std::string& name, const Dims& values) {
  auto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t v : values) a.add_ints(v);
}
inline void set(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  auto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::INT);
  a.set_i(value);
}
inline void set_float(onnx::NodeProto& node, const std::string& name, float value) {
  auto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::FLOAT);
  a.set_f(value);
}
inline void set_text(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  auto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::STRING);
  a.set_s(value);
}

}  // namespace systolog::workloads::test
