// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx_import.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "models/user_error.h"
#include "workloads/onnx/constant_folding.h"
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

bool is_supported(const onnx::NodeProto& node) {
  return is_standard(node) &&
         (find_handler(node.op_type()) != nullptr || find_evaluation(node.op_type()) != nullptr);
}

/// Whether the model's first look at its input, but for work element by element, is a Transpose
/// from [N, H, W, C] to [N, C, H, W] (of three dimensions: [N, L, C] to [N, C, L]).
bool has_channels_last(const onnx::GraphProto& graph, const std::string& input, std::size_t rank) {
  static const std::set<std::string, std::less<>> kElementwise = {
      "Add", "Cast", "Clip", "Div", "Identity", "Mul", "Neg", "Pad", "Sub"};
  std::set<std::string> seen = {input};
  for (const onnx::NodeProto& node : graph.node()) {  // a file lists them in order
    if (node.input_size() == 0 || node.output_size() == 0) continue;
    const bool reads =
        std::ranges::any_of(node.input(), [&](const auto& i) { return seen.contains(i); });
    if (!reads) continue;
    if (node.op_type() == "Transpose") {
      std::vector<std::int64_t> wanted = {0, static_cast<std::int64_t>(rank)};
      for (std::size_t d = 1; d < rank; ++d) wanted.push_back(static_cast<std::int64_t>(d));
      for (const onnx::AttributeProto& attribute : node.attribute()) {
        if (attribute.name() == "perm" && std::ranges::equal(attribute.ints(), wanted)) return true;
      }
    } else if (kElementwise.contains(node.op_type())) {
      seen.insert(node.output(0));
    }
  }
  return false;
}

/// What is wrong with a model: a user who changes it wants the whole list.
class Problems {
 public:
  void add_unsupported(const onnx::NodeProto& node) {
    const std::string domain = is_standard(node) ? "" : printable(node.domain()) + ".";
    unsupported_[domain + printable(node.op_type())].push_back(display_name(node));
    ++unsupported_count_;
  }
  void add(std::string text) { others_.push_back(std::move(text)); }
  bool empty() const { return unsupported_.empty() && others_.empty(); }

  std::string to_string() const {
    std::vector<std::string> all;
    if (!unsupported_.empty()) all.push_back(unsupported());
    all.insert(all.end(), others_.begin(), others_.end());
    if (all.size() == 1) return all[0];
    std::string text = std::to_string(unsupported_count_ + others_.size()) + " nodes are refused:";
    for (const std::string& one : all) text += "\n  " + one;
    return text;
  }

 private:
  std::string unsupported() const {
    std::string text = std::to_string(unsupported_count_) +
                       (unsupported_count_ == 1 ? " node is" : " nodes are") + " not supported: ";
    bool first_type = true;
    for (const auto& [type, nodes] : unsupported_) {
      text += (first_type ? "" : "; ") + type + " (";
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        text += (i == 0 ? "'" : ", '") + nodes[i] + "'";
      }
      text += ")";
      first_type = false;
    }
    text += ". Supported are ";
    bool first_name = true;
    for (const std::string_view name : supported_onnx_operators()) {
      text += (first_name ? "" : ", ") + std::string(name);
      first_name = false;
    }
    return text;
  }

  std::map<std::string, std::vector<std::string>> unsupported_;  // by operator type
  std::size_t unsupported_count_ = 0;
  std::vector<std::string> others_;
};

/// Rank 2, 3 or 4 with every dimension but the first fixed.
struct Declared {
  std::optional<std::int64_t> batch;
  std::vector<std::size_t> dims;  // without it
};

std::string at(const char* what, const onnx::ValueInfoProto& value) {
  return std::string(what) + " '" + printable(value.name()) + "': ";
}

Declared declared_input(const onnx::ValueInfoProto& value,
                        const std::vector<std::size_t>& input_shape) {
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
  if (rank < 2 || rank > 4) {
    fail("has " + std::to_string(rank) +
         " dimensions, allowed [N, channels, height, width], [N, channels, length] or "
         "[N, features]");
  }
  if (!input_shape.empty() && input_shape.size() + 1 != static_cast<std::size_t>(rank)) {
    fail("has " + std::to_string(rank - 1) +
         " dimensions behind the batch, the input shape given " +
         std::to_string(input_shape.size()));
  }
  Declared declared;
  std::size_t sizes[4] = {1, 1, 1, 1};
  for (int d = 0; d < rank; ++d) {
    const onnx::TensorShapeProto::Dimension& dim = type.shape().dim(d);
    std::int64_t size = dim.has_dim_value() ? dim.dim_value() : 0;
    // Exporters write a dimension that is open as a name, as nothing, as 0 or as -1.
    const bool is_open = size == 0 || size == -1;
    if (d == 0 && is_open) continue;
    if (d > 0 && !input_shape.empty()) {
      const auto given = static_cast<std::int64_t>(input_shape[static_cast<std::size_t>(d - 1)]);
      if (!is_open && size != given) {
        fail("dimension " + std::to_string(d) + " is " + std::to_string(size) +
             ", the input shape given has " + std::to_string(given) + " there");
      }
      size = given;
    } else if (is_open) {
      const std::string name = dim.has_dim_param() ? " ('" + printable(dim.dim_param()) + "')" : "";
      fail("dimension " + std::to_string(d) + " is open" + name +
           ", allowed for the first only; a workload file {\"model\": \"FILE.onnx\", "
           "\"input_shape\": [...]} gives the " +
           std::to_string(rank - 1) + " dimensions behind the batch");
    }
    if (size < 1 || size > static_cast<std::int64_t>(kMaxElements)) {
      fail("dimension " + std::to_string(d) + " is " + std::to_string(size) + ", allowed 1 to " +
           std::to_string(kMaxElements) + (d == 0 ? " or open" : ""));
    }
    sizes[d] = static_cast<std::size_t>(size);
    if (d == 0) declared.batch = size;
  }
  declared.dims.assign(sizes + 1, sizes + rank);
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
  const std::vector<std::size_t> computed = batch_shape(0, shape);
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

Import start(const onnx::ModelProto& model, const std::vector<std::size_t>& input_shape) {
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
  const Declared declared = declared_input(input, input_shape);
  import.batch = declared.batch;
  // The graph has channels first; a model that has them last sees them so.
  View seen{0, declared.dims, {}};
  const std::size_t rank = declared.dims.size();
  import.graph.channels_last_input = rank > 1 && has_channels_last(graph, input.name(), rank);
  std::vector<std::size_t> dims = declared.dims;
  if (import.graph.channels_last_input) {
    std::rotate(dims.begin(), dims.end() - 1, dims.end());
    seen.axes = rank == 3 ? std::vector<std::size_t>{1, 2, 0} : std::vector<std::size_t>{2, 0};
  }
  const Shape shape = shape_for(dims);
  if (seen.axes.empty()) seen = plain_view(0, shape);
  import.graph.nodes.push_back({unique_name(import, printable(input.name())), Input{}, {}, shape});
  import.value_of_node.push_back(input.name());
  import.values.emplace(input.name(), std::move(seen));
  infer_shape(import.graph, 0);
  return import;
}

/// Whether it is behind a node that was refused.
bool reads_unknown(const Import& import, const onnx::NodeProto& node) {
  return std::ranges::any_of(node.input(), [&](const std::string& input) {
    return !input.empty() && std::holds_alternative<Unknown>(import.values.at(input));
  });
}

/// What is wrong with the node, empty if nothing.
std::string import_node(Import& import, const onnx::NodeProto& proto) {
  try {
    NodeImport node(import, proto);
    if (!node.fold_constants()) {
      const Handler handler = find_handler(proto.op_type());
      if (handler == nullptr) throw UserError("reads an activation, allowed constants only");
      handler(node);
    }
    node.attributes.done();
    return "";
  } catch (const UserError& error) {
    return "node '" + display_name(proto) + "' (" + printable(proto.op_type()) +
           "): " + error.what();
  }
}

void import_nodes(Import& import, const std::vector<const onnx::NodeProto*>& nodes,
                  const onnx::GraphProto& graph) {
  Problems problems;
  // Of nodes that nobody reads, only those are told that no one could import.
  for (const onnx::NodeProto& node : graph.node()) {
    if (!is_supported(node)) problems.add_unsupported(node);
  }
  for (const onnx::NodeProto* node : nodes) {
    const bool follows = is_supported(*node) && !reads_unknown(import, *node);
    if (follows) {
      const std::string wrong = import_node(import, *node);
      if (wrong.empty()) continue;
      problems.add(wrong);
    }
    for (const std::string& output : node->output()) {
      import.values.insert_or_assign(output, Unknown{});
    }
  }
  if (!problems.empty()) throw UserError(problems.to_string());
}

/// The node that has an output's values, as a node that reads the output sees it.
std::size_t output_node(Import& import, const onnx::ValueInfoProto& output) {
  const auto found = import.values.find(output.name());
  if (found == import.values.end()) {
    throw UserError(at("output", output) + "no node makes it");
  }
  const auto* last = std::get_if<View>(&found->second);
  if (last == nullptr || last->node == 0) {
    throw UserError(at("output", output) + "it is not computed from the input");
  }
  onnx::NodeProto reader;
  reader.add_input(output.name());
  std::size_t node = 0;
  try {
    node = NodeImport(import, reader).activation(0);
  } catch (const UserError& error) {
    throw UserError(at("output", output) + error.what());
  }
  check_output(output, import.graph.nodes[node].shape);
  return node;
}

Graph import_model(const onnx::ModelProto& model, const std::vector<std::size_t>& input_shape) {
  const onnx::GraphProto& graph = model.graph();
  Import import = start(model, input_shape);
  if (graph.output().empty()) throw UserError("the graph has no output, allowed 1 or more");
  std::set<std::string> given;
  for (const auto& [name, value] : import.values) given.insert(name);
  const std::vector<const onnx::NodeProto*> nodes = ordered_nodes(graph, given);
  for (const onnx::NodeProto* node : nodes) {
    for (const std::string& input : node->input()) ++import.readers[input];
  }
  for (const onnx::ValueInfoProto& output : graph.output()) ++import.readers[output.name()];
  import_nodes(import, nodes, graph);
  std::set<std::string> names;
  for (const onnx::ValueInfoProto& output : graph.output()) {
    if (!names.insert(output.name()).second) {
      throw UserError(at("output", output) + "two outputs have this name");
    }
    import.graph.outputs.push_back({printable(output.name()), output_node(import, output)});
  }
  fold_padding(import.graph);
  remove_unread(import.graph);
  return std::move(import.graph);
}

}  // namespace

Graph import_onnx(const std::filesystem::path& file, const std::vector<std::size_t>& input_shape) {
  try {
    Graph graph = import_model(read_model(file), input_shape);
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
