// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <tlm_utils/tlm_quantumkeeper.h>

#include <cstddef>
#include <cstdint>
#include <systemc>
#include <tlm>
#include <vector>

#include "memory/transfer.h"

namespace systolog::memory {

/// Which channel's burst the bus takes first where two send in the same instant: not left to the
/// order in which the kernel happens to run processes.
enum class DmaPriority { kFirst, kSecond };

struct DmaConfig {
  std::uint32_t burst_bytes = 256;       // longest burst on the bus: 16 beats of 128 bits
  std::uint32_t outstanding_bursts = 8;  // hides 8 x 256 B / 19.2 GB/s = 107 ns of latency
};

/// One channel of the DMA: moves tiles between DRAM and the scratchpads, one Transfer a command. A
/// platform has two, for loads and for stores, like the read and write channels of an AXI port.
/// Sockets    command: target; a write payload whose data is a Transfer is carried out and
///            answered when its last byte has arrived. bus, input, weight, output: initiators.
/// Timing     a burst is issued every cycle while fewer than outstanding_bursts are on their way;
///            bursts never cross a run. Temporally decoupled: runs ahead of the kernel by the
///            global quantum at most.
/// Responses  COMMAND_ERROR for what is not a write of one Transfer; the response of the memory
///            where one refuses a burst.
class Dma final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Dma> command{"command"};
  tlm_utils::simple_initiator_socket<Dma> bus{"bus"};
  tlm_utils::simple_initiator_socket<Dma> input{"input"}, weight{"weight"}, output{"output"};

  Dma(const sc_core::sc_module_name& name, const DmaConfig& config, sc_core::sc_time clock_period,
      DmaPriority priority = DmaPriority::kFirst);

 private:
  /// The whole global quantum from where it was reset, not up to the next multiple of it: what a
  /// command takes does not depend on when the simulation gets to it.
  class Keeper final : public tlm_utils::tlm_quantumkeeper {
    sc_core::sc_time compute_local_quantum() override { return get_global_quantum(); }
  };

  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  tlm::tlm_response_status move_run(const Transfer& transfer, std::uint64_t dram_address,
                                    std::uint64_t local_address);
  void yield();

  tlm_utils::simple_initiator_socket<Dma>& socket_of(Scratchpad scratchpad);

  DmaConfig config_;
  sc_core::sc_time clock_period_;
  DmaPriority priority_;
  Keeper keeper_;
  std::vector<std::byte> burst_;
  std::vector<sc_core::sc_time> completions_;  // absolute, of the last outstanding_bursts
  std::size_t next_ = 0;                       // oldest of them
};

}  // namespace systolog::memory
