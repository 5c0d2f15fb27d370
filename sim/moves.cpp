// SPDX-License-Identifier: Apache-2.0
#include "sim/moves.h"

#include <algorithm>
#include <array>

namespace systolog::sim {
namespace {

using memory::Transfer;

constexpr std::size_t kTransferLoops = 3;  // around the runs of one descriptor

/// Steps in codes along height, width, channels.
std::array<std::uint64_t, 3> strides(const workloads::Shape& s) {
  return {s.width * s.channels, s.channels, 1};
}

/// Drops loops of one turn and joins neighbours that are one longer loop on both sides.
std::vector<Move::Loop> joined(const std::vector<Move::Loop>& loops) {
  std::vector<Move::Loop> list;
  for (const Move::Loop& loop : loops) {
    if (loop.count == 1) continue;
    if (!list.empty() && list.back().in_stride == loop.count * loop.in_stride &&
        list.back().out_stride == loop.count * loop.out_stride) {
      list.back() = {list.back().count * loop.count, loop.in_stride, loop.out_stride};
    } else {
      list.push_back(loop);
    }
  }
  if (list.empty()) list.push_back({1, 1, 1});
  return list;
}

/// One side of a tile as a descriptor: the innermost loop is its run where the codes touch.
Transfer describe(const std::vector<Move::Loop>& loops, std::uint64_t Move::Loop::*stride,
                  std::uint64_t code) {
  Transfer t;
  const bool touches = loops.back().*stride == 1;
  t.run_bytes = static_cast<std::uint32_t>((touches ? loops.back().count : 1) * code);
  std::uint64_t dense = touches ? loops.back().count : 1;
  const std::size_t around = loops.size() - (touches ? 1 : 0);
  for (std::size_t i = around; i-- > 0;) {
    const std::size_t d = kTransferLoops - (around - i);
    t.count[d] = static_cast<std::uint32_t>(loops[i].count);
    t.dram.stride[d] = loops[i].*stride * code;
    t.local.stride[d] = dense * code;
    dense *= loops[i].count;
  }
  return t;
}

class Cutter {
 public:
  Cutter(std::uint64_t code_bytes, std::uint64_t most_codes, std::vector<MoveTile>& tiles)
      : code_(code_bytes), most_(most_codes), tiles_(tiles) {}

  /// Emits the loops from `first` on, for one turn of those before it.
  void cut(const std::vector<Move::Loop>& loops, std::size_t first, std::uint64_t in,
           std::uint64_t out) {
    std::uint64_t inner = 1;  // codes of one turn of the first loop
    for (std::size_t i = first + 1; i < loops.size(); ++i) inner *= loops[i].count;
    const std::size_t around = loops.size() - first;
    const bool touches = loops.back().in_stride == 1 && loops.back().out_stride == 1;
    const bool one_descriptor = around <= kTransferLoops + (touches ? 1 : 0);
    const std::uint64_t turns = one_descriptor ? std::min(most_ / inner, loops[first].count) : 0;
    for (std::uint64_t at = 0; at < loops[first].count;) {
      const std::uint64_t from = in + at * loops[first].in_stride;
      const std::uint64_t to = out + at * loops[first].out_stride;
      if (turns == 0) {
        cut(loops, first + 1, from, to);
        ++at;
        continue;
      }
      std::vector<Move::Loop> part(loops.begin() + static_cast<std::ptrdiff_t>(first), loops.end());
      part[0].count = std::min(turns, loops[first].count - at);
      emit(part, from, to, part[0].count * inner);
      at += part[0].count;
    }
  }

 private:
  void emit(const std::vector<Move::Loop>& part, std::uint64_t in, std::uint64_t out,
            std::uint64_t codes) {
    MoveTile tile;
    tile.codes = static_cast<std::uint32_t>(codes);
    tile.load = describe(part, &Move::Loop::in_stride, code_);
    tile.load.scratchpad = memory::Scratchpad::kInput;
    tile.load.dram.address = in * code_;
    tile.store = describe(part, &Move::Loop::out_stride, code_);
    tile.store.direction = Transfer::Direction::kStore;
    tile.store.scratchpad = memory::Scratchpad::kOutput;
    tile.store.dram.address = out * code_;
    tiles_.push_back(tile);
  }

  std::uint64_t code_, most_;
  std::vector<MoveTile>& tiles_;
};

}  // namespace

Move move_box(std::size_t input, const workloads::Shape& in, const Box& from,
              const workloads::Shape& out, const Box& to) {
  const auto in_strides = strides(in), out_strides = strides(out);
  Move move;
  move.input = input;
  for (std::size_t d = 0; d < 3; ++d) {
    move.in_offset += from.begin[d] * in_strides[d];
    move.out_offset += to.begin[d] * out_strides[d];
    move.loops.push_back(
        {from.count[d], from.step[d] * in_strides[d], to.step[d] * out_strides[d]});
  }
  return move;
}

std::vector<MoveTile> move_tiles(const Move& move, std::uint32_t images, std::uint64_t in_codes,
                                 std::uint64_t out_codes, std::uint64_t code_bytes,
                                 std::uint64_t most_codes) {
  std::vector<Move::Loop> loops = {{images, in_codes, out_codes}};
  loops.insert(loops.end(), move.loops.begin(), move.loops.end());
  std::vector<MoveTile> tiles;
  Cutter(code_bytes, most_codes, tiles).cut(joined(loops), 0, move.in_offset, move.out_offset);
  return tiles;
}

}  // namespace systolog::sim
