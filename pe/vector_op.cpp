// SPDX-License-Identifier: Apache-2.0
#include "pe/vector_op.h"

namespace systolog::pe {

std::uint64_t VectorOp::input_bytes(const models::Arithmetic& unit) const {
  if (opcode == VectorOpcode::kFill) return 0;
  if (opcode == VectorOpcode::kWriteBack) return inputs() * unit.accumulator_bytes();
  return input_pixels() * models::bytes_of(channels, models::width_of(unit, packed_input != 0));
}

std::uint64_t VectorOp::second_bytes(const models::Arithmetic& unit) const {
  if (!has_second()) return 0;
  return second_pixels() * models::bytes_of(channels, models::width_of(unit, packed_second != 0));
}

std::uint64_t VectorOp::output_bytes(const models::Arithmetic& unit) const {
  return output_pixels() * models::bytes_of(channels, models::width_of(unit, packed_output != 0));
}

std::uint64_t VectorOp::parameter_bytes(const models::Arithmetic& unit) const {
  if (opcode == VectorOpcode::kBatchNorm) return std::uint64_t{2} * channels * sizeof(float);
  if (opcode != VectorOpcode::kWriteBack) return 0;
  return channels *
         ((has_bias != 0 ? unit.bias_bytes() : 0) + (unit.is_quantised() ? sizeof(float) : 0));
}

}  // namespace systolog::pe
