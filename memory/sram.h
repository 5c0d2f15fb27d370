// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <systemc>
#include <tlm>

#include "memory/storage.h"

namespace systolog::memory {

struct SramConfig {
  std::uint64_t capacity_bytes = 65'536;    // LeNet-5's largest layer in 32-bit formats, halved
  std::uint32_t port_width_bytes = 64;      // bytes a port moves a cycle: 16 columns of 32 bits
  std::uint32_t access_latency_cycles = 1;  // request to first beat: a single-cycle macro
};

/// On-chip buffer (scratchpad) with a port each for the two DMA channels, the array and the vector
/// unit.
/// Sockets    load, store, array, vector: targets; b_transport and transport_dbg. No DMI, no byte
/// enables. Timing     delay += (access_latency_cycles + ceil(length / port_width_bytes)) *
/// clock_period.
///            Never waits. The ports do not contend: a true multi-ported macro (bank conflicts
///            are not modelled).
/// Responses  as Storage::access.
/// Counts     bytes_read, bytes_written [B], all ports together; debug accesses do not count.
class Sram final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Sram> load{"load"}, store{"store"}, array{"array"},
      vector{"vector"};

  Sram(const sc_core::sc_module_name& name, const SramConfig& config, sc_core::sc_time clock_period,
       Contents contents = Contents::kKept);

  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  SramConfig config_;
  sc_core::sc_time clock_period_;
  Storage storage_;
  std::uint64_t bytes_read_ = 0, bytes_written_ = 0;
};

}  // namespace systolog::memory
