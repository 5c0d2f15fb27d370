// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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

/// A part of a Move that fits the scratchpads: loaded to a dense tile, copied, stored.
/// Addresses count from the tensors' and the tiles' beginnings.
struct MoveTile {
  memory::Transfer load, store;
  std::uint32_t codes = 1;
};

/// Cuts the move of `images` images, whose tensors have `in_codes` and `out_codes` codes each,
/// into tiles of at most `most_codes` codes.
std::vector<MoveTile> move_tiles(const Move& move, std::uint32_t images, std::uint64_t in_codes,
                                 std::uint64_t out_codes, std::uint64_t code_bytes,
                                 std::uint64_t most_codes);

}  // namespace systolog::sim
