// SPDX-License-Identifier: Apache-2.0
#include "workloads/training/onnx_writer.h"

#include <onnx/onnx_pb.h>

#include <bit>
#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include "models/user_error.h"

namespace systolog::workloads::training {

namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little endian");

using Ints = std::initializer_list<std::int64_t>;

void add_tensor(onnx::GraphProto& graph, const std::string& name, const torch::Tensor& values) {
  const torch::Tensor dense = values.detach().contiguous();
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : dense.sizes()) tensor.add_dims(size);
  tensor.set_raw_data(dense.data_ptr<float>(),
                      static_cast<std::size_t>(dense.numel()) * sizeof(float));
}

void add_attribute(onnx::NodeProto& node, const std::string& name, Ints values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

void add_attribute(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void add_value(onnx::ValueInfoProto& value, const std::string& name, Ints sizes) {
  value.set_name(name);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("N");
  for (const std::int64_t size : sizes) type.mutable_shape()->add_dim()->set_dim_value(size);
}

/// Nodes that follow each other; each one's output carries its name.
class Chain {
 public:
  Chain(onnx::GraphProto& graph, std::string input) : graph_(graph), last_(std::move(input)) {}

  onnx::NodeProto& add(const std::string& type, const std::string& name) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type(type);
    node.set_name(name);
    node.add_input(last_);
    node.add_output(name);
    last_ = name;
    return node;
  }

  onnx::NodeProto& add(const std::string& type, const std::string& name,
                       const torch::Tensor& weight, const torch::Tensor& bias) {
    onnx::NodeProto& node = add(type, name);
    add_tensor(graph_, name + ".weight", weight);
    add_tensor(graph_, name + ".bias", bias);
    node.add_input(name + ".weight");
    node.add_input(name + ".bias");
    return node;
  }

 private:
  onnx::GraphProto& graph_;
  std::string last_;
};

onnx::ModelProto to_model(const LeNet5& net) {
  onnx::ModelProto model;
  model.set_ir_version(7);  // the IR of opset 13's time
  model.set_producer_name("systolog_train_lenet5");
  model.add_opset_import()->set_version(13);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("lenet5");
  add_value(*graph.add_input(), "input", {1, 28, 28});
  add_value(*graph.add_output(), "logits", {10});

  Chain chain(graph, "input");
  const auto conv = [&](const std::string& number, const torch::nn::Conv2d& layer, Ints pads) {
    onnx::NodeProto& node = chain.add("Conv", "conv" + number, layer->weight, layer->bias);
    add_attribute(node, "kernel_shape", {5, 5});
    add_attribute(node, "pads", pads);
    chain.add("Relu", "relu" + number);
    onnx::NodeProto& pool = chain.add("MaxPool", "pool" + number);
    add_attribute(pool, "kernel_shape", {2, 2});
    add_attribute(pool, "strides", {2, 2});
  };
  const auto fc = [&](const std::string& name, const torch::nn::Linear& layer) -> auto& {
    onnx::NodeProto& node = chain.add("Gemm", name, layer->weight, layer->bias);
    add_attribute(node, "transB", 1);
    return node;
  };
  conv("1", net->conv1, {2, 2, 2, 2});
  conv("2", net->conv2, {0, 0, 0, 0});
  chain.add("Flatten", "flatten");
  fc("fc1", net->fc1);
  chain.add("Relu", "relu3");
  fc("fc2", net->fc2);
  chain.add("Relu", "relu4");
  fc("fc3", net->fc3).set_output(0, "logits");
  return model;
}

/// A tensor's name, in FP16 with a Cast to FP32 before its use, or in FP32.
void add_weights(onnx::GraphProto& graph, const std::string& name, const torch::Tensor& values,
                 bool half) {
  if (!half) return add_tensor(graph, name, values);
  const torch::Tensor rounded = values.detach().to(torch::kHalf).contiguous();
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name + ".fp16");
  tensor.set_data_type(onnx::TensorProto::FLOAT16);
  for (const std::int64_t size : rounded.sizes()) tensor.add_dims(size);
  tensor.set_raw_data(rounded.data_ptr(), static_cast<std::size_t>(rounded.nbytes()));
  onnx::NodeProto& cast = *graph.add_node();
  cast.set_op_type("Cast");
  cast.set_name(name + ".cast");
  cast.add_input(name + ".fp16");
  cast.add_output(name);
  add_attribute(cast, "to", onnx::TensorProto::FLOAT);
}

void add_parameters(onnx::GraphProto& graph, onnx::NodeProto& node, SpecNetworkImpl& net,
                    std::size_t index) {
  const auto [weight, bias] = net.folded(index);
  add_weights(graph, node.name() + ".weight", weight, net.spec->half_weights);
  add_weights(graph, node.name() + ".bias", bias, net.spec->half_weights);
  node.add_input(node.name() + ".weight");
  node.add_input(node.name() + ".bias");
}

/// One layer without its ReLU. Casts of its weights go before it.
void add_layer(onnx::GraphProto& graph, SpecNetworkImpl& net, std::size_t index,
               const std::vector<std::string>& values) {
  const LayerSpec& layer = net.spec->layers[index];
  onnx::NodeProto node;
  node.set_name(layer.name);
  node.add_input(values[layer.input]);
  node.add_output(layer.name);
  switch (layer.kind) {
    case LayerKind::kConv:
      node.set_op_type("Conv");
      add_parameters(graph, node, net, index);
      add_attribute(node, "kernel_shape", {layer.kernel, layer.kernel});
      add_attribute(node, "strides", {layer.stride, layer.stride});
      add_attribute(node, "pads", {layer.pad, layer.pad, layer.pad, layer.pad});
      add_attribute(node, "group", layer.groups);
      break;
    case LayerKind::kLinear:
      node.set_op_type("Gemm");
      add_parameters(graph, node, net, index);
      add_attribute(node, "transB", 1);
      break;
    case LayerKind::kMaxPool:
      node.set_op_type("MaxPool");
      add_attribute(node, "kernel_shape", {layer.kernel, layer.kernel});
      add_attribute(node, "strides", {layer.stride, layer.stride});
      break;
    case LayerKind::kGlobalAveragePool:
      node.set_op_type("GlobalAveragePool");
      break;
    case LayerKind::kFlatten:
      node.set_op_type("Flatten");
      break;
    case LayerKind::kAdd:
      node.set_op_type("Add");
      node.add_input(values[layer.other]);
      break;
  }
  *graph.add_node() = node;
}

onnx::ModelProto to_model(SpecNetworkImpl& net) {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.set_producer_name("systolog_train_cifar10");
  model.add_opset_import()->set_version(13);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name(net.spec->name);
  add_value(*graph.add_input(), "input", {3, 32, 32});
  std::vector<std::string> values = {"input"};
  for (std::size_t i = 0; i < net.spec->layers.size(); ++i) {
    const LayerSpec& layer = net.spec->layers[i];
    add_layer(graph, net, i, values);
    values.push_back(layer.name);
    if (!layer.relu) continue;
    onnx::NodeProto& relu = *graph.add_node();
    relu.set_op_type("Relu");
    relu.set_name(layer.name + "_relu");
    relu.add_input(layer.name);
    relu.add_output(relu.name());
    values.back() = relu.name();
  }
  graph.mutable_node()->rbegin()->set_output(0, "logits");
  add_value(*graph.add_output(), "logits", {10});
  return model;
}

std::filesystem::path beside(std::filesystem::path file) {
  file += ".part";
  return file;
}

void save(const onnx::ModelProto& model, const std::filesystem::path& file) {
  const std::string bytes = model.SerializeAsString();
  std::ofstream out(beside(file), std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(beside(file), file, error);
  if (!out || error) throw UserError(file.string() + ": cannot be written");
}

}  // namespace

void check_writable(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file)) {
    throw UserError(file.string() + ": is a folder, allowed a file to write");
  }
  if (!std::ofstream(beside(file), std::ios::binary)) {
    throw UserError(file.string() + ": cannot be written; does its folder exist?");
  }
  std::error_code ignored;
  std::filesystem::remove(beside(file), ignored);
}

void write_onnx(const LeNet5& net, const std::filesystem::path& file) { save(to_model(net), file); }

void write_onnx(SpecNetwork& net, const std::filesystem::path& file) { save(to_model(*net), file); }

}  // namespace systolog::workloads::training
