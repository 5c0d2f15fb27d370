// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <span>
#include <string_view>
#include <vector>

#include "workloads/onnx/attributes.h"
#include "workloads/onnx/tensor_data.h"

namespace systolog::workloads::onnx_import {

/// A node all of whose inputs are constants, as its evaluation sees it. Inputs that are left out
/// are null.
struct ConstantNode {
  Attributes& attributes;
  std::int64_t opset;
  std::span<const Constant* const> inputs;

  bool has(std::size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  /// Throws UserError where it is left out.
  const Constant& input(std::size_t i) const;
};

/// First output of a node whose inputs are constants, by numpy's rules: the shape arithmetic that
/// exporters leave in graphs, and weights that are prepared by nodes. Throws UserError without file
/// and node; results are bounded by kMaxElements before they are allocated.
using Evaluation = Constant (*)(const ConstantNode&);

struct EvaluationEntry {
  std::string_view type;
  Evaluation evaluation;
};

// One file a kind: constant_elementwise.cpp, constant_movement.cpp, constant_shapes.cpp.
std::span<const EvaluationEntry> elementwise_evaluations();
std::span<const EvaluationEntry> movement_evaluations();
std::span<const EvaluationEntry> shape_evaluations();

/// Null where constants of this operator are not evaluated.
Evaluation find_evaluation(std::string_view type);

}  // namespace systolog::workloads::onnx_import
