// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "workloads/graph.h"

namespace systolog::workloads {

/// Gives a graph of shapes weights: uniform in +-sqrt(6 / K), K products a sum, which keeps the
/// variance of activations through a ReLU [He et al., ICCV 2015, eq. 10]; biases uniform in +-0.05;
/// batch norms as they are. The same bits on every machine and in every order: weight i of a node
/// depends on the seed, the node's index and i alone.
void fill_synthetic_weights(Graph& graph, std::uint64_t seed);

/// The other way: leaves the shapes, for a run of timing alone.
void drop_weights(Graph& graph);

}  // namespace systolog::workloads
