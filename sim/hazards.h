// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sim/program.h"

namespace systolog::sim {

/// Finds which earlier commands a command must wait for in one memory: a read waits for the writes
/// of its bytes, a write for the writes and the reads (RAW, WAW, WAR).
class HazardTracker {
 public:
  /// Commands that touched [begin, end) in a conflicting way; then records this access.
  void access(std::uint32_t command, std::uint64_t begin, std::uint64_t end, bool write,
              std::vector<std::uint32_t>& conflicts);

 private:
  struct Access {
    std::uint64_t begin, end;
    std::uint32_t command;
    bool write;
  };
  std::vector<Access> accesses_;
};

/// Keeps of `conflicts` the latest command of each engine: engines work in order, so it stands for
/// those before it. Drops those of `engine` itself, which is in order anyway.
std::vector<std::uint32_t> reduce(const std::vector<std::uint32_t>& conflicts,
                                  const std::vector<Command>& commands, Engine engine);

}  // namespace systolog::sim
