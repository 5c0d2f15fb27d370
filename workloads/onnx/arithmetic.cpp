// SPDX-License-Identifier: Apache-2.0
// Operators of two numbers: Add, Div, Mul, Sub, each of two activations or of one and a constant;
// and Neg and PRelu, which are made of them.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

/// One value a channel from a constant that numpy's rules broadcast over the activation: a
/// scalar, or sizes of 1 but for the channels, wherever the view has them. Nothing where it differs
/// along another dimension.
std::optional<std::vector<float>> per_channel(const Constant& c, const View& seen,
                                              const Shape& shape) {
  bool fits = c.dims.size() <= seen.dims.size() + 1;
  std::size_t values = 1;
  for (std::size_t from_end = 0; from_end < c.dims.size(); ++from_end) {
    const std::size_t size = c.dims[c.dims.size() - 1 - from_end];
    if (size == 1) continue;
    const bool is_channel = seen.has_axes() && from_end < seen.dims.size() &&
                            seen.axes[seen.dims.size() - 1 - from_end] == 0;
    fits = fits && is_channel && size == shape.channels;
    values = size;
  }
  if (!fits || c.count() == 0) return std::nullopt;
  return values == 1 ? std::vector<float>(shape.channels, c.floats[0]) : c.floats;
}

std::vector<float>* bias_of(Node* node) {
  if (node == nullptr) return nullptr;
  if (auto* conv = std::get_if<Conv>(&node->op)) return &conv->bias;
  if (auto* gemm = std::get_if<Gemm>(&node->op)) return &gemm->bias;
  return nullptr;
}

/// The activation and the constant of a node that has one of each.
struct Operands {
  int activation, constant;
};

std::optional<std::vector<float>> constant_of(NodeImport& node, const Operands& o) {
  const View& seen = node.view(o.activation);
  node.charge(2 * node.node_shape(seen.node).channels);
  return per_channel(node.float_constant(o.constant), seen, node.node_shape(seen.node));
}

/// `Op` of the activation and a constant that is more than one value a channel: a tensor that lies
/// in memory as activations do. It may not be larger than the activation.
template <typename Op>
void emit_with_tensor(NodeImport& node, const Operands& o, const Constant& constant) {
  View seen = node.view(o.activation);
  const auto refuse = [&] {
    throw UserError("constant '" + constant.name + "' has shape " + to_string(constant.dims) +
                    ", allowed beside [N, " + to_string(seen.dims).substr(1) +
                    ": those dimensions, or 1 for any of them");
  };
  if (!seen.has_axes() || constant.dims.size() > seen.dims.size() + 1 || constant.count() == 0) {
    refuse();
  }
  for (std::size_t from_end = 0; from_end < constant.dims.size(); ++from_end) {
    const std::size_t size = constant.dims[constant.dims.size() - 1 - from_end];
    const bool is_batch = from_end == seen.dims.size();
    if (size != 1 && (is_batch || size != seen.dims[seen.dims.size() - 1 - from_end])) refuse();
  }
  const std::size_t other = node.constant_view(constant, seen).node;
  std::vector<std::size_t> inputs = {seen.node, other};
  if (o.constant == 0) std::swap(inputs[0], inputs[1]);
  seen.node = node.append(Op{}, std::move(inputs));
  node.bind(std::move(seen));
}

/// scale * activation + shift, channel by channel, however the activation lies.
void emit_affine(NodeImport& node, int activation, std::vector<float> scale,
                 std::vector<float> shift) {
  View seen = node.view(activation);
  seen.node = node.append(BatchNorm{std::move(scale), std::move(shift)}, {seen.node});
  node.bind(std::move(seen));
}

/// A constant added behind a Conv or Gemm that has no bias is its bias; elsewhere it is a
/// BatchNorm of scale 1.
void add_constant(NodeImport& node, const Operands& o, std::vector<float> shift) {
  std::vector<float>* bias = bias_of(node.sole_producer(o.activation));
  if (bias != nullptr && bias->empty()) {
    *bias = std::move(shift);
    node.take_over(o.activation);
    return;
  }
  std::vector<float> ones(shift.size(), 1.0F);
  emit_affine(node, o.activation, std::move(ones), std::move(shift));
}

/// Two activations whose dimensions are equal or 1.
template <typename Op>
void emit_binary(NodeImport& node) {
  View a = node.view(0), b = node.view(1);
  if (a.dims.size() != b.dims.size()) {
    throw UserError("its inputs are [N, " + to_string(a.dims).substr(1) + " and [N, " +
                    to_string(b.dims).substr(1) + ", allowed as many dimensions");
  }
  const auto kind = [&](const View& view) {
    const Shape& shape = node.node_shape(view.node);
    return std::pair(shape.is_vector, shape.is_series);
  };
  const bool one_order =
      a.axes == b.axes && kind(a) == kind(b) && (a.has_axes() || a.dims == b.dims);
  if (!one_order) {
    node.activation(0);
    node.activation(1);
    a = node.view(0);
    b = node.view(1);
  }
  a.node = node.append(Op{}, {a.node, b.node});
  for (std::size_t d = 0; d < a.dims.size(); ++d) {
    if (a.dims[d] == 1) a.dims[d] = b.dims[d];
  }
  node.bind(std::move(a));
}

/// The node's operands where one is a constant.
std::optional<Operands> one_constant(const NodeImport& node) {
  if (node.is_constant(0) == node.is_constant(1)) return std::nullopt;
  return node.is_constant(0) ? Operands{1, 0} : Operands{0, 1};
}

float finite(float value) {
  if (std::isfinite(value)) return value;
  throw UserError("divides by a constant of 0 or near it");
}

}  // namespace

void import_add(NodeImport& node) {
  node.check_arity(2, 2);
  const auto operands = one_constant(node);
  if (!operands) return emit_binary<Add>(node);
  auto shift = constant_of(node, *operands);
  if (!shift) {
    return emit_with_tensor<Add>(node, *operands, node.float_constant(operands->constant));
  }
  add_constant(node, *operands, std::move(*shift));
}

/// x - c adds -c; c - x scales by -1 and adds c.
void import_sub(NodeImport& node) {
  node.check_arity(2, 2);
  const auto operands = one_constant(node);
  if (!operands) return emit_binary<Sub>(node);
  auto values = constant_of(node, *operands);
  if (!values) {
    return emit_with_tensor<Sub>(node, *operands, node.float_constant(operands->constant));
  }
  if (operands->constant == 0) {
    std::vector<float> scale(values->size(), -1.0F);
    return emit_affine(node, operands->activation, std::move(scale), std::move(*values));
  }
  for (float& value : *values) value = -value;
  add_constant(node, *operands, std::move(*values));
}

void import_mul(NodeImport& node) {
  node.check_arity(2, 2);
  const auto operands = one_constant(node);
  if (!operands) return emit_binary<Mul>(node);
  auto scale = constant_of(node, *operands);
  if (!scale) {
    return emit_with_tensor<Mul>(node, *operands, node.float_constant(operands->constant));
  }
  std::vector<float> shift(scale->size(), 0.0F);
  emit_affine(node, operands->activation, std::move(*scale), std::move(shift));
}

/// By a constant: times its reciprocal.
void import_div(NodeImport& node) {
  node.check_arity(2, 2);
  const auto operands = one_constant(node);
  if (!operands || operands->constant == 0) {
    throw UserError("divides by an activation, allowed a constant");
  }
  auto scale = constant_of(node, *operands);
  if (!scale) {
    Constant tensor = node.float_constant(operands->constant);
    for (float& value : tensor.floats) value = finite(1.0F / value);
    return emit_with_tensor<Mul>(node, *operands, tensor);
  }
  for (float& value : *scale) value = finite(1.0F / value);
  std::vector<float> shift(scale->size(), 0.0F);
  emit_affine(node, operands->activation, std::move(*scale), std::move(shift));
}

void import_neg(NodeImport& node) {
  node.check_arity(1, 1);
  const std::size_t channels = node.node_shape(node.view(0).node).channels;
  emit_affine(node, 0, std::vector<float>(channels, -1.0F), std::vector<float>(channels, 0.0F));
}

/// x, below zero slope[c] x: a LeakyRelu where all slopes are one, else relu(x) - slope relu(-x).
void import_p_relu(NodeImport& node) {
  node.check_arity(2, 2);
  // numpy broadcasts a slope of [C] along the width; exporters mean [C, 1, 1] and write it.
  const auto given = constant_of(node, {0, 1});
  if (!given) {
    const std::size_t channels = node.node_shape(node.view(0).node).channels;
    throw UserError("slope '" + node.float_constant(1).name + "' has shape " +
                    to_string(node.float_constant(1).dims) +
                    ", allowed one value, or one a channel, as [" + std::to_string(channels) +
                    ", 1, 1]");
  }
  std::vector<float> slope = *given;
  const bool one = std::ranges::all_of(slope, [&](float s) { return s == slope[0]; });
  if (one) return node.emit_like_input(Activate{models::Activation::kLeakyRelu, slope[0], 0.0F});
  View seen = node.view(0);
  const std::vector<float> zeros(slope.size(), 0.0F), minus(slope.size(), -1.0F);
  for (float& value : slope) value = -value;
  const std::size_t above = node.append(Relu{}, {seen.node});
  const std::size_t turned = node.append(BatchNorm{minus, zeros}, {seen.node});
  const std::size_t below = node.append(Relu{}, {turned});
  const std::size_t scaled = node.append(BatchNorm{std::move(slope), zeros}, {below});
  seen.node = node.append(Add{}, {above, scaled});
  node.bind(std::move(seen));
}

}  // namespace systolog::workloads::onnx_import
