// SPDX-License-Identifier: Apache-2.0
#include "sim/placement.h"

#include <algorithm>
#include <span>

namespace systolog::sim {
namespace {

/// Length of the run at the beginning whose positions are one constant step apart.
std::size_t run_length(std::span<const std::uint32_t> list) {
  std::size_t length = std::min<std::size_t>(list.size(), 2);
  while (length < list.size() && list[length] - list[length - 1] == list[1] - list[0]) ++length;
  return length;
}

/// Whether the list is blocks of `length` that all step as the first one does.
bool repeats(std::span<const std::uint32_t> list, std::size_t length) {
  if (list.size() % length != 0) return false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] - list[i / length * length] != list[i % length] - list[0]) return false;
  }
  return true;
}

/// Loops that give the list, outermost first; empty where there are none.
std::vector<Move::Loop> loops_of(std::span<const std::uint32_t> list) {
  std::vector<Move::Loop> loops;
  std::vector<std::uint32_t> starts(list.begin(), list.end());
  std::uint64_t out_stride = 1;
  while (starts.size() > 1) {
    // The run may be cut short by where the next block begins: a divisor of it then repeats.
    std::size_t length = run_length(starts);
    while (length > 1 && !repeats(starts, length)) --length;
    if (length == 1 || starts[1] < starts[0]) return {};
    loops.insert(loops.begin(), {length, starts[1] - starts[0], out_stride});
    out_stride *= length;
    std::vector<std::uint32_t> blocks;
    for (std::size_t i = 0; i < starts.size(); i += length) blocks.push_back(starts[i]);
    starts = std::move(blocks);
  }
  if (loops.empty()) loops.push_back({1, 1, 1});
  return loops;
}

}  // namespace

Order nhwc_order(const workloads::Shape& s) {
  Order order;
  order.reserve(s.count());
  for (std::size_t c = 0; c < s.channels; ++c) {
    for (std::size_t pixel = 0; pixel < s.height * s.width; ++pixel) {
      order.push_back(static_cast<std::uint32_t>(pixel * s.channels + c));
    }
  }
  return order;
}

Order transposed(const Order& order, const workloads::Transpose& op) {
  const std::size_t rank = op.dims.size();
  std::vector<std::size_t> stride(rank, 1), index(rank, 0);
  for (std::size_t d = rank; d-- > 1;) stride[d - 1] = stride[d] * op.dims[d];
  Order out;
  out.reserve(order.size());
  for (std::size_t at = 0; out.size() < order.size();) {
    out.push_back(order[at]);
    for (std::size_t i = rank; i-- > 0;) {
      const std::size_t d = op.permutation[i];
      at += stride[d];
      if (++index[i] < op.dims[d]) break;
      at -= index[i] * stride[d];
      index[i] = 0;
    }
  }
  return out;
}

Order reading_order(const Order& order, const workloads::Shape& s) {
  Order positions;
  positions.reserve(order.size());
  for (std::size_t pixel = 0; pixel < s.height * s.width; ++pixel) {
    for (std::size_t c = 0; c < s.channels; ++c) {
      positions.push_back(order[c * s.height * s.width + pixel]);
    }
  }
  return positions;
}

bool is_identity(const Order& order) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] != i) return false;
  }
  return true;
}

std::vector<Move> gathering_moves(const Order& positions) {
  std::vector<Move> moves;
  const auto add = [&](std::vector<Move::Loop> loops, std::size_t first) {
    Move move;
    move.loops = std::move(loops);
    move.in_offset = positions[first];
    move.out_offset = first;
    moves.push_back(std::move(move));
  };
  if (auto loops = loops_of(positions); !loops.empty()) {
    add(std::move(loops), 0);
    return moves;
  }
  // No nest of loops: run by run.
  const std::span<const std::uint32_t> all(positions);
  for (std::size_t first = 0; first < all.size();) {
    std::size_t length = run_length(all.subspan(first));
    if (length > 1 && all[first + 1] < all[first]) length = 1;
    const std::uint64_t step = length > 1 ? all[first + 1] - all[first] : 1;
    add({{length, step, 1}}, first);
    first += length;
  }
  return moves;
}

}  // namespace systolog::sim
