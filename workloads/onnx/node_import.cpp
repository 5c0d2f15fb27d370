// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/node_import.h"

#include <algorithm>
#include <array>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/constant_folding.h"

namespace systolog::workloads::onnx_import {

namespace {

// FP32 weights of the largest file protobuf reads, 2 GiB. More can only come from nodes that
// share tensors.
constexpr std::size_t kMaxWeights = std::size_t{1} << 29;

}  // namespace

NodeImport::NodeImport(Import& import, const onnx::NodeProto& proto)
    : attributes(proto), import_(import), proto_(proto) {}

void NodeImport::check_arity(int least, int most, int outputs) const {
  const int inputs = proto_.input_size();
  if (inputs < least || inputs > most) {
    throw UserError("has " + std::to_string(inputs) + " inputs, allowed " + std::to_string(least) +
                    (least == most ? "" : " to " + std::to_string(most)));
  }
  for (int i = 0; i < least; ++i) {
    if (!has_input(i)) throw UserError("input " + std::to_string(i) + " is missing");
  }
  for (int i = outputs; i < proto_.output_size(); ++i) {
    if (import_.readers.contains(proto_.output(i))) {
      throw UserError("output " + std::to_string(i) + " ('" + printable(proto_.output(i)) +
                      "') is used, allowed only the first" +
                      (outputs == 1 ? " output" : " " + std::to_string(outputs) + " outputs"));
    }
  }
}

bool NodeImport::has_input(int i) const {
  return i < proto_.input_size() && !proto_.input(i).empty();
}

const Value& NodeImport::value(int i) const { return import_.values.at(proto_.input(i)); }

bool NodeImport::is_constant(int i) const { return !std::holds_alternative<View>(value(i)); }

std::string NodeImport::describe(int i) const {
  return "input " + std::to_string(i) + " ('" + printable(proto_.input(i)) + "')";
}

const View& NodeImport::view(int i) const {
  if (is_constant(i)) throw UserError(describe(i) + " is a constant, allowed an activation");
  return std::get<View>(value(i));
}

std::size_t NodeImport::activation(int i) {
  const View& seen = view(i);
  if (seen.dims.size() > 3) {
    throw UserError(describe(i) + " is [N, " + to_string(seen.dims).substr(1) +
                    ", allowed at most [N, channels, height, width]");
  }
  const Shape wanted = shape_for(seen.dims), &stored = import_.graph.nodes[seen.node].shape;
  const View straight = plain_view(seen.node, stored);
  if (wanted == stored && seen.axes == straight.axes) return seen.node;
  std::size_t node = 0;
  if (in_order(seen)) {
    node = append_for_input(i, "reshaped", Reshape{wanted}, seen.node);
  } else {
    const auto sizes = sizes_of(stored);
    Transpose op{{sizes.begin(), sizes.end()}, seen.axes, wanted};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (std::ranges::find(op.permutation, axis) == op.permutation.end()) {
        op.permutation.push_back(axis);  // of size 1
      }
    }
    node = append_for_input(i, "transposed", std::move(op), seen.node);
  }
  // Its other readers find it so.
  import_.values.at(proto_.input(i)) = plain_view(node, wanted);
  return node;
}

View NodeImport::with_channels_along(int i, std::size_t d) {
  View seen = view(i);
  if (!seen.has_axes()) {
    throw UserError(describe(i) + " is [N, " + to_string(seen.dims).substr(1) +
                    ", allowed at most [N, channels, height, width]");
  }
  const std::size_t axis = seen.axes[d];
  if (axis == 0) return seen;
  auto sizes = sizes_of(node_shape(seen.node));
  Transpose op{{sizes.begin(), sizes.end()}, {0, 1, 2}, {}};
  std::swap(op.permutation[0], op.permutation[axis]);
  std::swap(sizes[0], sizes[axis]);
  op.target = {sizes[0], sizes[1], sizes[2]};
  seen.node = append_for_input(i, "transposed", std::move(op), seen.node);
  for (std::size_t& other : seen.axes) {
    other = other == 0 ? axis : other == axis ? 0 : other;
  }
  return seen;
}

const Shape& NodeImport::shape(int i) { return import_.graph.nodes[activation(i)].shape; }

std::size_t NodeImport::row_major(int i) {
  return in_order(view(i)) ? view(i).node : activation(i);
}

std::size_t NodeImport::append_for_input(int i, const char* what, Operator op, std::size_t input) {
  Graph& graph = import_.graph;
  graph.nodes.push_back(
      {unique_name(import_, printable(proto_.input(i)) + ":" + what), std::move(op), {input}, {}});
  import_.value_of_node.emplace_back();  // of no ONNX value alone
  infer_shape(graph, graph.nodes.size() - 1);
  return graph.nodes.size() - 1;
}

Constant NodeImport::constant(int i) const {
  if (!is_constant(i)) {
    throw UserError(describe(i) + " is computed by the network, allowed a constant");
  }
  if (const auto* changed = std::get_if<std::shared_ptr<const Constant>>(&value(i))) {
    return **changed;
  }
  return decode(*std::get<const onnx::TensorProto*>(value(i)));
}

Constant NodeImport::float_constant(int i) const {
  Constant c = constant(i);
  if (!c.is_float) throw UserError(describe(i) + " holds integers, allowed a float type");
  return c;
}

Constant NodeImport::int_constant(int i) const {
  Constant c = constant(i);
  if (c.is_float) throw UserError(describe(i) + " holds floats, allowed an integer type");
  return c;
}

void NodeImport::emit(Operator op, std::vector<std::size_t> inputs, int output) {
  const std::size_t node = append(std::move(op), std::move(inputs), output);
  bind(plain_view(node, import_.graph.nodes[node].shape), output);
}

void NodeImport::emit_like_input(Operator op) {
  View seen = view(0);
  seen.node = append(std::move(op), {seen.node});
  bind(std::move(seen));
}

std::size_t NodeImport::append(Operator op, std::vector<std::size_t> inputs, int output) {
  Graph& graph = import_.graph;
  graph.nodes.push_back(
      {unique_name(import_, display_name(proto_)), std::move(op), std::move(inputs), {}});
  import_.value_of_node.push_back(proto_.output(output));
  infer_shape(graph, graph.nodes.size() - 1);
  return graph.nodes.size() - 1;
}

void NodeImport::bind(Value value, int output) {
  import_.values.insert_or_assign(proto_.output(output), std::move(value));
}

void NodeImport::bind(Constant constant) {
  charge(constant.count());
  bind(std::make_shared<const Constant>(std::move(constant)));
}

void NodeImport::take_over(int i) {
  import_.value_of_node[view(i).node] = proto_.output(0);
  bind(value(i));
}

View NodeImport::constant_view(const Constant& constant, const View& like) {
  std::vector<std::size_t> dims = constant.dims;
  if (dims.size() == like.dims.size() + 1 && dims[0] == 1) dims.erase(dims.begin());
  if (!like.has_axes() || dims.size() > like.dims.size() || constant.count() == 0) {
    throw UserError("constant '" + constant.name + "' has shape " + to_string(constant.dims) +
                    ", allowed at most the dimensions of [1, " + to_string(like.dims).substr(1));
  }
  dims.insert(dims.begin(), like.dims.size() - dims.size(), 1);
  std::array<std::size_t, 3> sizes = {1, 1, 1}, stride = {0, 0, 0};
  std::size_t elements = 1;
  for (std::size_t d = dims.size(); d-- > 0;) {
    sizes[like.axes[d]] = dims[d];
    stride[like.axes[d]] = elements;
    elements *= dims[d];
  }
  charge(elements);
  ConstantTensor tensor{with_sizes(node_shape(like.node), sizes), {}};
  tensor.values.reserve(elements);
  for (std::size_t c = 0; c < sizes[0]; ++c) {
    for (std::size_t y = 0; y < sizes[1]; ++y) {
      for (std::size_t x = 0; x < sizes[2]; ++x) {
        tensor.values.push_back(constant.floats[c * stride[0] + y * stride[1] + x * stride[2]]);
      }
    }
  }
  Graph& graph = import_.graph;
  graph.nodes.push_back({unique_name(import_, constant.name), std::move(tensor), {}, {}});
  import_.value_of_node.emplace_back();  // of no ONNX value alone
  infer_shape(graph, graph.nodes.size() - 1);
  return {graph.nodes.size() - 1, std::move(dims), like.axes};
}

Node* NodeImport::sole_producer(int i) {
  const std::size_t node = view(i).node;
  const std::string& name = proto_.input(i);
  // A node behind an Identity may have readers under its other name.
  if (import_.readers.at(name) != 1 || import_.value_of_node[node] != name) return nullptr;
  return &import_.graph.nodes[node];
}

bool NodeImport::fold_constants() {
  const Evaluation evaluation = find_evaluation(proto_.op_type());
  if (evaluation == nullptr || inputs() == 0) return false;
  for (int i = 0; i < inputs(); ++i) {
    if (has_input(i) && !is_constant(i)) return false;
  }
  check_arity(0, inputs());
  std::vector<Constant> constants(static_cast<std::size_t>(inputs()));
  std::vector<const Constant*> given;
  for (int i = 0; i < inputs(); ++i) {
    Constant& c = constants[static_cast<std::size_t>(i)];
    if (has_input(i)) c = constant(i);
    given.push_back(has_input(i) ? &c : nullptr);
  }
  Constant result = evaluation({attributes, opset(), given});
  result.name = printable(proto_.output(0));
  bind(std::move(result));
  return true;
}

void NodeImport::charge(std::size_t elements) {
  import_.weights += elements;
  if (elements > kMaxWeights || import_.weights > kMaxWeights) {
    throw UserError("the network has more than " + std::to_string(kMaxWeights) + " weights");
  }
}

std::string unique_name(Import& import, const std::string& wanted) {
  std::string name = wanted;
  int& last = import.last_suffix.emplace(wanted, 1).first->second;
  while (!import.names.insert(name).second) {
    name = wanted;
    name += '_';
    name += std::to_string(++last);
  }
  return name;
}

std::string display_name(const onnx::NodeProto& node) {
  if (!node.name().empty()) return printable(node.name());
  return printable(node.output_size() > 0 ? node.output(0) : "");
}

}  // namespace systolog::workloads::onnx_import
