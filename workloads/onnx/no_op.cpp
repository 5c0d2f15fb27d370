// SPDX-License-Identifier: Apache-2.0
// Operators that compute nothing at inference: Constant, Identity, Dropout.
#include "models/user_error.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

void import_constant(NodeImport& node) {
  node.check_arity(0, 0);
  node.bind(&node.attributes.tensor("value"));
}

void import_identity(NodeImport& node) {
  node.check_arity(1, 1);
  node.bind(node.value(0));
}

void import_dropout(NodeImport& node) {
  node.check_arity(1, 3);
  for (const char* name : {"ratio", "seed"}) node.attributes.ignore(name);  // training only
  if (node.has_input(2)) {
    const Constant training = node.int_constant(2);
    if (training.ints != std::vector<std::int64_t>{0}) {
      throw UserError("training_mode '" + training.name + "' is set, allowed false");
    }
  }
  node.bind(node.value(0));
}

}  // namespace systolog::workloads::onnx_import
