// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/energy_figures.h"
#include "sim/layer_shape.h"

namespace systolog::sim {

/// The order of a matmul's tile loops inside that over groups, outermost first. Where channels are
/// not innermost, an output tile's sums are visited once a block of channels.
enum class LoopOrder : std::uint8_t {
  kPixelsFiltersChannels,
  kFiltersPixelsChannels,
  kPixelsChannelsFilters,
  kFiltersChannelsPixels,
  kChannelsPixelsFilters,
  kChannelsFiltersPixels,
};

enum class Loop : std::uint8_t { kPixels, kFilters, kChannels };
std::array<Loop, 3> loops_of(LoopOrder order);  // outermost first
std::string_view name_of(LoopOrder order);      // "groups, pixels, filters, channels"

/// Sizes of one layer's tile loops. Of a matmul layer: `channels` and `filters` per group, and
/// where `groups` > 1, whole groups (channels and filters are then all of a group's). A vector
/// layer tiles images, rows, columns and channels.
struct Tiling {
  std::uint32_t images = 1, out_rows = 1, out_columns = 1;
  std::uint32_t channels = 1, filters = 1, groups = 1;
  LoopOrder order = LoopOrder::kPixelsFiltersChannels;
  // Between two visits an output tile's sums lie in DRAM, not in the output scratchpad.
  bool spills_sums = false;
};

/// What a tiling is estimated to take. The estimate only ranks tilings: what a layer takes is
/// simulated. The bytes are exact.
struct TilingCost {
  double cycles = 0;
  std::uint64_t dram_bytes = 0;
  double energy_pj = 0;  // what depends on the tiling; 0 without figures
};

/// True where `a` is the better one for the objective: the other figures decide among equals.
bool better(const TilingCost& a, const TilingCost& b, Objective objective);

struct TilingSearch {
  Tiling tiling;
  TilingCost cost;
  std::uint64_t candidates = 0;  // tilings that fit the scratchpads
};

/// True where no tile may cut the layer's channels.
bool keeps_channels_whole(const LayerShape& shape, const AcceleratorConfig& config);

/// True where tiles begin at whole bytes of tensors whose codes are packed two to a byte.
bool cuts_whole_bytes(const LayerShape& shape, const Tiling& tiling);

/// One output of the fewest channels that a tile may have.
Tiling smallest_tiling(const LayerShape& shape, const AcceleratorConfig& config);

/// Looks at every tiling of halved sizes, in every loop order, that fits the scratchpads, and takes
/// the best for config.compiler.objective. Nothing where none fits. `figures` may be null unless
/// the objective is energy.
std::optional<TilingSearch> choose_tiling(const LayerShape& shape,
                                          const models::Arithmetic& arithmetic,
                                          const AcceleratorConfig& config,
                                          const EnergyFigures* figures);

}  // namespace systolog::sim
