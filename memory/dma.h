// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <systemc>
#include <tlm>
#include <vector>

#include "memory/memory_config.h"
#include "memory/stream.h"
#include "memory/transfer.h"

namespace systolog::memory {

/// One channel of the DMA: moves tiles between DRAM and the scratchpads, one Transfer a command. A
/// platform has two, for loads and for stores, like the read and write channels of an AXI port.
/// Sockets    command: target; a write payload whose data is a Transfer is carried out and
///            answered when its last byte has arrived. bus: initiator, nb_transport. input, weight,
///            output: initiators, b_transport.
/// Timing     a burst is issued every cycle, on clock edges, while fewer than outstanding_bursts
///            are on their way and the bus has taken the one before; bursts never cross a run. A
///            stored burst is read from its scratchpad first. Responses may come in any order.
/// Responses  COMMAND_ERROR for what is not a write of one Transfer; the response of the memory
///            where one refuses a burst: no further ones are issued.
class Dma final : public sc_core::sc_module, private tlm::tlm_mm_interface {
 public:
  using Socket = tlm_utils::simple_initiator_socket<Dma>;
  tlm_utils::simple_target_socket<Dma> command{"command"};
  Socket bus{"bus"}, input{"input"}, weight{"weight"}, output{"output"};

  Dma(const sc_core::sc_module_name& name, const DmaConfig& config, sc_core::sc_time clock_period);

 private:
  /// The next burst of a transfer.
  struct Cursor {
    std::uint64_t i = 0, j = 0, k = 0;
    std::uint32_t done = 0;  // bytes of the run
  };
  /// One of the outstanding bursts.
  struct Slot final : tlm::tlm_generic_payload {
    Stream* stream = nullptr;  // the payload's
    std::uint64_t local_address = 0;
    sc_core::sc_time free_at;  // absolute, from when it may carry the next burst
    std::vector<std::byte> bytes;
  };

  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void free(tlm::tlm_generic_payload*) override {}  // the slots own their payloads

  void issue();
  bool has_next() const {
    return failure_ == tlm::TLM_OK_RESPONSE && cursor_.i < transfer_.count[0];
  }
  void take_next(Slot& slot);
  /// The local side of a burst, from `begin` on; how long it takes.
  sc_core::sc_time access(Slot& slot, tlm::tlm_command command, sc_core::sc_time begin);
  void complete(Slot& slot, sc_core::sc_time when);
  Socket& socket_of(Scratchpad scratchpad);
  sc_core::sc_time edge(sc_core::sc_time time) const;  // the first at `time` or later

  DmaConfig config_;
  sc_core::sc_time clock_period_;
  std::deque<Slot> slots_;
  std::deque<Slot*> free_;  // in the order in which they became so
  Transfer transfer_;
  bool load_ = true;
  Cursor cursor_;
  Slot* requesting_ = nullptr;         // BEGIN_REQ without END_REQ
  sc_core::sc_time next_issue_, end_;  // absolute
  tlm::tlm_response_status failure_ = tlm::TLM_OK_RESPONSE;
  sc_core::sc_event done_;
};

}  // namespace systolog::memory
