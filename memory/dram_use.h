// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "memory/dram/counts.h"

namespace systolog::memory {

/// Commands that one stream's bursts needed.
struct DramCommands {
  std::uint64_t activates = 0, reads = 0, writes = 0;
  DramCommands& operator+=(const DramCommands& o) {
    activates += o.activates;
    reads += o.reads;
    writes += o.writes;
    return *this;
  }
};

/// What a run needed of a device.
struct DramUse {
  dram::Counts counts;
  dram::Cycle cycles = 0;             // of the memory's clock, the last queued writes included
  std::vector<DramCommands> streams;  // their sums are those of `counts`
  std::uint64_t drained_ps = 0;       // when the last queued write's data were in its bank
};

}  // namespace systolog::memory
