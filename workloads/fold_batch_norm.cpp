// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "workloads/graph.h"

namespace systolog::workloads {

namespace {

/// scale * (w x + b) + shift = (scale w) x + (scale b + shift), one scale and shift an output.
void fold(const BatchNorm& norm, std::vector<float>& bias) {
  if (bias.empty()) bias.assign(norm.scale.size(), 0.0F);
  for (std::size_t n = 0; n < bias.size(); ++n) bias[n] = norm.scale[n] * bias[n] + norm.shift[n];
}

bool fold_into(const BatchNorm& norm, Operator& producer) {
  if (auto* conv = std::get_if<Conv>(&producer)) {
    const std::size_t per_filter = conv->weights.size() / conv->filters;
    for (std::size_t i = 0; i < conv->weights.size(); ++i) {
      conv->weights[i] *= norm.scale[i / per_filter];
    }
    fold(norm, conv->bias);
    return true;
  }
  if (auto* gemm = std::get_if<Gemm>(&producer)) {
    for (std::size_t i = 0; i < gemm->weights.size(); ++i) {
      gemm->weights[i] *= norm.scale[i % gemm->features];
    }
    fold(norm, gemm->bias);
    return true;
  }
  return false;
}

}  // namespace

void fold_batch_norm(Graph& graph) {
  const std::vector<std::size_t> readers = count_readers(graph);
  std::vector<Node> kept;
  std::vector<std::size_t> moved_to(graph.nodes.size());  // old index to new
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    const auto* norm = std::get_if<BatchNorm>(&node.op);
    if (norm != nullptr && readers[node.inputs[0]] == 1 &&
        fold_into(*norm, kept[moved_to[node.inputs[0]]].op)) {
      moved_to[i] = moved_to[node.inputs[0]];
      continue;
    }
    for (std::size_t& input : node.inputs) input = moved_to[input];
    moved_to[i] = kept.size();
    kept.push_back(std::move(node));
  }
  graph.nodes = std::move(kept);
  for (GraphOutput& output : graph.outputs) output.node = moved_to[output.node];
}

}  // namespace systolog::workloads
