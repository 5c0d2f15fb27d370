// SPDX-License-Identifier: Apache-2.0
#include "sim/moves.h"

#include <algorithm>
#include <array>

#include "models/packed_codes.h"

namespace systolog::sim {
namespace {

using memory::Transfer;

constexpr std::size_t kTransferLoops = 3;  // around the runs of one descriptor

/// Steps in codes along height, width, channels.
std::array<std::uint64_t, 3> strides(const workloads::Shape& s) {
  return {s.width * s.channels, s.channels, 1};
}

/// Half bytes of a packed pixel.
std::uint64_t pixel_places(const workloads::Shape& s) { return s.channels + s.channels % 2; }

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
                  std::uint32_t width) {
  Transfer t;
  const bool touches = loops.back().*stride == 1;
  std::uint64_t dense = models::bytes_of(touches ? loops.back().count : 1, width);
  t.run_bytes = static_cast<std::uint32_t>(dense);
  const std::size_t around = loops.size() - (touches ? 1 : 0);
  for (std::size_t i = around; i-- > 0;) {
    const std::size_t d = kTransferLoops - (around - i);
    t.count[d] = static_cast<std::uint32_t>(loops[i].count);
    t.dram.stride[d] = loops[i].*stride * width / 8;
    t.local.stride[d] = dense;
    dense *= loops[i].count;
  }
  return t;
}

class Cutter {
 public:
  Cutter(const MovedTensor& in, const MovedTensor& out, std::uint64_t most_codes,
         std::vector<MoveTile>& tiles)
      : in_width_(in.width),
        out_width_(out.width),
        in_rows_(in.packed || out.packed),
        most_(in_rows_ ? std::max<std::uint64_t>(most_codes / 2 * 2, 2) : most_codes),
        tiles_(tiles) {}

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
    tile.row_codes = in_rows_ ? static_cast<std::uint32_t>(part.back().count) : tile.codes;
    tile.load = describe(part, &Move::Loop::in_stride, in_width_);
    tile.load.scratchpad = memory::Scratchpad::kInput;
    tile.load.dram.address = in * in_width_ / 8;
    tile.store = describe(part, &Move::Loop::out_stride, out_width_);
    tile.store.direction = Transfer::Direction::kStore;
    tile.store.scratchpad = memory::Scratchpad::kOutput;
    tile.store.dram.address = out * out_width_ / 8;
    tiles_.push_back(tile);
  }

  std::uint32_t in_width_, out_width_;
  bool in_rows_;        // runs stay apart: those of packed tiles begin at whole bytes
  std::uint64_t most_;  // codes of a tile, even where they are packed
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

std::optional<Move> packed(Move move, MoveSide side, const workloads::Shape& shape) {
  const auto stride = side == MoveSide::kIn ? &Move::Loop::in_stride : &Move::Loop::out_stride;
  auto& offset = side == MoveSide::kIn ? move.in_offset : move.out_offset;
  const std::uint64_t codes = shape.channels, places = pixel_places(shape);
  // The run is the innermost loop that turns; the others step by pixels or pairs of codes.
  auto run = std::find_if(move.loops.rbegin(), move.loops.rend(),
                          [](const Move::Loop& loop) { return loop.count > 1; });
  if (run == move.loops.rend() || (*run).*stride != 1) return std::nullopt;
  const std::uint64_t first = offset % codes;
  std::uint64_t last = first + run->count - 1;  // code of the pixel that it reaches
  const bool ends_pixel = codes != places && last + 1 == codes;
  bool pairs = false;
  for (auto loop = std::next(run); loop != move.loops.rend(); ++loop) {
    auto& step = (*loop).*stride;
    if (loop->count == 1) continue;
    if (codes != places && step % codes == 0) {
      step = step / codes * places;
      continue;
    }
    if (step % 2 != 0) return std::nullopt;
    pairs = true;
    last += (loop->count - 1) * step;
  }
  if (codes != places && last >= codes) return std::nullopt;  // from one pixel into the next
  if (first % 2 != 0 || (run->count % 2 != 0 && (!ends_pixel || pairs))) return std::nullopt;
  offset = offset / codes * places + first;
  return move;
}

std::vector<MoveTile> move_tiles(const Move& move, std::uint32_t images, const MovedTensor& in,
                                 const MovedTensor& out, std::uint64_t most_codes) {
  Move laid = move;
  if (in.packed && !move.fills) laid = packed(laid, MoveSide::kIn, in.shape).value();
  if (out.packed) laid = packed(laid, MoveSide::kOut, out.shape).value();
  if (move.fills) {
    for (Move::Loop& loop : laid.loops) loop.in_stride = loop.out_stride;  // nothing is read
  }
  const auto image = [](const MovedTensor& t) {
    return t.shape.height * t.shape.width * (t.packed ? pixel_places(t.shape) : t.shape.channels);
  };
  std::vector<Move::Loop> loops = {{images, image(in), image(out)}};
  loops.insert(loops.end(), laid.loops.begin(), laid.loops.end());
  std::vector<MoveTile> tiles;
  Cutter(in, out, most_codes, tiles).cut(joined(loops), 0, laid.in_offset, laid.out_offset);
  return tiles;
}

}  // namespace systolog::sim
