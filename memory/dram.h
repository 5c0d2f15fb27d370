// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <systemc>
#include <tlm>
#include <utility>

#include "memory/occupancy.h"
#include "memory/storage.h"

namespace systolog::memory {

struct DramConfig {
  std::uint64_t capacity_bytes = 268'435'456;
  double bandwidth_gb_per_s = 19.2;  // DDR4-2400, 64-bit bus: 2400 MT/s x 8 B [JEDEC JESD79-4]
  // Closed bank: nRCD + nCL + nBL = 36 cycles of 0.833 ns for DDR4-2400R [JEDEC JESD79-4].
  double latency_ns = 30.0;
};

/// DRAM as a latency and a bandwidth: one channel that serves bursts in the order they come, each
/// for length / bandwidth, and answers latency_ns after the last byte. Banks, rows, refresh and
/// reordering are not modelled.
/// Sockets    in: target; b_transport and transport_dbg. No DMI, no byte enables.
/// Timing     start = max(now + delay, end of the burst before); the response comes at
///            start + length / bandwidth + latency. Never waits.
/// Responses  as Storage::access.
/// Counts     bytes_read, bytes_written [B]; debug accesses do not count.
class Dram final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Dram> in{"in"};

  Dram(const sc_core::sc_module_name& name, const DramConfig& config,
       Contents contents = Contents::kKept);

  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }
  /// Who is told when a burst holds the channel.
  void observe(OccupancyObserver observer) { observer_ = std::move(observer); }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  Storage storage_;
  double bandwidth_bytes_per_ns_;
  sc_core::sc_time latency_;
  sc_core::sc_time busy_until_;  // absolute
  std::uint64_t bytes_read_ = 0, bytes_written_ = 0;
  OccupancyObserver observer_;
};

}  // namespace systolog::memory
