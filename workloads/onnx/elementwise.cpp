// SPDX-License-Identifier: Apache-2.0
// Operators that keep the shape: Relu, BatchNormalization, Add, Softmax.
#include <cmath>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

/// One value a channel from a constant that numpy's rules broadcast over the activation: a
/// scalar, [C] or [1, C] beside a vector; [C, 1, 1] or [1, C, 1, 1] beside an image.
std::vector<float> per_channel(const Constant& c, const Shape& shape) {
  const std::size_t trailing = shape.is_vector ? 0 : 2;  // height and width
  const std::size_t rank = c.dims.size();
  bool fits = rank <= trailing + 2;
  std::size_t channels = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t from_end = rank - 1 - i;
    if (from_end == trailing) {
      channels = c.dims[i];
    } else {
      fits = fits && c.dims[i] == 1;
    }
  }
  if (!fits || (channels != 1 && channels != shape.channels)) {
    const std::string n = std::to_string(shape.channels);
    throw UserError("constant '" + c.name + "' has shape " + to_string(c.dims) +
                    ", allowed beside " + to_string(shape) + ": one value, or " +
                    (shape.is_vector ? "[" + n + "]" : "[" + n + ", 1, 1]"));
  }
  return channels == shape.channels ? c.floats : std::vector<float>(shape.channels, c.floats[0]);
}

std::vector<float>* bias_of(Node* node) {
  if (node == nullptr) return nullptr;
  if (auto* conv = std::get_if<Conv>(&node->op)) return &conv->bias;
  if (auto* gemm = std::get_if<Gemm>(&node->op)) return &gemm->bias;
  return nullptr;
}

/// A constant added behind a Conv or Gemm that has no bias is its bias; elsewhere it is a
/// BatchNorm of scale 1.
void add_constant(NodeImport& node, int activation, int constant) {
  const std::size_t producer = node.activation(activation);
  node.charge(2 * node.shape(activation).channels);
  std::vector<float> shift = per_channel(node.float_constant(constant), node.shape(activation));
  std::vector<float>* bias = bias_of(node.sole_producer(activation));
  if (bias != nullptr && bias->empty()) {
    *bias = std::move(shift);
    node.take_over(producer);
    return;
  }
  std::vector<float> ones(shift.size(), 1.0F);
  node.emit(BatchNorm{std::move(ones), std::move(shift)}, {producer});
}

}  // namespace

void import_add(NodeImport& node) {
  node.check_arity(2, 2);
  if (!node.is_constant(0) && node.is_constant(1)) {
    add_constant(node, 0, 1);
  } else if (node.is_constant(0) && !node.is_constant(1)) {
    add_constant(node, 1, 0);
  } else {
    node.emit(Add{}, {node.activation(0), node.activation(1)});
  }
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

void import_relu(NodeImport& node) {
  node.check_arity(1, 1);
  node.emit(Relu{}, {node.activation(0)});
}

void import_softmax(NodeImport& node) {
  node.check_arity(1, 1);
  const std::int64_t axis = node.attributes.integer("axis", node.opset() < 13 ? 1 : -1);
  if (!node.shape(0).is_vector || (axis != 1 && axis != -1)) {
    throw UserError("softmax along axis " + std::to_string(axis) + " of " +
                    to_string(node.shape(0)) + ", allowed axis 1 or -1 of a vector");
  }
  node.emit(Softmax{}, {node.activation(0)});
}

}  // namespace systolog::workloads::onnx_import
