// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/trace.h"

#include <algorithm>
#include <cmath>

#include "memory/dram/channels.h"

namespace systolog::memory::dram {
namespace {

// A tag is the cycle at which its request was queued, with the kind in the lowest bit.
std::uint64_t tag_of(Cycle queued, Kind kind) {
  return static_cast<std::uint64_t>(queued) << 1 | (kind == Kind::kWrite ? 1U : 0U);
}

}  // namespace

void LatencyTally::add(Cycle latency) {
  const auto index = static_cast<std::size_t>(latency);
  if (index >= by_latency_.size()) by_latency_.resize(index + 1);
  ++by_latency_[index];
  ++count_;
  sum_ += static_cast<double>(latency);
}

Cycle LatencyTally::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t latency = 0; latency < by_latency_.size(); ++latency) {
    seen += by_latency_[latency];
    if (seen >= wanted && seen > 0) return static_cast<Cycle>(latency);
  }
  return 0;
}

TraceResult run_trace(const Device& device,
                      const std::function<std::optional<TraceRequest>()>& next) {
  TraceResult result;
  Channels channels(device, [&result](std::uint64_t tag, Cycle done) {
    const auto queued = static_cast<Cycle>(tag >> 1);
    ((tag & 1) != 0 ? result.write_latency : result.read_latency).add(done - queued);
    result.cycles = std::max(result.cycles, done);
  });
  while (const auto request = next()) {
    const Location location = channels.locate(request->address);
    const Cycle now = channels.make_room(request->kind, location, request->cycle.value_or(0));
    channels.submit(request->kind, location, tag_of(now, request->kind), now);
    ++result.requests;
  }
  channels.finish(0);
  channels.finish(result.cycles);  // the last burst's data come behind its command
  result.counts = channels.counts();
  result.bytes = result.requests * device.organisation.burst_bytes();
  return result;
}

}  // namespace systolog::memory::dram
