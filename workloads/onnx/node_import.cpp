// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/node_import.h"

#include <utility>

#include "models/user_error.h"

namespace systolog::workloads::onnx_import {

namespace {

// FP32 weights of the largest file protobuf reads, 2 GiB. More can only come from nodes that
// share tensors.
constexpr std::size_t kMaxWeights = std::size_t{1} << 29;

}  // namespace

NodeImport::NodeImport(Import& import, const onnx::NodeProto& proto)
    : attributes(proto), import_(import), proto_(proto) {}

void NodeImport::check_arity(int least, int most) const {
  const int inputs = proto_.input_size();
  if (inputs < least || inputs > most) {
    throw UserError("has " + std::to_string(inputs) + " inputs, allowed " + std::to_string(least) +
                    (least == most ? "" : " to " + std::to_string(most)));
  }
  for (int i = 0; i < least; ++i) {
    if (!has_input(i)) throw UserError("input " + std::to_string(i) + " is missing");
  }
  for (int i = 1; i < proto_.output_size(); ++i) {
    if (import_.readers.contains(proto_.output(i))) {
      throw UserError("output " + std::to_string(i) + " ('" + printable(proto_.output(i)) +
                      "') is used, allowed only the first output");
    }
  }
}

bool NodeImport::has_input(int i) const {
  return i < proto_.input_size() && !proto_.input(i).empty();
}

const Value& NodeImport::value(int i) const { return import_.values.at(proto_.input(i)); }

bool NodeImport::is_constant(int i) const { return value(i).index() != 0; }

std::string NodeImport::describe(int i) const {
  return "input " + std::to_string(i) + " ('" + printable(proto_.input(i)) + "')";
}

std::size_t NodeImport::activation(int i) const {
  if (is_constant(i)) throw UserError(describe(i) + " is a constant, allowed an activation");
  return std::get<std::size_t>(value(i));
}

const Shape& NodeImport::shape(int i) const { return import_.graph.nodes[activation(i)].shape; }

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

void NodeImport::emit(Operator op, std::vector<std::size_t> inputs) {
  Graph& graph = import_.graph;
  graph.nodes.push_back(
      {unique_name(import_, display_name(proto_)), std::move(op), std::move(inputs), {}});
  import_.value_of_node.push_back(proto_.output(0));
  infer_shape(graph, graph.nodes.size() - 1);
  bind(graph.nodes.size() - 1);
}

std::size_t NodeImport::output() const {
  return std::get<std::size_t>(import_.values.at(proto_.output(0)));
}

void NodeImport::bind(Value value) {
  import_.values.insert_or_assign(proto_.output(0), std::move(value));
}

void NodeImport::take_over(std::size_t node) {
  import_.value_of_node[node] = proto_.output(0);
  bind(node);
}

Node* NodeImport::sole_producer(int i) {
  const std::size_t node = activation(i);
  const std::string& name = proto_.input(i);
  // A node behind an Identity may have readers under its other name.
  if (import_.readers.at(name) != 1 || import_.value_of_node[node] != name) return nullptr;
  return &import_.graph.nodes[node];
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
