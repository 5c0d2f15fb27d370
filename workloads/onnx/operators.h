// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "workloads/onnx/node_import.h"

namespace systolog::workloads::onnx_import {

/// Turns one ONNX node into nodes of the graph, or throws UserError.
using Handler = void (*)(NodeImport&);

struct OperatorEntry {
  std::string_view type;  // of the standard domain
  Handler handler;
};

/// The only list of what is imported, in alphabetical order.
std::span<const OperatorEntry> operators();

/// Null where the operator is not supported.
Handler find_handler(std::string_view type);

// One file an idea: arithmetic.cpp, convolution.cpp, dense.cpp, elementwise.cpp, movement.cpp,
// no_op.cpp, pooling.cpp, shape.cpp.
void import_add(NodeImport& node);
void import_average_pool(NodeImport& node);
void import_batch_normalization(NodeImport& node);
void import_cast(NodeImport& node);
void import_clip(NodeImport& node);
void import_concat(NodeImport& node);
void import_constant(NodeImport& node);
void import_conv(NodeImport& node);
void import_div(NodeImport& node);
void import_dropout(NodeImport& node);
void import_elu(NodeImport& node);
void import_flatten(NodeImport& node);
void import_gemm(NodeImport& node);
void import_global_average_pool(NodeImport& node);
void import_global_max_pool(NodeImport& node);
void import_hard_sigmoid(NodeImport& node);
void import_hard_swish(NodeImport& node);
void import_identity(NodeImport& node);
void import_leaky_relu(NodeImport& node);
void import_mat_mul(NodeImport& node);
void import_max_pool(NodeImport& node);
void import_mul(NodeImport& node);
void import_neg(NodeImport& node);
void import_p_relu(NodeImport& node);
void import_pad(NodeImport& node);
void import_reduce_max(NodeImport& node);
void import_reduce_mean(NodeImport& node);
void import_relu(NodeImport& node);
void import_reshape(NodeImport& node);
void import_shape(NodeImport& node);
void import_sigmoid(NodeImport& node);
void import_size(NodeImport& node);
void import_slice(NodeImport& node);
void import_softmax(NodeImport& node);
void import_split(NodeImport& node);
void import_squeeze(NodeImport& node);
void import_sub(NodeImport& node);
void import_tanh(NodeImport& node);
void import_transpose(NodeImport& node);
void import_unsqueeze(NodeImport& node);

}  // namespace systolog::workloads::onnx_import
