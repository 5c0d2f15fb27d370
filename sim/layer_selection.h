// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/network.h"
#include "workloads/graph.h"
#include "workloads/tensor.h"

namespace systolog::sim {

/// The layers that `--layers` names, in order: names and ranges FIRST..LAST, apart by commas.
/// Throws UserError that lists the network's layers.
std::vector<std::size_t> named_layers(const Network& network, const std::string& option);

/// Leaves only these layers in the network. What they read from others is fed by the host: the FP32
/// reference's values for these images, encoded. The last layer's output becomes the network's;
/// returns the reference's values of it, nothing where it was the network's before.
workloads::Tensor keep_layers(Network& network, const std::vector<std::size_t>& layers,
                              const workloads::Graph& graph, const workloads::Tensor& images);

}  // namespace systolog::sim
