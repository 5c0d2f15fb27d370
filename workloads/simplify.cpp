// SPDX-License-Identifier: Apache-2.0
// What a graph does without: explicit padding before a convolution, nodes nobody reads.
#include <algorithm>
#include <utility>
#include <vector>

#include "workloads/graph.h"

namespace systolog::workloads {

namespace {

/// Keeps the nodes for which `keep` is true; those have no inputs among the others.
void keep_nodes(Graph& graph, const std::vector<bool>& keep) {
  std::vector<Node> kept;
  std::vector<std::size_t> moved_to(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!keep[i]) continue;
    Node& node = graph.nodes[i];
    for (std::size_t& input : node.inputs) input = moved_to[input];
    moved_to[i] = kept.size();
    kept.push_back(std::move(node));
  }
  graph.nodes = std::move(kept);
  for (GraphOutput& output : graph.outputs) output.node = moved_to[output.node];
}

}  // namespace

void fold_padding(Graph& graph) {
  const std::vector<std::size_t> readers = count_readers(graph);
  for (Node& node : graph.nodes) {
    auto* conv = std::get_if<Conv>(&node.op);
    if (conv == nullptr || readers[node.inputs[0]] != 1) continue;
    const Node& producer = graph.nodes[node.inputs[0]];
    const auto* pad = std::get_if<Pad>(&producer.op);
    if (pad == nullptr || pad->mode != PadMode::kConstant || pad->value != 0.0F ||
        pad->before[0] != 0 || pad->after[0] != 0) {
      continue;
    }
    Window w = conv->window;
    w.pad_top += pad->before[1];
    w.pad_left += pad->before[2];
    w.pad_bottom += pad->after[1];
    w.pad_right += pad->after[2];
    if (std::max({w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}) > kMaxWindow) continue;
    conv->window = w;
    node.inputs = producer.inputs;
  }
}

void remove_unread(Graph& graph) {
  std::vector<bool> needed(graph.nodes.size(), false);
  needed[0] = true;
  for (const GraphOutput& output : outputs_of(graph)) needed[output.node] = true;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (!needed[i]) continue;
    for (const std::size_t input : graph.nodes[i].inputs) needed[input] = true;
  }
  keep_nodes(graph, needed);
  if (graph.outputs.size() == 1) graph.outputs.clear();
}

}  // namespace systolog::workloads
