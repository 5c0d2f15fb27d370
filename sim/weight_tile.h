// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/arithmetic.h"
#include "sim/activation_map.h"
#include "sim/layer_shape.h"
#include "sim/network.h"

namespace systolog::sim {

/// Which weights of a layer: groups, and filters and channels of each group.
struct WeightBlock {
  Block groups, filters, channels;
};

/// A weight tile as the array reads it, [groups, kernel rows, kernel columns, channels, filters],
/// and with `parameters` behind it what the write-back of these filters needs: biases, then for
/// int:B the requantisation factors.
void write_weight_tile(const MatmulLayer& layer, const LayerShape& shape,
                       const models::Arithmetic& arithmetic, const WeightBlock& block,
                       bool parameters, std::span<std::byte> tile);
std::uint64_t weight_tile_bytes(const MatmulLayer& layer, const LayerShape& shape,
                                const models::Arithmetic& arithmetic, const WeightBlock& block,
                                bool parameters);

}  // namespace systolog::sim
