// SPDX-License-Identifier: Apache-2.0
#include "memory/simple_dram.h"

#include <algorithm>
#include <cmath>

namespace systolog::memory {

SimpleDram::SimpleDram(double bandwidth_gb_per_s, double latency_ns, OnDone on_done)
    : ps_per_byte_(1e3 / bandwidth_gb_per_s),
      latency_(static_cast<Picoseconds>(std::llround(latency_ns * 1e3))),
      on_done_(std::move(on_done)) {}

void SimpleDram::arrive(const DramBurst& burst, Picoseconds at) {
  const Picoseconds begin = std::max(at, busy_until_);
  busy_until_ = begin + static_cast<Picoseconds>(std::llround(burst.bytes * ps_per_byte_));
  if (on_data_) on_data_({0, begin, busy_until_, burst.write, burst.bytes});
  on_done_(burst.id, busy_until_ + latency_);
}

}  // namespace systolog::memory
