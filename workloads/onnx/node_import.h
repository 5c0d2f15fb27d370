// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "workloads/graph.h"
#include "workloads/onnx/attributes.h"
#include "workloads/onnx/tensor_data.h"

namespace systolog::workloads::onnx_import {

/// What an ONNX value name stands for: a node of our graph, a tensor still in the file, or one
/// that an earlier handler changed.
using Value = std::variant<std::size_t, const onnx::TensorProto*, std::shared_ptr<const Constant>>;

/// The import as far as it has come.
struct Import {
  Graph graph;
  std::unordered_map<std::string, Value> values;
  std::unordered_map<std::string, std::size_t> readers;  // of each ONNX value, outputs included
  std::vector<std::string> value_of_node;                // ONNX value each graph node first got
  std::set<std::string> names;                           // of graph nodes, each used once
  std::map<std::string, int> last_suffix;                // given to a name that was taken
  std::int64_t opset = 0;
  std::optional<std::int64_t> batch;  // where the model fixes it
  std::size_t weights = 0;            // elements in the graph so far
};

/// One ONNX node on its way into the graph: what a handler sees. Everything throws UserError
/// without the file and the node, which the caller adds.
class NodeImport {
 public:
  NodeImport(Import& import, const onnx::NodeProto& proto);

  Attributes attributes;

  std::int64_t opset() const { return import_.opset; }
  std::optional<std::int64_t> batch() const { return import_.batch; }

  /// Fails unless the node has `least` to `most` inputs and only its first output is read.
  void check_arity(int least, int most) const;
  int inputs() const { return proto_.input_size(); }
  bool has_input(int i) const;
  bool is_constant(int i) const;
  std::size_t activation(int i) const;  // node of the graph
  const Shape& shape(int i) const;      // of that activation
  Constant constant(int i) const;
  Constant float_constant(int i) const;  // of a float type
  Constant int_constant(int i) const;    // of an integer type

  /// Adds a node to the graph and binds the first output to it.
  void emit(Operator op, std::vector<std::size_t> inputs);
  /// The graph node that the first output is bound to.
  std::size_t output() const;
  /// Binds the first output to a value that is there already.
  void bind(Value value);
  const Value& value(int i) const;
  /// Binds the first output to a graph node that now computes this ONNX node's value too.
  void take_over(std::size_t node);

  /// The graph node behind activation `i` if this ONNX node alone reads it, else null: it may be
  /// changed instead of adding a node behind it.
  Node* sole_producer(int i);
  /// Counts weights towards the limit, before they are made.
  void charge(std::size_t elements);

 private:
  std::string describe(int i) const;

  Import& import_;
  const onnx::NodeProto& proto_;
};

/// A name for a graph node: `wanted`, or `wanted_2` and so on where it is taken.
std::string unique_name(Import& import, const std::string& wanted);

/// The ONNX node's name, or its first output's where it has none; printable.
std::string display_name(const onnx::NodeProto& node);

}  // namespace systolog::workloads::onnx_import
