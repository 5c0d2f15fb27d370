// SPDX-License-Identifier: Apache-2.0
#include "sim/graph_readers.h"

#include <algorithm>

#include "models/user_error.h"

namespace systolog::sim {

using workloads::Graph;
using workloads::Node;

bool has_weights(const Node& node) {
  return std::holds_alternative<workloads::Conv>(node.op) ||
         std::holds_alternative<workloads::Gemm>(node.op);
}

bool only_looks_otherwise(const Node& node) {
  return std::holds_alternative<workloads::Reshape>(node.op) ||
         std::holds_alternative<workloads::Transpose>(node.op);
}

bool is_given(const Node& node) {
  return std::holds_alternative<workloads::Input>(node.op) ||
         std::holds_alternative<workloads::ConstantTensor>(node.op);
}

Readers::Readers(const Graph& graph) : graph_(graph), readers_(graph.nodes.size()) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const std::size_t input : graph.nodes[n].inputs) readers_[input].push_back(n);
  }
  for (const auto& output : workloads::outputs_of(graph)) is_output_.insert(output.node);
}

std::size_t Readers::sole_clamp_after(std::size_t n) const {
  if (readers_[n].size() != 1 || is_output_.contains(n)) return n;
  const workloads::Operator& next = graph_.nodes[readers_[n][0]].op;
  const auto* activate = std::get_if<workloads::Activate>(&next);
  const bool clamps = std::holds_alternative<workloads::Relu>(next) ||
                      (activate != nullptr && activate->function == models::Activation::kClip);
  return clamps ? readers_[n][0] : n;
}

std::size_t Readers::first_after(std::size_t n) const {
  if (readers_[n].empty()) return n;
  const std::size_t next = readers_[n][0];
  return only_looks_otherwise(graph_.nodes[next]) ? first_after(next) : next;
}

void check_names(const Graph& graph, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return;
  const Readers readers(graph);
  std::vector<std::string> names;
  std::vector<bool> fused(graph.nodes.size(), false);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (has_weights(node) && readers.sole_clamp_after(n) != n) {
      fused[readers.sole_clamp_after(n)] = true;
    }
    if (!is_given(node) && !only_looks_otherwise(node) && !fused[n]) names.push_back(node.name);
  }
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::string list;
    for (const std::string& other : names) list += (list.empty() ? "" : ", ") + other;
    throw UserError("/layers/" + name + ": " + graph.name + " has no such layer, allowed " + list);
  }
}

}  // namespace systolog::sim
