// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "models/arithmetic.h"
#include "pe/dataflow.h"
#include "sim/tiling.h"

namespace systolog::sim {

/// Bytes of the scratchpads that a tiling takes for one tile at a time; in the output scratchpad
/// those of all tiles whose sums stay there.
struct Footprint {
  std::uint64_t input = 0, weight = 0, output = 0;
  std::uint64_t operand = 0;  // of the input scratchpad besides: what a fused addition loads
  /// Of a unified scratchpad, one behind the other.
  std::uint64_t all() const;
  /// True where `copies` of it fit: two let a tile load while the one before is used.
  bool fits(const AcceleratorConfig& config, std::uint64_t copies) const;
};

/// How many tiles each loop of a tiling has.
struct TileCounts {
  std::uint64_t pixels = 1, channels = 1, filters = 1, groups = 1;
  std::uint64_t outputs() const { return pixels * filters * groups; }
  std::uint64_t all() const { return outputs() * channels; }
};
TileCounts tile_counts(const LayerShape& shape, const Tiling& tiling);

/// Output tiles whose sums the output scratchpad holds at once, and the slot of one of them.
std::uint64_t held_tiles(const TileCounts& counts, const Tiling& tiling);
std::uint64_t held_slot(const TileCounts& counts, const Tiling& tiling, std::uint64_t pixel,
                        std::uint64_t filter);

/// Bytes of one output tile in the output scratchpad: sums, codes, codes behind a fused pool, one
/// behind the other.
struct OutputTile {
  std::uint64_t sums = 0, codes = 0, pooled = 0;
  std::uint64_t bytes() const { return sums + codes + pooled; }
};

/// What the compiler's loops do with a tiling of one layer: bytes exactly, time and energy as an
/// estimate (docs/timing.md).
class TileModel {
 public:
  TileModel(const LayerShape& shape, const models::Arithmetic& arithmetic,
            const AcceleratorConfig& config, const EnergyFigures* figures);

  Footprint footprint(const Tiling& tiling) const;
  /// Of `pixels` of the layer's own outputs and `pooled` behind a fused pool, times `filters`.
  OutputTile output_tile(std::uint64_t pixels, std::uint64_t pooled, std::uint64_t filters) const;
  std::uint64_t dram_bytes(const Tiling& tiling) const;
  TilingCost cost(const Tiling& tiling, const Footprint& footprint) const;
  /// What bus and DRAM take for so many bytes at best: no tiling that moves them costs less.
  double transfer_cycles(std::uint64_t bytes) const;

 private:
  struct Work;  // of the array
  Work array_work(const Tiling& tiling, const TileCounts& counts) const;
  /// Inputs that one sweep over all tiles of so many rows or columns reads, halos each time.
  std::uint64_t swept(std::uint32_t tile, bool rows) const;
  std::uint64_t swept_pixels(const Tiling& tiling) const;
  std::uint64_t own_pixels() const;
  /// Of all weight tiles, each once, without parameters.
  std::uint64_t weight_bytes(const Tiling& tiling) const;
  double energy(const Tiling& tiling, const TileCounts& counts, const Work& work,
                const TilingCost& cost) const;

  const LayerShape& shape_;
  const models::Arithmetic& arithmetic_;
  const AcceleratorConfig& config_;
  const EnergyFigures* figures_;
  bool starves_;  // the scratchpads' ports may be narrower than what the array asks for
  mutable std::vector<std::uint64_t> swept_rows_, swept_columns_;  // by tile size; 0: not yet
};

}  // namespace systolog::sim
