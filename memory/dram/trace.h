// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "memory/dram/controller.h"
#include "memory/dram/device.h"

namespace systolog::memory::dram {

/// One burst. Without a cycle it comes as soon as its queue has room, after the one before it.
struct TraceRequest {
  std::optional<Cycle> cycle;
  Kind kind = Kind::kRead;
  std::uint64_t address = 0;
};

/// Latencies from the cycle a request was queued to its last beat on the data bus, in cycles.
class LatencyTally {
 public:
  void add(Cycle latency);
  std::uint64_t count() const { return count_; }
  double mean() const { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }
  /// The smallest latency that at least `share` (0 to 1) of the requests do not exceed.
  Cycle percentile(double share) const;

 private:
  std::vector<std::uint64_t> by_latency_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

struct TraceResult {
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  Cycle cycles = 0;  // until the last beat of the last burst
  Counts counts;
  LatencyTally read_latency, write_latency;
};

/// Drives a memory with the requests that `next` gives, in order, until it gives none: one
/// controller a channel, requests that wait for room in a queue hold up those behind them.
/// Addresses must be below the device's capacity; cycles must not fall.
TraceResult run_trace(const Device& device,
                      const std::function<std::optional<TraceRequest>()>& next);

}  // namespace systolog::memory::dram
