// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "pe/dataflow.h"
#include "sim/activation_map.h"
#include "sim/network.h"

namespace systolog::sim {

using pe::ceil_div;

/// Blocks of at most `tile` that cover [0, n).
std::vector<Block> blocks(std::uint32_t n, std::uint32_t tile);

/// Rows (or columns) of the input that `count` outputs from `first` read, inside the image.
struct Extent {
  std::uint32_t begin = 0, count = 0;
  std::int32_t first = 0;  // kernel element 0 of output `first`, relative to begin
  Block block() const { return {begin, count}; }
};
Extent input_extent(std::uint32_t first, std::uint32_t count, std::uint32_t in_size,
                    std::size_t kernel, std::size_t stride, std::size_t pad, std::size_t dilation);

/// What is fused behind a layer, as its tile loops see it.
struct FusedShape {
  std::optional<workloads::Window> pool;
  // Element-wise operations before and behind the pool, and the tensors they load besides.
  std::uint32_t passes_before = 0, passes_behind = 0;
  std::uint32_t operands_before = 0, operands_behind = 0;
  std::uint32_t operands() const { return operands_before + operands_behind; }
};

/// A layer's dimensions as its tile loops see them, one batch. Tiles are cut from the outputs of
/// the last layer fused behind it: `out_rows` and `out_columns` are that one's.
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
  // Bits of a code in the memories: of the first and the second operand, of weights, of results and
  // all that is fused behind them.
  std::uint32_t in_width = 8, second_width = 8, weight_width = 8, out_width = 8;
  FusedShape fused;
  std::uint32_t pooled_rows = 1, pooled_columns = 1;  // what a fused pool reads

  /// Outputs of the layer itself.
  std::uint32_t own_rows() const { return fused.pool ? pooled_rows : out_rows; }
  std::uint32_t own_columns() const { return fused.pool ? pooled_columns : out_columns; }

  /// Outputs of the layer itself that tile rows (columns) need, and the inputs that those need.
  Extent own_rows(Block rows) const;
  Extent own_columns(Block columns) const;
  Extent input_rows(Extent own) const;
  Extent input_columns(Extent own) const;

  /// Tiles of any rows (columns) need each output of the layer once; else a fused pool's windows
  /// overlap and only whole columns (rows) do.
  bool cuts_rows() const;
  bool cuts_columns() const;
};

/// The shape of a layer by itself.
LayerShape shape_of(const Network& network, const Layer& layer, std::uint32_t batch);

}  // namespace systolog::sim
