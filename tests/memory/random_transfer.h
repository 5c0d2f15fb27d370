// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "memory/transfer.h"
#include "tests/draw.h"

namespace systolog::memory::test {

using systolog::test::Draw;

/// Strides of a side whose runs do not overlap; each dimension contiguous or with a gap.
inline Transfer::Side random_side(Draw& draw, const Transfer& t) {
  Transfer::Side side;
  side.address = draw.below(50);
  std::uint64_t extent = t.run_bytes;
  for (const std::size_t d : {2U, 1U, 0U}) {
    side.stride[d] = extent + (draw.one_in(2) ? 0 : draw.below(20));
    extent = side.stride[d] * (t.count[d] - 1) + extent;
  }
  return side;
}

/// A load or store of at most a few kilobytes from and to anywhere near 0.
inline Transfer random_transfer(Draw& draw) {
  Transfer t;
  t.direction = draw.one_in(2) ? Transfer::Direction::kLoad : Transfer::Direction::kStore;
  t.scratchpad = static_cast<Scratchpad>(draw.below(kScratchpads));
  t.run_bytes =
      static_cast<std::uint32_t>(draw.one_in(3) ? draw.between(1, 70) : draw.between(1, 8));
  for (auto& count : t.count) {
    count = static_cast<std::uint32_t>(draw.one_in(3) ? 1 : draw.between(1, 5));
  }
  t.dram = random_side(draw, t);
  t.local = random_side(draw, t);
  return t;
}

}  // namespace systolog::memory::test
