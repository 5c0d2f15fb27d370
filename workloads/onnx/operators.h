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

// One file an idea: convolution.cpp, pooling.cpp, dense.cpp, elementwise.cpp, shape.cpp,
// movement.cpp, no_op.cpp.
void import_add(NodeImport& node);
void import_average_pool(NodeImport& node);
void import_batch_normalization(NodeImport& node);
void import_concat(NodeImport& node);
void import_constant(NodeImport& node);
void import_conv(NodeImport& node);
void import_dropout(NodeImport& node);
void import_flatten(NodeImport& node);
void import_gemm(NodeImport& node);
void import_global_average_pool(NodeImport& node);
void import_identity(NodeImport& node);
void import_mat_mul(NodeImport& node);
void import_max_pool(NodeImport& node);
void import_pad(NodeImport& node);
void import_relu(NodeImport& node);
void import_reshape(NodeImport& node);
void import_slice(NodeImport& node);
void import_softmax(NodeImport& node);

}  // namespace systolog::workloads::onnx_import
