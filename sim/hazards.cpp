// SPDX-License-Identifier: Apache-2.0
#include "sim/hazards.h"

#include <algorithm>
#include <array>

namespace systolog::sim {

void HazardTracker::access(std::uint32_t command, std::uint64_t begin, std::uint64_t end,
                           bool write, std::vector<std::uint32_t>& conflicts) {
  split(begin);
  split(end);
  const auto first = segments_.lower_bound(begin), last = segments_.lower_bound(end);
  for (auto s = first; s != last; ++s) {
    const Segment& segment = s->second;
    if (segment.writer) conflicts.push_back(*segment.writer);
    if (write) {
      conflicts.insert(conflicts.end(), segment.readers.begin(), segment.readers.end());
    }
  }
  if (!write) return read(command, begin, end);
  // Later accesses to these bytes wait for this write, and so for what it waits for.
  segments_.erase(first, last);
  segments_[begin] = {end, command, {}};
}

/// Makes `at` the first byte of the segment it lies in, if it lies in one.
void HazardTracker::split(std::uint64_t at) {
  auto segment = segments_.upper_bound(at);
  if (segment == segments_.begin()) return;
  --segment;
  if (segment->first == at || segment->second.end <= at) return;
  segments_[at] = segment->second;
  segment->second.end = at;
}

void HazardTracker::read(std::uint32_t command, std::uint64_t begin, std::uint64_t end) {
  for (auto next = segments_.lower_bound(begin); begin < end;) {
    const std::uint64_t gap_end = next == segments_.end() ? end : std::min(end, next->first);
    if (begin < gap_end) segments_[begin] = {gap_end, std::nullopt, {command}};
    begin = gap_end;
    if (begin == end) break;
    next->second.readers.push_back(command);
    begin = next->second.end;
    ++next;
  }
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
