// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/axes.h"
#include "workloads/onnx/operators.h"
#include "workloads/onnx/window.h"

namespace systolog::workloads::onnx_import {

namespace {

Window pool_window(NodeImport& node) {
  const std::size_t axes = node.shape(0).spatial_axes();
  const auto kernel = node.attributes.sizes("kernel_shape", axes, 1, kMaxWindow);
  if (kernel.empty()) throw UserError("attribute 'kernel_shape': missing");
  Window window;
  window.kernel_h = axes == 1 ? 1 : kernel[0];
  window.kernel_w = kernel.back();
  read_window(node, node.shape(0), window);
  return window;
}

bool flag(NodeImport& node, const std::string& name) {
  const std::int64_t value = node.attributes.integer(name, 0);
  if (value != 0 && value != 1) {
    throw UserError("attribute '" + name + "': got " + std::to_string(value) + ", allowed 0 or 1");
  }
  return value == 1;
}

/// A pool over whole axes, height and width or one of them, wherever the view has them.
template <typename Pool>
void reduce(NodeImport& node, Pool pool) {
  node.check_arity(1, 2);
  std::optional<Constant> input;
  if (node.has_input(1)) input = node.int_constant(1);
  const auto axes = read_axes(node.attributes, node.opset(), 18, input ? &*input : nullptr);
  const bool keeps = node.attributes.integer("keepdims", 1) != 0;
  View seen = node.view(0);
  const auto fail = [&] {
    throw UserError("reduces axes " + (axes ? to_text(*axes) : "of all") + " of [N, " +
                    to_string(seen.dims).substr(1) + ", allowed height and width");
  };
  if (!axes || !seen.has_axes()) fail();
  Window window;
  const Shape& in = node.node_shape(seen.node);
  std::vector<bool> reduced(seen.dims.size(), false);
  for (const std::int64_t given : *axes) {
    const std::size_t axis = checked_axis(given, seen.dims.size() + 1);
    if (axis == 0 || (seen.axes[axis - 1] == 0 && in.channels != 1)) fail();
    reduced[axis - 1] = true;
    if (seen.axes[axis - 1] == 1) window.kernel_h = in.height;
    if (seen.axes[axis - 1] == 2) window.kernel_w = in.width;
  }
  View out{node.append(pool(window), {seen.node}), {}, {}};
  for (std::size_t d = 0; d < seen.dims.size(); ++d) {
    if (reduced[d] && !keeps) continue;
    out.dims.push_back(reduced[d] ? 1 : seen.dims[d]);
    out.axes.push_back(seen.axes[d]);
  }
  node.bind(std::move(out));
}

}  // namespace

void import_max_pool(NodeImport& node) {
  node.check_arity(1, 1);
  node.attributes.ignore("storage_order");  // orders the second output, which nobody reads
  MaxPool pool{pool_window(node)};
  // Padding never wins the maximum, so more of it changes the number of windows only.
  if (flag(node, "ceil_mode")) round_up(node.shape(0), pool.window);
  node.emit(pool, {node.activation(0)});
}

void import_average_pool(NodeImport& node) {
  node.check_arity(1, 1);
  AveragePool pool{pool_window(node), flag(node, "count_include_pad")};
  if (flag(node, "ceil_mode")) {
    // Of an incomplete last window the pads count, what lies beyond them does not: PyTorch's rule.
    const Window padded = pool.window;
    round_up(node.shape(0), pool.window);
    pool.beyond_h = pool.window.pad_bottom - padded.pad_bottom;
    pool.beyond_w = pool.window.pad_right - padded.pad_right;
  }
  node.emit(pool, {node.activation(0)});
}

void import_global_average_pool(NodeImport& node) {
  node.check_arity(1, 1);
  node.emit(GlobalAveragePool{}, {node.activation(0)});
}

void import_global_max_pool(NodeImport& node) {
  node.check_arity(1, 1);
  const Shape& in = node.shape(0);
  node.emit(MaxPool{{.kernel_h = in.height, .kernel_w = in.width}}, {node.activation(0)});
}

void import_reduce_max(NodeImport& node) {
  reduce(node, [](const Window& window) { return Operator(MaxPool{window}); });
}

void import_reduce_mean(NodeImport& node) {
  reduce(node, [&](const Window& window) {
    const Shape& in = node.node_shape(node.view(0).node);
    const bool whole = window.kernel_h == in.height && window.kernel_w == in.width;
    return whole ? Operator(GlobalAveragePool{}) : Operator(AveragePool{window, false});
  });
}

}  // namespace systolog::workloads::onnx_import
