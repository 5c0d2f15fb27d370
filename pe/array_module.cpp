// SPDX-License-Identifier: Apache-2.0
#include "pe/array_module.h"

#include <tbb/task_arena.h>

namespace systolog::pe {

ArrayModule::ArrayModule(const sc_core::sc_module_name& name, const SystolicArray& array,
                         sc_core::sc_time clock_period, Values values, const FeedRates& rates)
    : sc_module(name), array_(array), clock_period_(clock_period), values_(values), rates_(rates) {
  command.register_b_transport(this, &ArrayModule::b_transport);
}

void ArrayModule::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  Matmul matmul;
  if (!read_command(payload, matmul)) return;
  payload.set_response_status(run(matmul, delay));
  if (payload.is_response_ok()) macs_ += matmul.macs();
}

sc_core::sc_time ArrayModule::compute(const Matmul& c, std::span<const std::byte> operands,
                                      std::span<const std::byte> weights,
                                      std::span<std::byte> accumulators) {
  // One command at a time: all cores may compute it.
  const auto cores = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
  array_.execute(c, operands, weights, accumulators, cores);
  return clock_period_ * static_cast<double>(array_.cycles(c));
}

tlm::tlm_response_status ArrayModule::run(const Matmul& c, sc_core::sc_time& delay) {
  const Cycles stall_cycles = array_.feed_stall(c, rates_);
  const sc_core::sc_time stall = clock_period_ * static_cast<double>(stall_cycles);
  if (queue_ != nullptr) queue_->begin(array_.feed_bytes(c), array_.cycles(c) + stall_cycles);
  const auto take = [&](sc_core::sc_time own) {
    if (queue_ != nullptr) return queue_->end();
    delay += own;
  };
  if (values_ == Values::kNone) {
    take(clock_period_ * static_cast<double>(array_.cycles(c)) + stall);
    return tlm::TLM_OK_RESPONSE;
  }
  const models::Arithmetic& a = array_.arithmetic(c);
  input_tile_.resize(c.input_bytes(a));
  weight_tile_.resize(c.weight_bytes(a));
  accumulators_.resize(c.accumulators() * a.accumulator_bytes());
  auto status = move_tile(input, tlm::TLM_READ_COMMAND, c.input_address, input_tile_);
  if (status != tlm::TLM_OK_RESPONSE) return status;
  status = move_tile(weight, tlm::TLM_READ_COMMAND, c.weight_address, weight_tile_);
  if (status != tlm::TLM_OK_RESPONSE) return status;
  if (c.accumulate != 0) {
    status = move_tile(output, tlm::TLM_READ_COMMAND, c.accumulator_address, accumulators_);
    if (status != tlm::TLM_OK_RESPONSE) return status;
  }
  const sc_core::sc_time took = compute(c, input_tile_, weight_tile_, accumulators_);
  status = move_tile(output, tlm::TLM_WRITE_COMMAND, c.accumulator_address, accumulators_);
  if (status == tlm::TLM_OK_RESPONSE) take(took + stall);
  return status;
}

}  // namespace systolog::pe
