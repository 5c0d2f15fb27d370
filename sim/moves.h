// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "memory/transfer.h"
#include "sim/network.h"

namespace systolog::sim {

/// A box of positions [height, width, channels] of a tensor that lies as NHWC.
struct Box {
  std::size_t begin[3] = {}, step[3] = {1, 1, 1}, count[3] = {1, 1, 1};
};

/// The move of box `from` of a tensor to box `to` of another, of equal counts.
Move move_box(std::size_t input, const workloads::Shape& in, const Box& from,
              const workloads::Shape& out, const Box& to);

enum class MoveSide : std::uint8_t { kIn, kOut };
/// The same move with this side's places counted in half bytes of a tensor that is packed, where a
/// pixel of an odd number of codes ends in half a byte that nobody uses. Nothing where a run of
/// codes would begin or end inside of a byte that others use.
std::optional<Move> packed(Move move, MoveSide side, const workloads::Shape& shape);

/// A tensor as a move finds it in the DRAM.
struct MovedTensor {
  workloads::Shape shape;
  std::uint32_t width = 8;  // bits of a code
  bool packed = false;
};

/// A part of a Move that fits the scratchpads: loaded to a dense tile, copied, stored.
/// Addresses count from the tensors' and the tiles' beginnings.
struct MoveTile {
  memory::Transfer load, store;
  std::uint32_t codes = 1;
  std::uint32_t row_codes = 1;  // of a run, which begins at a whole byte in a packed tile
};

/// Cuts the move of `images` images into tiles of at most `most_codes` codes (or two).
std::vector<MoveTile> move_tiles(const Move& move, std::uint32_t images, const MovedTensor& in,
                                 const MovedTensor& out, std::uint64_t most_codes);

}  // namespace systolog::sim
