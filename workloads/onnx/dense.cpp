// SPDX-License-Identifier: Apache-2.0
// Matrix products by a constant: Gemm and MatMul. Both become our Gemm.
#include <cmath>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

void scale(std::vector<float>& values, float factor, const char* name) {
  if (factor == 1.0F) return;
  for (float& value : values) {
    value *= factor;
    if (!std::isfinite(value)) {
      throw UserError("attribute '" + std::string(name) + "': times " + std::to_string(factor) +
                      " a value leaves the range of FP32");
    }
  }
}

/// Rows to columns.
std::vector<float> transposed(const std::vector<float>& in, std::size_t rows, std::size_t columns) {
  std::vector<float> out(in.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = in[r * columns + c];
  }
  return out;
}

Constant matrix(const NodeImport& node, int input) {
  Constant m = node.float_constant(input);
  if (m.dims.size() != 2 || m.floats.empty()) {
    throw UserError("matrix '" + m.name + "' has shape " + to_string(m.dims) +
                    ", allowed a matrix of two dimensions");
  }
  return m;
}

void check_features(const Shape& in, const Constant& m, std::size_t rows) {
  if (in.is_vector && in.channels == rows) return;
  throw UserError("its input is " + to_string(in) + ", but matrix '" + m.name + "' " +
                  to_string(m.dims) + " needs a vector of " + std::to_string(rows) +
                  " (flatten images first)");
}

/// C broadcast to [features]: a scalar, [features], or [1, features].
std::vector<float> bias_of(const Constant& c, std::size_t features) {
  std::size_t last = 1;
  bool is_row = c.dims.size() <= 2;
  for (std::size_t i = 0; i < c.dims.size(); ++i) {
    if (i + 1 == c.dims.size()) {
      last = c.dims[i];
    } else {
      is_row = is_row && c.dims[i] == 1;
    }
  }
  if (!is_row || (last != 1 && last != features)) {
    throw UserError("bias '" + c.name + "' has shape " + to_string(c.dims) + ", allowed [" +
                    std::to_string(features) + "]");
  }
  return last == features ? c.floats : std::vector<float>(features, c.floats[0]);
}

}  // namespace

void import_gemm(NodeImport& node) {
  node.check_arity(2, 3);
  node.attributes.require("transA", 0, 0);
  const bool transpose = node.attributes.integer("transB", 0) != 0;
  const float alpha = node.attributes.real("alpha", 1.0F);
  const float beta = node.attributes.real("beta", 1.0F);
  const Shape& in = node.shape(0);
  Constant b = matrix(node, 1);
  const std::size_t rows = b.dims[transpose ? 1 : 0];
  Gemm gemm;
  gemm.features = b.dims[transpose ? 0 : 1];
  check_features(in, b, rows);
  node.charge(b.floats.size() + gemm.features);
  gemm.weights = transpose ? transposed(b.floats, gemm.features, rows) : std::move(b.floats);
  scale(gemm.weights, alpha, "alpha");
  if (node.has_input(2)) {
    gemm.bias = bias_of(node.float_constant(2), gemm.features);
    scale(gemm.bias, beta, "beta");
  }
  node.emit(std::move(gemm), {node.activation(0)});
}

/// Of a vector a Gemm; of more dimensions a convolution by one pixel, whose channels are the last
/// dimension.
void import_mat_mul(NodeImport& node) {
  node.check_arity(2, 2);
  const std::vector<std::size_t> dims = node.view(0).dims;
  Constant b = matrix(node, 1);
  if (dims.size() < 2) {
    check_features(node.shape(0), b, b.dims[0]);
    node.charge(b.floats.size());
    Gemm gemm;
    gemm.features = b.dims[1];
    gemm.weights = std::move(b.floats);
    return node.emit(std::move(gemm), {node.activation(0)});
  }
  if (dims.back() != b.dims[0]) {
    throw UserError("its input is [N, " + to_string(dims).substr(1) + ", but matrix '" + b.name +
                    "' " + to_string(b.dims) + " needs " + std::to_string(b.dims[0]) +
                    " at the end (flatten images first)");
  }
  node.charge(b.floats.size());
  View out = node.with_channels_along(0, dims.size() - 1);
  Conv conv;
  conv.filters = b.dims[1];
  conv.weights = transposed(b.floats, b.dims[0], b.dims[1]);
  out.node = node.append(std::move(conv), {out.node});
  out.dims.back() = b.dims[1];
  node.bind(std::move(out));
}

}  // namespace systolog::workloads::onnx_import
