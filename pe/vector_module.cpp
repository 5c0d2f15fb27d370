// SPDX-License-Identifier: Apache-2.0
#include "pe/vector_module.h"

namespace systolog::pe {

VectorModule::VectorModule(const sc_core::sc_module_name& name, const VectorUnit& unit,
                           sc_core::sc_time clock_period, Values values, const FeedRates& rates)
    : sc_module(name), unit_(unit), clock_period_(clock_period), values_(values), rates_(rates) {
  command.register_b_transport(this, &VectorModule::b_transport);
}

void VectorModule::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  VectorOp op;
  if (!read_command(payload, op)) return;
  const Cycles own = unit_.cycles(op) + unit_.feed_stall(op, rates_);
  if (queue_ != nullptr) queue_->begin(unit_.feed_bytes(op), own);
  payload.set_response_status(run(op));
  if (payload.is_response_error()) return;
  if (queue_ != nullptr) return queue_->end();
  delay += clock_period_ * static_cast<double>(own);
}

tlm::tlm_response_status VectorModule::run(const VectorOp& op) {
  if (values_ == Values::kNone) return tlm::TLM_OK_RESPONSE;
  const models::Arithmetic& a = unit_.arithmetic(op);
  const bool write_back = op.opcode == VectorOpcode::kWriteBack;
  input_tile_.resize(op.input_bytes(a));
  second_tile_.resize(op.second_bytes(a));
  parameters_.resize(op.parameter_bytes(a));
  output_tile_.resize(op.output_bytes(unit_.out_arithmetic(op)));

  const bool first_in_output = write_back || op.chained == ChainedOperand::kFirst;
  tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
  if (!input_tile_.empty()) {
    status = move_tile(first_in_output ? output : input, tlm::TLM_READ_COMMAND, op.input_address,
                       input_tile_);
    if (status != tlm::TLM_OK_RESPONSE) return status;
  }
  if (!second_tile_.empty()) {
    status = move_tile(op.chained == ChainedOperand::kSecond ? output : input,
                       tlm::TLM_READ_COMMAND, op.second_address, second_tile_);
    if (status != tlm::TLM_OK_RESPONSE) return status;
  }
  if (!parameters_.empty()) {
    status = move_tile(weight, tlm::TLM_READ_COMMAND, op.parameter_address, parameters_);
    if (status != tlm::TLM_OK_RESPONSE) return status;
  }
  unit_.execute(op, input_tile_, second_tile_, parameters_, output_tile_);
  return move_tile(output, tlm::TLM_WRITE_COMMAND, op.output_address, output_tile_);
}

}  // namespace systolog::pe
