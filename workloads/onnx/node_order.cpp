// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/node_order.h"

#include <cstddef>
#include <functional>
#include <queue>
#include <unordered_map>

#include "workloads/onnx/node_import.h"

namespace systolog::workloads::onnx_import {

namespace {

using Producers = std::unordered_map<std::string, int>;  // value name to node

std::string quoted(const onnx::NodeProto& node) {
  return "node '" + display_name(node) + "' (" + printable(node.op_type()) + ")";
}

Producers find_producers(const onnx::GraphProto& graph, const std::set<std::string>& given,
                         std::vector<std::string>& wrong) {
  Producers producers;
  for (int n = 0; n < graph.node_size(); ++n) {
    const onnx::NodeProto& node = graph.node(n);
    if (node.output_size() == 0 || node.output(0).empty()) {
      wrong.push_back(quoted(node) + ": has no output");
    }
    for (const std::string& output : node.output()) {
      if (output.empty()) continue;  // an optional output that is left out
      if (given.contains(output) || !producers.emplace(output, n).second) {
        wrong.push_back(quoted(node) + ": its output '" + printable(output) +
                        "' exists already, allowed one producer for each value");
      }
    }
  }
  return producers;
}

/// Nodes that the outputs need, however deep.
std::vector<bool> needed_nodes(const onnx::GraphProto& graph, const Producers& producers) {
  std::vector<bool> needed(static_cast<std::size_t>(graph.node_size()), false);
  std::vector<int> open;
  const auto need = [&](const std::string& value) {
    const auto found = producers.find(value);
    if (found == producers.end() || needed[static_cast<std::size_t>(found->second)]) return;
    needed[static_cast<std::size_t>(found->second)] = true;
    open.push_back(found->second);
  };
  for (const onnx::ValueInfoProto& output : graph.output()) need(output.name());
  while (!open.empty()) {
    const int n = open.back();
    open.pop_back();
    for (const std::string& input : graph.node(n).input()) need(input);
  }
  return needed;
}

}  // namespace

NodeOrder order_nodes(const onnx::GraphProto& graph, const std::set<std::string>& given) {
  NodeOrder order;
  const Producers producers = find_producers(graph, given, order.wrong);
  const std::vector<bool> needed = needed_nodes(graph, producers);
  for (int n = 0; n < graph.node_size(); ++n) {
    const onnx::NodeProto& node = graph.node(n);
    if (!needed[static_cast<std::size_t>(n)]) {
      order.unread.push_back(&node);
      continue;
    }
    for (const std::string& input : node.input()) {
      if (input.empty() || given.contains(input) || producers.contains(input)) continue;
      order.wrong.push_back(quoted(node) + ": its input '" + printable(input) +
                            "' does not exist, allowed an initialiser, a graph input or another "
                            "node's output");
      order.missing.insert(input);
    }
  }

  // Kahn's algorithm; of the nodes that are ready, the first in the file comes first.
  std::vector<int> waiting(needed.size(), 0);
  std::vector<std::vector<int>> readers(needed.size());
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  std::size_t count = 0;
  for (int n = 0; n < graph.node_size(); ++n) {
    if (!needed[static_cast<std::size_t>(n)]) continue;
    ++count;
    for (const std::string& input : graph.node(n).input()) {
      const auto found = producers.find(input);
      if (found == producers.end()) continue;
      ++waiting[static_cast<std::size_t>(n)];
      readers[static_cast<std::size_t>(found->second)].push_back(n);
    }
    if (waiting[static_cast<std::size_t>(n)] == 0) ready.push(n);
  }
  while (!ready.empty()) {
    const int n = ready.top();
    ready.pop();
    order.nodes.push_back(&graph.node(n));
    for (const int reader : readers[static_cast<std::size_t>(n)]) {
      if (--waiting[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (order.nodes.size() == count) return order;
  bool told = false;  // the first in the file stands for all: they wait for each other
  for (int n = 0; n < graph.node_size(); ++n) {
    if (!needed[static_cast<std::size_t>(n)] || waiting[static_cast<std::size_t>(n)] == 0) continue;
    const onnx::NodeProto& node = graph.node(n);
    order.missing.insert(node.output().begin(), node.output().end());
    if (told) continue;
    told = true;
    order.wrong.push_back(quoted(node) +
                          ": it depends on a cycle of nodes, allowed a graph without cycles");
  }
  return order;
}

}  // namespace systolog::workloads::onnx_import
