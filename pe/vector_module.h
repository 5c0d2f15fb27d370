// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstddef>
#include <systemc>
#include <tlm>
#include <vector>

#include "pe/payload.h"
#include "pe/vector_unit.h"

namespace systolog::pe {

/// The vector unit on the bus fabric: one VectorOp command is one timed transaction.
/// Sockets    command: target; a write payload whose data is a VectorOp. input, weight, output:
///            initiators, one payload per operand tile.
/// Timing     delay += (VectorUnit::cycles(command) + feed_stall(command)) * clock_period. Never
///            waits, but where it shares its scratchpads' ports, as ArrayModule.
/// Responses  COMMAND_ERROR for what is not a write of one VectorOp; a scratchpad's own response
///            where it refuses.
class VectorModule final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<VectorModule> command{"command"};
  tlm_utils::simple_initiator_socket<VectorModule> input{"input"}, weight{"weight"},
      output{"output"};

  VectorModule(const sc_core::sc_module_name& name, const VectorUnit& unit,
               sc_core::sc_time clock_period, Values values = Values::kComputed,
               const FeedRates& rates = {});

  /// As ArrayModule.
  void share_ports(PortQueue& queue) { queue_ = &queue; }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  tlm::tlm_response_status run(const VectorOp& op);

  VectorUnit unit_;
  sc_core::sc_time clock_period_;
  Values values_;
  FeedRates rates_;
  PortQueue* queue_ = nullptr;
  std::vector<std::byte> input_tile_, second_tile_, parameters_, output_tile_;
};

}  // namespace systolog::pe
