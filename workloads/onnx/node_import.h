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
#include "workloads/onnx/view.h"

namespace systolog::workloads::onnx_import {

/// A value of a node that is refused: those behind it are not looked at.
struct Unknown {};

/// What an ONNX value name stands for: an activation, a tensor still in the file, or one that was
/// computed from constants.
using Value =
    std::variant<View, const onnx::TensorProto*, std::shared_ptr<const Constant>, Unknown>;

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

/// The ONNX node's name, or its first output's where it has none; printable.
std::string display_name(const onnx::NodeProto& node);

/// One ONNX node on its way into the graph: what a handler sees. Everything throws UserError
/// without the file and the node, which the caller adds.
class NodeImport {
 public:
  NodeImport(Import& import, const onnx::NodeProto& proto);

  Attributes attributes;

  std::int64_t opset() const { return import_.opset; }
  std::string name() const { return display_name(proto_); }
  std::optional<std::int64_t> batch() const { return import_.batch; }

  /// Fails unless the node has `least` to `most` inputs and only its first `outputs` are read.
  void check_arity(int least, int most, int outputs = 1) const;
  int inputs() const { return proto_.input_size(); }
  bool has_input(int i) const;
  bool is_constant(int i) const;
  const View& view(int i) const;  // of an activation
  /// The graph node that has activation `i` in the order and with the dimensions that the model
  /// sees: where a view turns them around, a node that moves them is added.
  std::size_t activation(int i);
  const Shape& shape(int i);  // of that node
  /// The graph node whose elements follow each other as those of activation `i` do.
  std::size_t row_major(int i);
  Constant constant(int i) const;
  Constant float_constant(int i) const;  // of a float type
  Constant int_constant(int i) const;    // of an integer type

  /// Activation `i` with dimension `d` as its node's channels; data moves where it is not.
  View with_channels_along(int i, std::size_t d);
  const Shape& node_shape(std::size_t node) const { return import_.graph.nodes[node].shape; }

  /// Adds a node to the graph and binds an output to it.
  void emit(Operator op, std::vector<std::size_t> inputs, int output = 0);
  /// The same for a node that keeps the dimensions of activation 0, however they lie.
  void emit_like_input(Operator op);
  /// Adds a node to the graph.
  std::size_t append(Operator op, std::vector<std::size_t> inputs, int output = 0);
  /// A constant as an activation whose axes lie as those of `like`: of its dimensions, or of those
  /// behind a batch of 1, each is some dimension of `like`, from the last on.
  View constant_view(const Constant& constant, const View& like);
  int outputs() const { return proto_.output_size(); }
  const std::string& output_name(int i) const { return proto_.output(i); }
  /// Binds an output to a value that is there already.
  void bind(Value value, int output = 0);
  void bind(Constant constant);
  const Value& value(int i) const;
  /// Binds the first output to input `i`, whose graph node now computes this ONNX node's value too.
  void take_over(int i);

  /// Evaluates the node if all its inputs are constants and its operator can be; else false.
  bool fold_constants();

  /// The graph node behind activation `i` if this ONNX node alone reads it, else null: it may be
  /// changed instead of adding a node behind it.
  Node* sole_producer(int i);
  /// Counts weights towards the limit, before they are made.
  void charge(std::size_t elements);

 private:
  std::string describe(int i) const;
  /// A node that only puts input `i` into another order or shape.
  std::size_t append_for_input(int i, const char* what, Operator op, std::size_t input);

  Import& import_;
  const onnx::NodeProto& proto_;
};

/// A name for a graph node: `wanted`, or `wanted_2` and so on where it is taken.
std::string unique_name(Import& import, const std::string& wanted);

}  // namespace systolog::workloads::onnx_import
