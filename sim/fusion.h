// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/accelerator_config.h"
#include "sim/network.h"
#include "sim/tiling.h"

namespace systolog::sim {

/// Layers that run tile by tile together: the first one's results stay in the output scratchpad,
/// where the vector unit carries out the others, and only the last one's go to DRAM.
struct LayerGroup {
  std::size_t first = 0, count = 1;  // layers of the network
  LayerShape shape;
  TilingSearch search;
};

/// Cuts the network into groups, in its layers' order, such that the sum of their costs is the
/// least for the objective. What may follow in a group: ReLU, addition, pooling, each the only
/// reader of what the layer before it makes, one pool at most. A pool whose windows overlap is
/// fused where its rows or columns need not be cut, so that nothing is computed twice; one that
/// leaves out pixels is not.
///
/// Throws UserError where a layer fits no scratchpad, with the smallest capacities that the whole
/// network would do with.
std::vector<LayerGroup> plan_groups(const Network& network, const AcceleratorConfig& config,
                                    std::uint32_t batch, const EnergyFigures* figures);

}  // namespace systolog::sim
