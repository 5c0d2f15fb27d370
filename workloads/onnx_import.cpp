// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx_import.h"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "models/user_error.h"
#include "workloads/onnx/model_file.h"
#include "workloads/onnx/node_import.h"
#include "workloads/onnx/node_order.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads {

namespace {

using namespace onnx_import;

bool is_standard(const onnx::NodeProto& node) {
  return node.domain().empty() || node.domain() == "ai.onnx";
}

/// One message for all of them: a user who changes the model wants the whole list.
void check_supported(const onnx::GraphProto& graph) {
  std::map<std::string, std::vector<std::string>> refused;  // by operator type
  std::size_t count = 0;
  for (const onnx::NodeProto& node : graph.node()) {
    if (is_standard(node) && find_handler(node.op_type()) != nullptr) continue;
    const std::string domain = is_standard(node) ? "" : printable(node.domain()) + ".";
    refused[domain + printable(node.op_type())].push_back(display_name(node));
    ++count;
  }
  if (refused.empty()) return;
  std::string text =
      std::to_string(count) + (count == 1 ? " node is" : " nodes are") + " not supported: ";
  bool first_type = true;
  for (const auto& [type, nodes] : refused) {
    text += (first_type ? "" : "; ") + type + " (";
    for (std::size_t i = 0; i < nodes.size(); ++i) text += (i == 0 ? "'" : ", '") + nodes[i] + "'";
    text += ")";
    first_type = false;
  }
  text += ". Supported are ";
  bool first_name = true;
  for (const std::string_view name : supported_onnx_operators()) {
    text += (first_name ? "" : ", ") + std::string(name);
    first_name = false;
  }
  throw UserError(text);
}

/// Rank 2 or 4 with every dimension but the first fixed.
struct Declared {
  std::optional<std::int64_t> batch;
  Shape shape;
};

std::string at(const char* what, const onnx::ValueInfoProto& value) {
  return std::string(what) + " '" + printable(value.name()) + "': ";
}

Declared declared_input(const onnx::ValueInfoProto& value) {
  const auto fail = [&](const std::string& text) { throw UserError(at("input", value) + text); };
  if (!value.type().has_tensor_type()) fail("is no tensor");
  const onnx::TypeProto::Tensor& type = value.type().tensor_type();
  switch (type.elem_type()) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::DOUBLE:
      break;  // computed in FP32 here, or in what the accelerator has
    default:
      fail("element type " + std::to_string(type.elem_type()) +
           ", allowed 1 (FLOAT), 10 (FLOAT16), 11 (DOUBLE)");
  }
  const int rank = type.shape().dim_size();
  if (rank != 2 && rank != 4) {
    fail("has " + std::to_string(rank) +
         " dimensions, allowed [N, channels, height, width] or [N, features]");
  }
  Declared declared;
  std::size_t sizes[4] = {1, 1, 1, 1};
  for (int d = 0; d < rank; ++d) {
    const onnx::TensorShapeProto::Dimension& dim = type.shape().dim(d);
    const std::int64_t size = dim.has_dim_value() ? dim.dim_value() : 0;
    // Exporters write a batch that is open as a name, as nothing, as 0 or as -1.
    if (d == 0 && (size == 0 || size == -1)) continue;
    if (size < 1 || size > static_cast<std::int64_t>(kMaxElements)) {
      fail("dimension " + std::to_string(d) + " is " +
           (dim.has_dim_value() ? std::to_string(size)
                                : "open ('" + printable(dim.dim_param()) + "')") +
           ", allowed 1 to " + std::to_string(kMaxElements) +
           (d == 0 ? " or open" : "; only the first dimension may be open"));
    }
    sizes[d] = static_cast<std::size_t>(size);
    if (d == 0) declared.batch = size;
  }
  declared.shape = {sizes[1], sizes[2], sizes[3], rank == 2};
  return declared;
}

/// The one graph input that is no initialiser (initialisers may be listed as inputs too).
const onnx::ValueInfoProto& only_input(const onnx::GraphProto& graph,
                                       const std::set<std::string>& initialisers) {
  const onnx::ValueInfoProto* input = nullptr;
  std::string names;
  int count = 0;
  for (const onnx::ValueInfoProto& value : graph.input()) {
    if (initialisers.contains(value.name())) continue;
    input = &value;
    names += (count++ == 0 ? " ('" : ", '") + printable(value.name()) + "'";
  }
  if (count != 1) {
    throw UserError("the graph has " + std::to_string(count) + " inputs" + names +
                    (count > 0 ? ")" : "") + " besides its initialisers, allowed 1");
  }
  return *input;
}

/// What the model says of its output must not contradict what comes out.
void check_output(const onnx::ValueInfoProto& value, const Shape& shape) {
  if (!value.type().has_tensor_type() || !value.type().tensor_type().has_shape()) return;
  const onnx::TensorShapeProto& declared = value.type().tensor_type().shape();
  std::vector<std::size_t> computed = {0, shape.channels};
  if (!shape.is_vector) computed = {0, shape.channels, shape.height, shape.width};
  bool fits = static_cast<std::size_t>(declared.dim_size()) == computed.size();
  for (int d = 1; fits && d < declared.dim_size(); ++d) {
    const onnx::TensorShapeProto::Dimension& dim = declared.dim(d);
    fits = !dim.has_dim_value() ||
           dim.dim_value() == static_cast<std::int64_t>(computed[static_cast<std::size_t>(d)]);
  }
  if (fits) return;
  std::string text;
  for (const onnx::TensorShapeProto::Dimension& dim : declared.dim()) {
    text += (text.empty() ? "" : ", ") +
            (dim.has_dim_value() ? std::to_string(dim.dim_value()) : printable(dim.dim_param()));
  }
  throw UserError(at("output", value) + "declared as [" + text + "], but the nodes give " +
                  to_string(shape) + " an image");
}

Import start(const onnx::ModelProto& model) {
  const onnx::GraphProto& graph = model.graph();
  Import import;
  import.opset = opset_of(model);
  std::set<std::string> initialisers;
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    if (!initialisers.insert(tensor.name()).second) {
      throw UserError("tensor '" + printable(tensor.name()) + "': two initialisers have this name");
    }
    import.values.emplace(tensor.name(), &tensor);
  }
  if (!graph.sparse_initializer().empty()) {
    throw UserError("the graph has sparse initialisers, allowed dense ones");
  }
  const onnx::ValueInfoProto& input = only_input(graph, initialisers);
  const Declared declared = declared_input(input);
  import.batch = declared.batch;
  import.graph.nodes.push_back(
      {unique_name(import, printable(input.name())), Input{}, {}, declared.shape});
  import.value_of_node.push_back(input.name());
  import.values.emplace(input.name(), std::size_t{0});
  infer_shape(import.graph, 0);
  return import;
}

void import_node(Import& import, const onnx::NodeProto& proto) {
  try {
    NodeImport node(import, proto);
    find_handler(proto.op_type())(node);
    node.attributes.done();
  } catch (const UserError& error) {
    throw UserError("node '" + display_name(proto) + "' (" + proto.op_type() +
                    "): " + error.what());
  }
}

Graph import_model(const onnx::ModelProto& model) {
  const onnx::GraphProto& graph = model.graph();
  check_supported(graph);
  Import import = start(model);
  if (graph.output_size() != 1) {
    throw UserError("the graph has " + std::to_string(graph.output_size()) + " outputs, allowed 1");
  }
  const onnx::ValueInfoProto& output = graph.output(0);
  std::set<std::string> given;
  for (const auto& [name, value] : import.values) given.insert(name);
  const std::vector<const onnx::NodeProto*> nodes = ordered_nodes(graph, given);
  for (const onnx::NodeProto* node : nodes) {
    for (const std::string& input : node->input()) ++import.readers[input];
  }
  ++import.readers[output.name()];
  for (const onnx::NodeProto* node : nodes) import_node(import, *node);

  const auto found = import.values.find(output.name());
  if (found == import.values.end()) {
    throw UserError(at("output", output) + "no node makes it");
  }
  const auto* last = std::get_if<std::size_t>(&found->second);
  if (last == nullptr || *last == 0) {
    throw UserError(at("output", output) + "it is not computed from the input");
  }
  check_output(output, import.graph.nodes[*last].shape);
  return std::move(import.graph);
}

}  // namespace

Graph import_onnx(const std::filesystem::path& file) {
  try {
    Graph graph = import_model(read_model(file));
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
