// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx_import.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "models/user_error.h"
#include "workloads/onnx/external_data.h"
#include "workloads/onnx/graph_ends.h"
#include "workloads/onnx/model_file.h"
#include "workloads/onnx/node_import.h"
#include "workloads/onnx/node_order.h"
#include "workloads/onnx/operators.h"
#include "workloads/onnx/problems.h"

namespace systolog::workloads {

namespace {

using namespace onnx_import;

/// A node as messages and lists name it.
std::string quoted(const onnx::NodeProto& node) {
  return "'" + display_name(node) + "' (" + printable(node.op_type()) + ")";
}

void import_initialisers(Import& import, const onnx::GraphProto& graph, Problems& problems) {
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    if (import.values.emplace(tensor.name(), &tensor).second) continue;
    problems.add("tensor '" + printable(tensor.name()) + "': two initialisers have this name");
  }
  if (!graph.sparse_initializer().empty()) {
    problems.add("the graph has sparse initialisers, allowed dense ones");
  }
}

/// The values that need no node.
std::set<std::string> given_values(const onnx::GraphProto& graph) {
  std::set<std::string> given;
  for (const onnx::TensorProto& tensor : graph.initializer()) given.insert(tensor.name());
  for (const onnx::ValueInfoProto& input : graph.input()) given.insert(input.name());
  return given;
}

/// Whether it is behind a node that was refused.
bool reads_unknown(const Import& import, const onnx::NodeProto& node) {
  return std::ranges::any_of(node.input(), [&](const std::string& input) {
    return !input.empty() && std::holds_alternative<Unknown>(import.values.at(input));
  });
}

/// One node, which throws UserError for what is wrong with it.
void import_node(Import& import, const onnx::NodeProto& proto) {
  try {
    NodeImport node(import, proto);
    if (!node.fold_constants()) {
      const Handler handler = find_handler(proto.op_type());
      if (handler == nullptr) throw UserError("reads an activation, allowed constants only");
      handler(node);
    }
    node.attributes.done();
  } catch (const UserError& error) {
    // Shapes that contradict are told with the graph's node, which this one made.
    std::string what = error.what();
    const std::size_t end = what.find("): ");
    if (what.starts_with("node '") && end != std::string::npos) what.erase(0, end + 3);
    throw UserError("node " + quoted(proto) + ": " + what);
  }
}

/// What comes of a node that is refused is unknown to those behind it: they are not looked at.
void import_nodes(Import& import, const NodeOrder& order, Problems& problems) {
  for (const std::string& value : order.missing) import.values.emplace(value, Unknown{});
  for (const onnx::NodeProto* node : order.nodes) {
    const bool follows = is_supported(*node) && !reads_unknown(import, *node);
    if (follows && problems.passes([&] { import_node(import, *node); })) continue;
    for (const std::string& output : node->output()) {
      import.values.insert_or_assign(output, Unknown{});
    }
  }
}

void import_outputs(Import& import, const onnx::GraphProto& graph, Problems& problems) {
  for (const onnx::ValueInfoProto& output : graph.output()) {
    const auto found = import.values.find(output.name());
    if (found != import.values.end() && std::holds_alternative<Unknown>(found->second)) continue;
    problems.passes([&] {
      import.graph.outputs.push_back({printable(output.name()), output_node(import, output)});
    });
  }
}

void check_outputs(const onnx::GraphProto& graph, Problems& problems) {
  if (graph.output().empty()) problems.add("the graph has no output, allowed 1 or more");
  std::set<std::string> names;
  for (const onnx::ValueInfoProto& output : graph.output()) {
    if (names.insert(output.name()).second) continue;
    problems.add("output '" + printable(output.name()) + "': two outputs have this name");
  }
}

Graph import_model(onnx::ModelProto& model, const std::filesystem::path& folder,
                   const std::vector<std::size_t>& input_shape, std::vector<std::string>* skipped) {
  const onnx::GraphProto& graph = model.graph();
  Problems problems;
  Import import;
  // What nodes mean is known of these opsets only, their shapes where the input is right.
  bool readable = problems.passes([&] { import.opset = opset_of(model); });
  readable &= problems.passes([&] { load_external_data(model, folder); });
  import_initialisers(import, graph, problems);
  readable &= problems.passes([&] { import_input(import, graph, input_shape); });
  check_outputs(graph, problems);
  const NodeOrder order = order_nodes(graph, given_values(graph));
  for (const std::string& wrong : order.wrong) problems.add(wrong);
  const std::set<const onnx::NodeProto*> unread(order.unread.begin(), order.unread.end());
  for (const onnx::NodeProto& node : graph.node()) {
    if (!unread.contains(&node) && !is_supported(node)) problems.add_unsupported(node);
  }
  for (const onnx::NodeProto* node : order.nodes) {
    for (const std::string& input : node->input()) ++import.readers[input];
  }
  for (const onnx::ValueInfoProto& output : graph.output()) ++import.readers[output.name()];
  if (readable) {
    import_nodes(import, order, problems);
    import_outputs(import, graph, problems);
  }
  problems.throw_any();
  if (skipped != nullptr) {
    for (const onnx::NodeProto* node : order.unread) skipped->push_back(quoted(*node));
  }
  fold_padding(import.graph);
  remove_unread(import.graph);
  return std::move(import.graph);
}

}  // namespace

Graph import_onnx(const std::filesystem::path& file, const std::vector<std::size_t>& input_shape,
                  std::vector<std::string>* skipped) {
  try {
    onnx::ModelProto model = read_model(file);
    Graph graph = import_model(model, file.parent_path(), input_shape, skipped);
    graph.name = file.stem().string();
    return graph;
  } catch (const UserError& error) {
    throw UserError(file.string() + ": " + error.what());
  }
}

std::span<const std::string_view> supported_onnx_operators() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> types;
    for (const OperatorEntry& entry : operators()) types.push_back(entry.type);
    return types;
  }();
  return names;
}

}  // namespace systolog::workloads
