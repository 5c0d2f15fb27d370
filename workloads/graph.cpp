// SPDX-License-Identifier: Apache-2.0
#include "workloads/graph.h"

namespace systolog::workloads {

namespace {

struct NameOf {
  std::string_view operator()(const Input&) const { return "input"; }
  std::string_view operator()(const Conv&) const { return "conv"; }
  std::string_view operator()(const Gemm&) const { return "gemm"; }
  std::string_view operator()(const Relu&) const { return "relu"; }
  std::string_view operator()(const MaxPool&) const { return "max_pool"; }
  std::string_view operator()(const AveragePool&) const { return "average_pool"; }
  std::string_view operator()(const GlobalAveragePool&) const { return "global_average_pool"; }
  std::string_view operator()(const Reshape&) const { return "reshape"; }
  std::string_view operator()(const Add&) const { return "add"; }
  std::string_view operator()(const BatchNorm&) const { return "batch_norm"; }
  std::string_view operator()(const Softmax&) const { return "softmax"; }
  std::string_view operator()(const Slice&) const { return "slice"; }
  std::string_view operator()(const Pad&) const { return "pad"; }
  std::string_view operator()(const Concat&) const { return "concat"; }
  std::string_view operator()(const Sub&) const { return "sub"; }
  std::string_view operator()(const Mul&) const { return "mul"; }
  std::string_view operator()(const Transpose&) const { return "transpose"; }
  std::string_view operator()(const ConstantTensor&) const { return "constant"; }
  std::string_view operator()(const Activate& op) const {
    switch (op.function) {
      case models::Activation::kClip:
        return "clip";
      case models::Activation::kLeakyRelu:
        return "leaky_relu";
      case models::Activation::kElu:
        return "elu";
      case models::Activation::kSigmoid:
        return "sigmoid";
      case models::Activation::kTanh:
        return "tanh";
      case models::Activation::kHardSigmoid:
        return "hard_sigmoid";
      case models::Activation::kHardSwish:
        return "hard_swish";
    }
    return "";
  }
};

}  // namespace

std::string_view name_of(const Operator& op) { return std::visit(NameOf{}, op); }

std::string to_string(const Shape& shape) {
  std::string text = "[";
  text += std::to_string(shape.channels);
  if (shape.is_series) {
    text += ", " + std::to_string(shape.width);
  } else if (!shape.is_vector) {
    text += ", " + std::to_string(shape.height) + ", " + std::to_string(shape.width);
  }
  return text + "]";
}

std::array<std::size_t, 3> sizes_of(const Shape& shape) {
  return {shape.channels, shape.height, shape.width};
}

Shape with_sizes(const Shape& like, const std::array<std::size_t, 3>& sizes) {
  return {sizes[0], sizes[1], sizes[2], like.is_vector, like.is_series};
}

std::vector<std::size_t> batch_shape(std::size_t images, const Shape& shape) {
  if (shape.is_vector) return {images, shape.channels};
  if (shape.is_series) return {images, shape.channels, shape.width};
  return {images, shape.channels, shape.height, shape.width};
}

std::vector<GraphOutput> outputs_of(const Graph& graph) {
  if (!graph.outputs.empty()) return graph.outputs;
  return {{graph.nodes.back().name, graph.nodes.size() - 1}};
}

std::vector<std::size_t> count_readers(const Graph& graph) {
  std::vector<std::size_t> readers(graph.nodes.size(), 0);
  for (const Node& node : graph.nodes) {
    for (const std::size_t input : node.inputs) ++readers[input];
  }
  for (const GraphOutput& output : outputs_of(graph)) ++readers[output.node];
  return readers;
}

std::size_t padded_from(PadMode mode, std::size_t at, std::size_t before, std::size_t size) {
  if (at < before) return mode == PadMode::kEdge ? 0 : before - at;
  const std::size_t inside = at - before;
  if (inside < size) return inside;
  return mode == PadMode::kEdge ? size - 1 : 2 * (size - 1) - inside;
}

std::uint64_t macs(const Graph& graph, std::size_t node) {
  const Node& n = graph.nodes.at(node);
  if (const auto* conv = std::get_if<Conv>(&n.op)) {
    const std::uint64_t channels = graph.nodes.at(n.inputs.front()).shape.channels;
    return n.shape.count() * (channels / conv->groups) * conv->window.kernel_h *
           conv->window.kernel_w;
  }
  if (std::holds_alternative<Gemm>(n.op)) {
    return std::uint64_t{graph.nodes.at(n.inputs.front()).shape.count()} * n.shape.count();
  }
  return 0;
}

std::uint64_t parameters(const Graph& graph, std::size_t node) {
  const Node& n = graph.nodes.at(node);
  if (const auto* conv = std::get_if<Conv>(&n.op)) {
    const std::uint64_t channels = graph.nodes.at(n.inputs.front()).shape.channels;
    return conv->filters * (channels / conv->groups) * conv->window.kernel_h *
               conv->window.kernel_w +
           conv->bias.size();
  }
  if (const auto* gemm = std::get_if<Gemm>(&n.op)) return macs(graph, node) + gemm->bias.size();
  if (const auto* norm = std::get_if<BatchNorm>(&n.op)) {
    return norm->scale.size() + norm->shift.size();
  }
  if (const auto* tensor = std::get_if<ConstantTensor>(&n.op)) return tensor->values.size();
  return 0;
}

}  // namespace systolog::workloads
