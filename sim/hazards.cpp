// SPDX-License-Identifier: Apache-2.0
#include "sim/hazards.h"

#include <algorithm>
#include <array>

namespace systolog::sim {

void HazardTracker::access(std::uint32_t command, std::uint64_t begin, std::uint64_t end,
                           bool write, std::vector<std::uint32_t>& conflicts) {
  std::vector<Access> kept;
  kept.reserve(accesses_.size() + 2);
  for (const Access& old : accesses_) {
    const bool overlaps = old.begin < end && begin < old.end;
    if (overlaps && (write || old.write)) conflicts.push_back(old.command);
    if (overlaps && write && old.command != command) {
      // Later accesses to these bytes wait for this write, and so for the old access.
      if (old.begin < begin) kept.push_back({old.begin, begin, old.command, old.write});
      if (end < old.end) kept.push_back({end, old.end, old.command, old.write});
    } else {
      kept.push_back(old);
    }
  }
  kept.push_back({begin, end, command, write});
  accesses_ = std::move(kept);
}

std::vector<std::uint32_t> reduce(const std::vector<std::uint32_t>& conflicts,
                                  const std::vector<Command>& commands, Engine engine) {
  constexpr std::uint32_t kNone = UINT32_MAX;
  std::array<std::uint32_t, kEngines> latest;
  latest.fill(kNone);
  for (const std::uint32_t c : conflicts) {
    auto& last = latest[static_cast<std::size_t>(engine_of(commands[c]))];
    if (last == kNone || c > last) last = c;
  }
  std::vector<std::uint32_t> reduced;
  for (std::size_t e = 0; e < kEngines; ++e) {
    if (latest[e] != kNone && e != static_cast<std::size_t>(engine)) reduced.push_back(latest[e]);
  }
  std::sort(reduced.begin(), reduced.end());
  return reduced;
}

}  // namespace systolog::sim
