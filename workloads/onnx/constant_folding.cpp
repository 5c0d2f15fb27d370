// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/constant_folding.h"

#include <string>

#include "models/user_error.h"

namespace systolog::workloads::onnx_import {

const Constant& ConstantNode::input(std::size_t i) const {
  if (!has(i)) throw UserError("input " + std::to_string(i) + " is missing");
  return *inputs[i];
}

Evaluation find_evaluation(std::string_view type) {
  for (const auto entries :
       {elementwise_evaluations(), movement_evaluations(), shape_evaluations()}) {
    for (const EvaluationEntry& entry : entries) {
      if (entry.type == type) return entry.evaluation;
    }
  }
  return nullptr;
}

}  // namespace systolog::workloads::onnx_import
