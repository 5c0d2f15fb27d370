// SPDX-License-Identifier: Apache-2.0
#include "models/user_error.h"
#include "workloads/onnx/operators.h"
#include "workloads/onnx/window.h"

namespace systolog::workloads::onnx_import {

namespace {

Window pool_window(NodeImport& node) {
  const auto kernel = node.attributes.sizes("kernel_shape", 2, 1, kMaxWindow);
  if (kernel.empty()) throw UserError("attribute 'kernel_shape': missing");
  Window window;
  window.kernel_h = kernel[0];
  window.kernel_w = kernel[1];
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
  if (flag(node, "ceil_mode") && round_up(node.shape(0), pool.window) && pool.count_include_pad) {
    // Runtimes disagree on whether the pixels beyond the pads count.
    throw UserError(
        "attribute 'ceil_mode' is 1 with 'count_include_pad' 1 and an incomplete last window, "
        "allowed one of the two");
  }
  node.emit(pool, {node.activation(0)});
}

void import_global_average_pool(NodeImport& node) {
  node.check_arity(1, 1);
  node.emit(GlobalAveragePool{}, {node.activation(0)});
}

}  // namespace systolog::workloads::onnx_import
