// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>

namespace systolog::memory {

/// One burst's time on a shared resource; those of one resource do not overlap and come in order.
struct Occupancy {
  sc_core::sc_time begin, end;  // absolute
  bool write = false;
  std::uint32_t bytes = 0;
};

/// Told of every burst; empty: nobody watches.
using OccupancyObserver = std::function<void(const Occupancy&)>;

}  // namespace systolog::memory
