// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "memory/memory_config.h"
#include "memory/storage.h"

namespace systolog::memory {

/// On-chip buffer (scratchpad) with a port each for the two DMA channels, the array and the vector
/// unit.
/// Sockets    load, store, array, vector: targets; b_transport and transport_dbg. No DMI, no byte
/// enables. Timing     delay += (access_latency_cycles + ceil(length / bytes_per_cycle())) *
/// clock_period.
///            Never waits. The ports do not contend: a true multi-ported macro (bank conflicts
///            are not modelled).
/// Responses  as Storage::access.
/// Counts     bytes_read, bytes_written [B], all ports together; bytes_loaded, bytes_stored through
///            the DMA's; debug accesses do not count.
class Sram final : public sc_core::sc_module {
 public:
  using Port = tlm_utils::simple_target_socket_tagged<Sram>;
  Port load{"load"}, store{"store"}, array{"array"}, vector{"vector"};

  Sram(const sc_core::sc_module_name& name, const SramConfig& config, sc_core::sc_time clock_period,
       Contents contents = Contents::kKept);

  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }
  std::uint64_t bytes_loaded() const { return bytes_[kLoad]; }
  std::uint64_t bytes_stored() const { return bytes_[kStore]; }

 private:
  enum : std::size_t { kLoad, kStore, kArray, kVector, kPorts };

  void b_transport(int port, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(int port, tlm::tlm_generic_payload& payload);

  SramConfig config_;
  sc_core::sc_time clock_period_;
  Storage storage_;
  std::uint64_t bytes_read_ = 0, bytes_written_ = 0;
  std::array<std::uint64_t, kPorts> bytes_ = {};
};

}  // namespace systolog::memory
