// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <set>
#include <string>
#include <vector>

namespace systolog::workloads::onnx_import {

/// The nodes that the graph's outputs depend on, each after the nodes it reads, otherwise in the
/// file's order. `given` are the values that need no node: inputs and initialisers. Throws
/// UserError for a value that nothing or more than one node makes, and for a cycle.
std::vector<const onnx::NodeProto*> ordered_nodes(const onnx::GraphProto& graph,
                                                  const std::set<std::string>& given);

}  // namespace systolog::workloads::onnx_import
