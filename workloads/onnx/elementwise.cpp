// SPDX-License-Identifier: Apache-2.0
// Operators that work element by element on one activation: activation functions,
// BatchNormalization; and Softmax.
#include <cmath>
#include <limits>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/axes.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

using models::Activation;

void emit(NodeImport& node, Activation function, float a = 0.0F, float b = 0.0F) {
  node.emit_like_input(Activate{function, a, b});
}

/// A bound of Clip: an attribute up to opset 10, then an input that may be left out.
float bound(NodeImport& node, int input, const char* attribute, float open) {
  if (node.opset() < 11)
    return node.attributes.has(attribute) ? node.attributes.real(attribute, open) : open;
  if (!node.has_input(input)) return open;
  const Constant value = node.float_constant(input);
  if (value.count() != 1) throw UserError("'" + value.name + "' holds more than one value");
  return value.floats[0];
}

}  // namespace

void import_clip(NodeImport& node) {
  constexpr float kOpen = std::numeric_limits<float>::infinity();
  node.check_arity(1, 3);
  const float lowest = bound(node, 1, "min", -kOpen), highest = bound(node, 2, "max", kOpen);
  if (lowest > highest) {
    throw UserError("clips between " + std::to_string(lowest) + " and " + std::to_string(highest) +
                    ", allowed a minimum that is not above the maximum");
  }
  // FP32's largest numbers are how exporters say "open".
  const bool has_lowest = lowest > std::numeric_limits<float>::lowest();
  const bool has_highest = highest < std::numeric_limits<float>::max();
  if (!has_highest && lowest == 0.0F) return node.emit_like_input(Relu{});
  if (!has_lowest && !has_highest) return node.bind(node.value(0));
  emit(node, Activation::kClip, lowest, highest);
}

void import_elu(NodeImport& node) {
  node.check_arity(1, 1);
  emit(node, Activation::kElu, node.attributes.real("alpha", 1.0F));
}

void import_hard_sigmoid(NodeImport& node) {
  node.check_arity(1, 1);
  const float slope = node.attributes.real("alpha", 0.2F);
  emit(node, Activation::kHardSigmoid, slope, node.attributes.real("beta", 0.5F));
}

void import_hard_swish(NodeImport& node) {
  node.check_arity(1, 1);
  emit(node, Activation::kHardSwish);
}

void import_leaky_relu(NodeImport& node) {
  node.check_arity(1, 1);
  emit(node, Activation::kLeakyRelu, node.attributes.real("alpha", 0.01F));
}

void import_sigmoid(NodeImport& node) {
  node.check_arity(1, 1);
  emit(node, Activation::kSigmoid);
}

void import_tanh(NodeImport& node) {
  node.check_arity(1, 1);
  emit(node, Activation::kTanh);
}

void import_relu(NodeImport& node) {
  node.check_arity(1, 1);
  node.emit_like_input(Relu{});
}

/// y = gamma (x - mean) / sqrt(variance + epsilon) + beta, as one scale and one shift a channel,
/// worked out in FP64 and rounded once.
void import_batch_normalization(NodeImport& node) {
  node.check_arity(5, 5);
  const double epsilon = node.attributes.real("epsilon", 1e-5F);
  node.attributes.ignore("momentum");  // training only
  node.attributes.require("training_mode", 0, 0);
  node.attributes.require("spatial", 1, 1);
  const std::size_t channels = node.shape(0).channels;
  node.charge(2 * channels);
  std::vector<float> parameters[4];  // gamma, beta, mean, variance
  for (int p = 0; p < 4; ++p) {
    Constant c = node.float_constant(p + 1);
    if (c.dims != std::vector{channels}) {
      throw UserError("'" + c.name + "' has shape " + to_string(c.dims) + ", allowed [" +
                      std::to_string(channels) + "], one value a channel");
    }
    parameters[p] = std::move(c.floats);
  }
  const auto& [gamma, beta, mean, variance] = parameters;
  BatchNorm norm;
  for (std::size_t c = 0; c < channels; ++c) {
    const double spread = variance[c] + epsilon;
    if (spread <= 0.0) {
      throw UserError("variance " + std::to_string(c) + " is " + std::to_string(variance[c]) +
                      " with epsilon " + std::to_string(epsilon) + ", allowed a sum above 0");
    }
    const double factor = gamma[c] / std::sqrt(spread);
    norm.scale.push_back(static_cast<float>(factor));
    norm.shift.push_back(static_cast<float>(beta[c] - mean[c] * factor));
    if (!std::isfinite(norm.scale[c]) || !std::isfinite(norm.shift[c])) {
      throw UserError("channel " + std::to_string(c) + ": scale and shift leave the range of FP32");
    }
  }
  node.emit(std::move(norm), {node.activation(0)});
}

/// Over the channels of each pixel. Up to opset 12, over everything from the axis on.
void import_softmax(NodeImport& node) {
  node.check_arity(1, 1);
  const bool flattens = node.opset() < 13;
  const View seen = node.view(0);
  const std::size_t axis =
      checked_axis(node.attributes.integer("axis", flattens ? 1 : -1), seen.dims.size() + 1);
  if (axis == 0) throw UserError("softmax over the batch, allowed the dimensions behind it");
  std::size_t behind = 1;
  for (std::size_t d = axis; d < seen.dims.size(); ++d) behind *= seen.dims[d];
  if (flattens && behind > 1) {
    std::size_t before = 1;
    for (std::size_t d = 0; d + 1 < axis; ++d) before *= seen.dims[d];
    const std::size_t in = node.row_major(0);
    if (before == 1) {
      const std::size_t flat =
          node.append(Reshape{shape_for({behind * seen.dims[axis - 1]})}, {in});
      return node.emit(Reshape{shape_for(seen.dims)}, {node.append(Softmax{}, {flat})});
    }
    // Rows of all from the axis on: each a pixel whose channels they are.
    const std::size_t row = behind * seen.dims[axis - 1];
    const std::size_t turned =
        node.append(Transpose{{before, row}, {1, 0}, shape_for({row, before})}, {in});
    const std::size_t soft = node.append(Softmax{}, {turned});
    return node.emit(Transpose{{row, before}, {1, 0}, shape_for(seen.dims)}, {soft});
  }
  const View last = node.with_channels_along(0, axis - 1);
  node.bind(View{node.append(Softmax{}, {last.node}), last.dims, last.axes});
}

}  // namespace systolog::workloads::onnx_import
