// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/activation_map.h"
#include "sim/fusion.h"
#include "sim/program_builder.h"
#include "sim/ring_allocator.h"
#include "sim/tile_model.h"

namespace systolog::sim {

/// One tile of a group's outputs, and what it needs on the way back to the group's inputs.
struct PixelTile {
  Block images, rows, columns;       // of the last layer
  Extent own_rows, own_columns;      // of the first layer
  Extent input_rows, input_columns;  // of the first layer's input
  std::uint64_t own_pixels() const {
    return std::uint64_t{images.count} * own_rows.count * own_columns.count;
  }
  std::uint64_t pixels() const { return std::uint64_t{images.count} * rows.count * columns.count; }
};
std::vector<PixelTile> pixel_tiles(const LayerShape& shape, const Tiling& tiling);

/// What the compilers of all kinds of layers share: the accelerator's memories as they are handed
/// out, and the commands that move and finish tiles.
class TileWriter {
 public:
  using Region = RingAllocator::Region;

  TileWriter(const Network& network, const AcceleratorConfig& config, std::uint32_t batch);

  const Network& network() const { return network_; }
  const Layer& layer(std::size_t index) const { return network_.layers[index]; }
  const AcceleratorConfig& config() const { return config_; }
  /// Of the group that is being compiled.
  const models::Arithmetic& arithmetic() const {
    return network_.arithmetic_of(network_.layers[group_]);
  }
  std::uint32_t batch() const { return batch_; }
  const ActivationMap& activations() const { return activations_; }
  ProgramBuilder& builder() { return builder_; }
  Program& program() { return builder_.program(); }

  /// Prepares the scratchpads for a group and notes its tiling for the report. A layer of moves
  /// notes its own.
  void begin(const LayerGroup& group);
  /// Bytes of the input and of the output scratchpad for a group's tiles: of a unified one the
  /// parts that begin() has cut off.
  std::uint64_t input_bytes() const { return input_.size(); }
  std::uint64_t output_bytes() const { return output_.size(); }
  void note(const TilingChoice& choice, std::size_t first, std::size_t count);

  Region allocate_input(std::uint64_t bytes) { return input_.allocate(bytes); }
  Region allocate_weight(std::uint64_t bytes) { return weight_.allocate(bytes); }
  Region allocate_output(std::uint64_t bytes) { return output_.allocate(bytes); }

  /// The next free bytes of DRAM for constants, and their bytes in the Program, empty where the
  /// network has no values.
  Region place_constants(std::uint64_t bytes);
  std::span<std::byte> constants(Region placed);
  void load_constants(std::uint64_t address, Region region);
  void load_tile(std::size_t value, Block images, Block rows, Block columns, Block channels,
                 std::uint64_t local);
  /// Sums of one output tile to or from their place in the DRAM, `offset` bytes into the spill.
  void move_sums(memory::Transfer::Direction direction, std::uint64_t offset, std::uint64_t local,
                 std::uint64_t bytes);

  /// Carries out the layers fused behind the group's first on the tile's codes, which lie at
  /// `address` of the output scratchpad with room for a pool's result at `pooled`, and stores what
  /// comes out.
  void finish_tile(const LayerGroup& group, const PixelTile& tile, Block channels,
                   std::uint64_t address, std::uint64_t pooled);

  /// The command word of a vector layer but for sizes and addresses; its window begins at these
  /// rows and columns of the input tile.
  pe::VectorOp vector_op(const Layer& layer, const Extent& rows, const Extent& columns) const;
  /// The part of the DRAM that a value lies in.
  std::uint32_t dram_of(std::size_t value) const;

  static MemoryRange range(memory::Scratchpad scratchpad, std::uint64_t begin, std::uint64_t bytes,
                           bool write) {
    return {static_cast<std::uint32_t>(scratchpad), begin, begin + bytes, write};
  }

  /// Puts constants, activations and spilled sums behind each other in the DRAM.
  Program finish();

 private:
  void divide(const Footprint& footprint);
  std::uint64_t fused_layer(std::size_t index, std::size_t chained, const PixelTile& tile,
                            bool pooled_yet, Block channels, std::uint64_t address,
                            std::uint64_t pooled);

  // Stands for the end of the activations, as ActivationMap::kBase for that of the constants.
  static constexpr std::uint64_t kSpillBase = std::uint64_t{1} << 61;

  const Network& network_;
  const AcceleratorConfig& config_;
  std::uint32_t batch_;
  std::size_t group_ = 0;  // its first layer
  ActivationMap activations_;
  ProgramBuilder builder_;
  RingAllocator input_, weight_, output_;
  RingAllocator operands_;  // of fused additions: the end of the input scratchpad
  std::uint64_t spill_bytes_ = 0;
};

/// The window and its place in the tile that a pooling or matmul command has.
template <typename Command>
void set_window(Command& command, const workloads::Window& w, const Extent& rows,
                const Extent& columns) {
  command.kernel_rows = static_cast<std::uint32_t>(w.kernel_h);
  command.kernel_columns = static_cast<std::uint32_t>(w.kernel_w);
  command.stride_rows = static_cast<std::uint32_t>(w.stride_h);
  command.stride_columns = static_cast<std::uint32_t>(w.stride_w);
  command.dilation_rows = static_cast<std::uint32_t>(w.dilation_h);
  command.dilation_columns = static_cast<std::uint32_t>(w.dilation_w);
  command.first_row = rows.first;
  command.first_column = columns.first;
}

}  // namespace systolog::sim
