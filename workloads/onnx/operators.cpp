// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

constexpr OperatorEntry kOperators[] = {
    {"Add", import_add},
    {"AveragePool", import_average_pool},
    {"BatchNormalization", import_batch_normalization},
    {"Cast", import_cast},
    {"Clip", import_clip},
    {"Concat", import_concat},
    {"Constant", import_constant},
    {"Conv", import_conv},
    {"Div", import_div},
    {"Dropout", import_dropout},
    {"Elu", import_elu},
    {"Flatten", import_flatten},
    {"Gemm", import_gemm},
    {"GlobalAveragePool", import_global_average_pool},
    {"GlobalMaxPool", import_global_max_pool},
    {"HardSigmoid", import_hard_sigmoid},
    {"HardSwish", import_hard_swish},
    {"Identity", import_identity},
    {"LeakyRelu", import_leaky_relu},
    {"MatMul", import_mat_mul},
    {"MaxPool", import_max_pool},
    {"Mul", import_mul},
    {"Neg", import_neg},
    {"PRelu", import_p_relu},
    {"Pad", import_pad},
    {"ReduceMax", import_reduce_max},
    {"ReduceMean", import_reduce_mean},
    {"Relu", import_relu},
    {"Reshape", import_reshape},
    {"Shape", import_shape},
    {"Sigmoid", import_sigmoid},
    {"Size", import_size},
    {"Slice", import_slice},
    {"Softmax", import_softmax},
    {"Split", import_split},
    {"Squeeze", import_squeeze},
    {"Sub", import_sub},
    {"Tanh", import_tanh},
    {"Transpose", import_transpose},
    {"Unsqueeze", import_unsqueeze},
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
