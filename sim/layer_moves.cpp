// SPDX-License-Identifier: Apache-2.0
#include "sim/layer_moves.h"

#include <array>
#include <utility>

#include "sim/moves.h"

namespace systolog::sim {
namespace {

using workloads::Shape;

/// A box in the order of a Shape (channels, height, width) in that of memory.
using Sizes = std::array<std::size_t, 3>;
Box box(const Sizes& begin, const Sizes& step, const Sizes& count) {
  return {
      {begin[1], begin[2], begin[0]}, {step[1], step[2], step[0]}, {count[1], count[2], count[0]}};
}
constexpr Sizes kOnes = {1, 1, 1};

/// Each padded position of the one axis that is padded, from where it comes.
void take_from_input(const workloads::Pad& pad, const Shape& in, const Shape& out,
                     std::vector<Move>& moves) {
  const Sizes inside = workloads::sizes_of(in), whole = workloads::sizes_of(out);
  for (std::size_t d = 0; d < 3; ++d) {
    for (std::size_t at = 0; at < whole[d]; ++at) {
      if (at == pad.before[d]) at += inside[d];
      if (at >= whole[d]) break;
      Sizes from = {}, to = {}, count = inside;
      from[d] = workloads::padded_from(pad.mode, at, pad.before[d], inside[d]);
      to[d] = at;
      count[d] = 1;
      moves.push_back(move_box(0, in, box(from, kOnes, count), out, box(to, kOnes, count)));
    }
  }
}

}  // namespace

std::vector<Move> slice_moves(const workloads::Slice& slice, const Shape& in, const Shape& out) {
  std::vector<Move> moves;
  // Transfers go forward: each position of an axis that is read backwards is a move of its own.
  Sizes step = slice.step, count = slice.count;
  std::vector<std::pair<Sizes, Sizes>> begins = {{slice.begin, {}}};  // from, to
  for (std::size_t d = 0; d < 3; ++d) {
    if (static_cast<std::ptrdiff_t>(step[d]) > 0) continue;
    std::vector<std::pair<Sizes, Sizes>> apart;
    for (auto [from, to] : begins) {
      for (to[d] = 0; to[d] < count[d]; ++to[d], from[d] += step[d]) apart.emplace_back(from, to);
    }
    begins = std::move(apart);
    step[d] = count[d] = 1;
  }
  for (const auto& [from, to] : begins) {
    moves.push_back(move_box(0, in, box(from, step, count), out, box(to, kOnes, count)));
  }
  return moves;
}

std::vector<Move> pad_moves(const workloads::Pad& pad, const Shape& in, const Shape& out) {
  const Sizes inside = workloads::sizes_of(in), whole = workloads::sizes_of(out);
  std::vector<Move> moves;
  moves.push_back(move_box(0, in, box({}, kOnes, inside), out, box(pad.before, kOnes, inside)));
  if (pad.mode != workloads::PadMode::kConstant) {
    take_from_input(pad, in, out, moves);
    return moves;
  }
  Sizes begin = pad.before, count = inside;
  for (std::size_t d = 0; d < 3; ++d) {
    const auto fill = [&](std::size_t first, std::size_t positions) {
      if (positions == 0) return;
      Sizes at = begin, size = count;
      at[d] = first;
      size[d] = positions;
      Move move = move_box(0, out, box({}, kOnes, size), out, box(at, kOnes, size));
      move.fills = true;
      moves.push_back(std::move(move));
    };
    fill(0, pad.before[d]);
    fill(pad.before[d] + inside[d], pad.after[d]);
    begin[d] = 0;
    count[d] = whole[d];
  }
  return moves;
}

std::vector<Move> concat_moves(const workloads::Concat& concat, const std::vector<Shape>& in,
                               const Shape& out) {
  std::vector<Move> moves;
  Sizes at = {};
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Sizes sizes = workloads::sizes_of(in[i]);
    moves.push_back(move_box(i, in[i], box({}, kOnes, sizes), out, box(at, kOnes, sizes)));
    at[concat.axis] += sizes[concat.axis];
  }
  return moves;
}

std::vector<Move> repeat_moves(const Shape& in, const Shape& out) {
  const Sizes sizes = workloads::sizes_of(in), whole = workloads::sizes_of(out);
  Sizes step = kOnes;
  for (std::size_t d = 0; d < 3; ++d) {
    if (sizes[d] != whole[d]) step[d] = 0;
  }
  return {move_box(0, in, box({}, step, whole), out, box({}, kOnes, whole))};
}

}  // namespace systolog::sim
