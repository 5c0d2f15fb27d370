// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <vector>

#include "workloads/onnx/node_import.h"

namespace systolog::workloads::onnx_import {

// Where a model begins and ends. Everything throws UserError, without the file, that names the
// input or the output.

/// Makes node 0 of the graph from the one input that is no initialiser: rank 2, 3 or 4, the first
/// dimension the batch. Dimensions that the model leaves open are those of `input_shape`.
void import_input(Import& import, const onnx::GraphProto& graph,
                  const std::vector<std::size_t>& input_shape);

/// The graph node that has an output's values, as a node that reads the output sees them. Refuses
/// what is no activation, the input itself, and another shape than the model declares.
std::size_t output_node(Import& import, const onnx::ValueInfoProto& output);

}  // namespace systolog::workloads::onnx_import
