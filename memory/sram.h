// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>
#include <tlm>
#include <utility>

#include "memory/memory_config.h"
#include "memory/occupancy.h"
#include "memory/port_ledger.h"
#include "memory/storage.h"

namespace systolog::memory {

/// On-chip buffer (scratchpad).
/// Sockets    load, store, array, vector: targets of one initiator or more each (of a unified
///            scratchpad those for inputs, weights and outputs); b_transport and transport_dbg. No
///            DMI, no byte enables.
/// Timing     delay += (access_latency_cycles + ceil(length / bytes_per_cycle())) * clock_period.
///            Never waits: the DMA's bursts go before what other engines want of the same ports,
///            and are booked in dma_words where those are shared.
/// Responses  as Storage::access.
/// Counts     bytes_read, bytes_written [B], all ports together; bytes_loaded, bytes_stored through
///            the DMA's; debug accesses do not count.
class Sram final : public sc_core::sc_module {
 public:
  using Port = tlm_utils::multi_passthrough_target_socket<Sram>;
  Port load{"load"}, store{"store"}, array{"array"}, vector{"vector"};

  Sram(const sc_core::sc_module_name& name, const SramConfig& config, sc_core::sc_time clock_period,
       Contents contents = Contents::kKept);

  const SramConfig& config() const { return config_; }
  /// Told of the DMA's bursts while their words pass the ports.
  void observe(OccupancyObserver observer) { observer_ = std::move(observer); }
  PortLedger dma_words, vector_words;  // only where config().shares_ports()

  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }
  std::uint64_t bytes_loaded() const { return bytes_[kLoad]; }
  std::uint64_t bytes_stored() const { return bytes_[kStore]; }

 private:
  enum Engine : std::size_t { kLoad, kStore, kArray, kVector, kEngines };

  template <Engine engine>
  void b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void pass_ports(sc_core::sc_time begin, std::uint64_t beats, std::uint64_t length, bool write);
  unsigned transport_dbg(int, tlm::tlm_generic_payload& payload);

  SramConfig config_;
  sc_core::sc_time clock_period_;
  Storage storage_;
  OccupancyObserver observer_;
  std::uint64_t bytes_read_ = 0, bytes_written_ = 0;
  std::array<std::uint64_t, kEngines> bytes_ = {};
};

}  // namespace systolog::memory
