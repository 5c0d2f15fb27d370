// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "memory/dram/device.h"

namespace systolog::memory::dram {

/// What one controller did. Row outcomes are of the bursts that reached the banks: a hit found its
/// row open, a miss its bank closed, a conflict another row open.
struct Counts {
  std::uint64_t activates = 0, precharges = 0, reads = 0, writes = 0, refreshes = 0;
  std::uint64_t row_hits = 0, row_misses = 0, row_conflicts = 0;
  std::uint64_t forwarded_reads = 0;  // answered by a write that was still queued
  Cycle active_cycles = 0;            // rank-cycles with a bank open

  Counts& operator+=(const Counts& other);
};

}  // namespace systolog::memory::dram
