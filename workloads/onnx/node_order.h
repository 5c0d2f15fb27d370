// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <set>
#include <string>
#include <vector>

namespace systolog::workloads::onnx_import {

struct NodeOrder {
  /// The nodes that the graph's outputs depend on, each after the nodes it reads, otherwise in the
  /// file's order; without those that depend on a cycle.
  std::vector<const onnx::NodeProto*> nodes;
  std::vector<const onnx::NodeProto*> unread;  // the others: no output depends on them
  std::set<std::string> missing;   // values that are read and nothing makes, or only a cycle
  std::vector<std::string> wrong;  // messages, a value or a cycle each
};

/// `given` are the values that need no node: inputs and initialisers.
NodeOrder order_nodes(const onnx::GraphProto& graph, const std::set<std::string>& given);

}  // namespace systolog::workloads::onnx_import
