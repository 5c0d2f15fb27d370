// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

constexpr OperatorEntry kOperators[] = {
    {"Add", import_add},
    {"AveragePool", import_average_pool},
    {"BatchNormalization", import_batch_normalization},
    {"Concat", import_concat},
    {"Constant", import_constant},
    {"Conv", import_conv},
    {"Dropout", import_dropout},
    {"Flatten", import_flatten},
    {"Gemm", import_gemm},
    {"GlobalAveragePool", import_global_average_pool},
    {"Identity", import_identity},
    {"MatMul", import_mat_mul},
    {"MaxPool", import_max_pool},
    {"Pad", import_pad},
    {"Relu", import_relu},
    {"Reshape", import_reshape},
    {"Slice", import_slice},
    {"Softmax", import_softmax},
};

}  // namespace

std::span<const OperatorEntry> operators() { return kOperators; }

Handler find_handler(std::string_view type) {
  for (const OperatorEntry& entry : kOperators) {
    if (entry.type == type) return entry.handler;
  }
  return nullptr;
}

}  // namespace systolog::workloads::onnx_import
