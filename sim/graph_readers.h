// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace systolog::sim {

/// A convolution or fully connected layer: the array's work.
bool has_weights(const workloads::Node& node);
/// A reshape or transpose: the same bytes under another shape.
bool only_looks_otherwise(const workloads::Node& node);
/// Images and constants: what no layer makes.
bool is_given(const workloads::Node& node);

/// Who reads whom.
class Readers {
 public:
  explicit Readers(const workloads::Graph& graph);

  /// The ReLU or Clip that is the only reader of a node, or the node itself.
  std::size_t sole_clamp_after(std::size_t n) const;
  /// The first node that computes with a node's values; the node itself where none does.
  std::size_t first_after(std::size_t n) const;

 private:
  const workloads::Graph& graph_;
  std::vector<std::vector<std::size_t>> readers_;
  std::set<std::size_t> is_output_;
};

/// Throws UserError, with the list of the layers there are, where one of the names is that of no
/// layer.
void check_names(const workloads::Graph& graph, const std::vector<std::string>& wanted);

}  // namespace systolog::sim
