// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/operators.h"
#include "workloads/onnx/window.h"

namespace systolog::workloads::onnx_import {

void import_conv(NodeImport& node) {
  node.check_arity(2, 3);
  const Shape in = node.shape(0);
  Constant weights = node.float_constant(1);
  const std::size_t axes = in.spatial_axes();
  if (weights.dims.size() != axes + 2) {
    throw UserError(
        "weights '" + weights.name + "' have shape " + to_string(weights.dims) +
        ", allowed [filters, channels / groups" +
        (axes == 1 ? ", width] (1-D convolution)" : ", height, width] (2-D convolution)"));
  }
  for (const std::size_t dim : weights.dims) {
    if (dim == 0) throw UserError("weights '" + weights.name + "' have an empty dimension");
  }
  Conv conv;
  conv.filters = weights.dims[0];
  conv.window.kernel_h = axes == 1 ? 1 : weights.dims[2];
  conv.window.kernel_w = weights.dims.back();
  const auto kernel = node.attributes.sizes("kernel_shape", axes, 1, kMaxWindow);
  if (!kernel.empty() && !std::equal(kernel.begin(), kernel.end(), weights.dims.begin() + 2)) {
    throw UserError("attribute 'kernel_shape' is " + to_string(kernel) + ", but weights '" +
                    weights.name + "' have shape " + to_string(weights.dims));
  }
  const std::int64_t groups = node.attributes.integer("group", 1);
  if (groups < 1 || groups > static_cast<std::int64_t>(kMaxElements)) {
    throw UserError("attribute 'group': got " + std::to_string(groups) + ", allowed 1 to " +
                    std::to_string(kMaxElements));
  }
  conv.groups = static_cast<std::size_t>(groups);
  if (in.is_vector || in.channels != weights.dims[1] * conv.groups) {
    throw UserError("its input is " + to_string(in) + ", but weights '" + weights.name + "' " +
                    to_string(weights.dims) + " in " + std::to_string(conv.groups) +
                    " groups need [" + std::to_string(weights.dims[1] * conv.groups) +
                    (axes == 1 ? ", width]" : ", height, width]"));
  }
  read_window(node, in, conv.window);
  if (node.has_input(2)) {
    Constant bias = node.float_constant(2);
    if (bias.dims != std::vector{conv.filters}) {
      throw UserError("bias '" + bias.name + "' has shape " + to_string(bias.dims) + ", allowed [" +
                      std::to_string(conv.filters) + "]");
    }
    conv.bias = std::move(bias.floats);
  }
  node.charge(weights.floats.size() + conv.bias.size());
  conv.weights = std::move(weights.floats);
  node.emit(std::move(conv), {node.activation(0)});
}

}  // namespace systolog::workloads::onnx_import
