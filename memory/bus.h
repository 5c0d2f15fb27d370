// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <systemc>
#include <tlm>
#include <utility>

#include "memory/occupancy.h"

namespace systolog::memory {

struct BusConfig {
  std::uint32_t width_bytes = 16;    // bytes a cycle: a 128-bit AXI-style bus
  std::uint32_t latency_cycles = 4;  // request and response registers on either side
};

/// On-chip bus between the initiators (DMA load and store channel, host) and the DRAM.
/// Sockets    load, store, host: targets; out: initiator. b_transport and transport_dbg pass
/// through. Timing     start = max(now + delay, end of the burst before); the burst holds the bus
/// for
///            ceil(length / width_bytes) cycles and reaches the DRAM latency_cycles after its
///            start: transfer on the bus and in the DRAM overlap. First come, first served.
/// Counts     bytes [B] moved either way.
class Bus final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Bus> load{"load"}, store{"store"}, host{"host"};
  tlm_utils::simple_initiator_socket<Bus> out{"out"};

  Bus(const sc_core::sc_module_name& name, const BusConfig& config, sc_core::sc_time clock_period);

  std::uint64_t bytes() const { return bytes_; }
  /// Who is told when a burst holds the bus.
  void observe(OccupancyObserver observer) { observer_ = std::move(observer); }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  BusConfig config_;
  sc_core::sc_time clock_period_, latency_;
  sc_core::sc_time busy_until_;  // absolute
  std::uint64_t bytes_ = 0;
  OccupancyObserver observer_;
};

}  // namespace systolog::memory
