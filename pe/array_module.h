// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstddef>
#include <span>
#include <systemc>
#include <tlm>
#include <vector>

#include "pe/payload.h"
#include "pe/systolic_array.h"

namespace systolog::pe {

/// The systolic array on the bus fabric: one Matmul command is one timed transaction.
/// Sockets    command: target; a write payload whose data is a Matmul is carried out and answered
///            when the last sum is in the output scratchpad. input, weight, output: initiators,
///            one payload per operand tile.
/// Timing     delay += (SystolicArray::cycles(command) + feed_stall(command)) * clock_period. Never
///            waits, but where it shares its scratchpads' ports: then a thread must call
///            b_transport, at a clock edge and with no delay of its own pending.
/// Responses  COMMAND_ERROR for what is not a write of one Matmul; a scratchpad's own response
///            where it refuses.
/// Counts     macs.
class ArrayModule : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<ArrayModule> command{"command"};
  tlm_utils::simple_initiator_socket<ArrayModule> input{"input"}, weight{"weight"},
      output{"output"};

  ArrayModule(const sc_core::sc_module_name& name, const SystolicArray& array,
              sc_core::sc_time clock_period, Values values = Values::kComputed,
              const FeedRates& rates = {});

  /// Commands wait there for other engines' words; the queue must outlive the module.
  void share_ports(PortQueue& queue) { queue_ = &queue; }

  std::uint64_t macs() const { return macs_; }

 protected:
  /// Updates the accumulators. Returns the time it takes, less what it has waited.
  virtual sc_core::sc_time compute(const Matmul& matmul, std::span<const std::byte> operands,
                                   std::span<const std::byte> weights,
                                   std::span<std::byte> accumulators);

  const SystolicArray& model() const { return array_; }
  sc_core::sc_time clock_period() const { return clock_period_; }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  tlm::tlm_response_status run(const Matmul& command, sc_core::sc_time& delay);

  SystolicArray array_;
  sc_core::sc_time clock_period_;
  Values values_;
  FeedRates rates_;
  PortQueue* queue_ = nullptr;
  std::vector<std::byte> input_tile_, weight_tile_, accumulators_;
  std::uint64_t macs_ = 0;
};

}  // namespace systolog::pe
