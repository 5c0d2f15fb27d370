// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
  /// Bytes that were touched by the same commands, up to `end`.
  struct Segment {
    std::uint64_t end = 0;
    std::optional<std::uint32_t> writer;  // the last
    std::vector<std::uint32_t> readers;   // since then
  };
  using Segments = std::map<std::uint64_t, Segment>;  // by their first byte; they do not overlap

  void split(std::uint64_t at);
  void read(std::uint32_t command, std::uint64_t begin, std::uint64_t end);

  Segments segments_;
};

/// Keeps of `conflicts` the latest command of each engine: engines work in order, so it stands for
/// those before it. Drops those of `engine` itself, which is in order anyway.
std::vector<std::uint32_t> reduce(const std::vector<std::uint32_t>& conflicts,
                                  const std::vector<Command>& commands, Engine engine);

}  // namespace systolog::sim
