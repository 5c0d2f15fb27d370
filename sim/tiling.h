// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "models/arithmetic.h"
#include "sim/accelerator_config.h"
#include "sim/network.h"

namespace systolog::sim {

/// Sizes of one layer's tile loops. Of a matmul layer: `channels` and `filters` per group, and
/// where `groups` > 1, whole groups (channels and filters are then all of a group's). A vector
/// layer tiles images, rows, columns and channels.
struct Tiling {
  std::uint32_t images = 1, out_rows = 1, out_columns = 1;
  std::uint32_t channels = 1, filters = 1, groups = 1;
  bool weights_outer = false;  // loop over filters outside the loop over pixels
};

/// A layer's dimensions as its tile loops see them, one batch.
struct LayerShape {
  std::uint32_t images = 1;
  std::uint32_t in_rows = 1, in_columns = 1;
  std::uint32_t out_rows = 1, out_columns = 1;
  std::uint32_t channels = 1, filters = 1;  // per group
  std::uint32_t groups = 1;
  workloads::Window window;
  bool is_matmul = false;
  std::uint32_t operands = 1;         // input tiles a vector op reads
  std::uint64_t parameter_bytes = 0;  // per filter (matmul) or channel (vector)
  bool second_per_channel = false;    // the second operand has one pixel an image
  bool channels_whole = false;        // softmax: a pixel's channels stay together
};

/// Rows (or columns) of the input that `count` outputs from `first` read, inside the image.
struct Extent {
  std::uint32_t begin = 0, count = 0;
  std::int32_t first = 0;  // kernel element 0 of output `first`, relative to begin
};
Extent input_extent(std::uint32_t first, std::uint32_t count, std::uint32_t in_size,
                    std::size_t kernel, std::size_t stride, std::size_t pad, std::size_t dilation);

/// Chooses the tile sizes of least estimated latency; among equals, the fewest DRAM bytes. Tiles of
/// at most half of each scratchpad overlap with their neighbours, so they are usually chosen.
/// Throws UserError where not even one output of one channel fits, with the capacities that would
/// do.
Tiling choose_tiling(const LayerShape& shape, const std::string& layer,
                     const models::Arithmetic& arithmetic, const AcceleratorConfig& config);

/// DRAM bytes that the compiler's loops move for a tiling.
std::uint64_t dram_bytes(const LayerShape& shape, const Tiling& tiling,
                         const models::Arithmetic& arithmetic);

}  // namespace systolog::sim
