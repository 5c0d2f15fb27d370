// SPDX-License-Identifier: Apache-2.0
// Operators that compute nothing at inference: Cast, Constant, Dropout, Identity.
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

void import_constant(NodeImport& node) {
  node.check_arity(0, 0);
  Attributes& given = node.attributes;
  if (given.has("value")) return node.bind(&given.tensor("value"));
  Constant constant;
  constant.name = node.name();
  if (given.has("value_float")) {
    constant.floats = {given.real("value_float", 0.0F)};
  } else if (given.has("value_floats")) {
    constant.floats = given.reals("value_floats");
    constant.dims = {constant.floats.size()};
  } else if (given.has("value_int")) {
    constant.is_float = false;
    constant.ints = {given.integer("value_int", 0)};
  } else if (given.has("value_ints")) {
    constant.is_float = false;
    constant.ints = given.integers("value_ints");
    constant.dims = {constant.ints.size()};
  } else {
    throw UserError("has no attribute of value, value_float, value_floats, value_int, value_ints");
  }
  node.bind(std::move(constant));
}

/// FP32 stands for every float type here; an integer type has no place behind activations.
void import_cast(NodeImport& node) {
  node.check_arity(1, 1);
  const std::int64_t to = node.attributes.integer("to", 0);
  if (to != onnx::TensorProto::FLOAT && to != onnx::TensorProto::FLOAT16 &&
      to != onnx::TensorProto::DOUBLE && to != onnx::TensorProto::BFLOAT16) {
    throw UserError("attribute 'to': got type " + std::to_string(to) +
                    " for an activation, allowed a float type");
  }
  node.bind(node.value(0));
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
