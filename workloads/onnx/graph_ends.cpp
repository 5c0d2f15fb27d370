// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/graph_ends.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "models/user_error.h"

namespace systolog::workloads::onnx_import {

namespace {

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
      fail("dimension " + std::to_string(d) + " is " +
           (dim.has_dim_value() ? std::to_string(size) + ", which stands for an open one"
                                : "open" + name) +
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
const onnx::ValueInfoProto& only_input(const onnx::GraphProto& graph, const Import& import) {
  const onnx::ValueInfoProto* input = nullptr;
  std::string names;
  int count = 0;
  for (const onnx::ValueInfoProto& value : graph.input()) {
    if (import.values.contains(value.name())) continue;
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

}  // namespace

void import_input(Import& import, const onnx::GraphProto& graph,
                  const std::vector<std::size_t>& input_shape) {
  const onnx::ValueInfoProto& input = only_input(graph, import);
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
}

std::size_t output_node(Import& import, const onnx::ValueInfoProto& output) {
  const auto found = import.values.find(output.name());
  if (found == import.values.end()) {
    throw UserError(at("output", output) + "no node makes it");
  }
  if (!std::holds_alternative<View>(found->second)) {
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
  if (node == 0) {
    throw UserError(at("output", output) +
                    "it is the input or only a view of it (Identity, Transpose, Reshape): no "
                    "node on the way to it computes anything");
  }
  check_output(output, import.graph.nodes[node].shape);
  return node;
}

}  // namespace systolog::workloads::onnx_import
