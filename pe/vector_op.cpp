// SPDX-License-Identifier: Apache-2.0
#include "pe/vector_op.h"

namespace systolog::pe {

std::uint64_t VectorOp::input_bytes(const models::Arithmetic& unit) const {
  if (opcode == VectorOpcode::kFill) return 0;
  return inputs() *
         (opcode == VectorOpcode::kWriteBack ? unit.accumulator_bytes() : unit.code_bytes());
}

std::uint64_t VectorOp::second_bytes(const models::Arithmetic& unit) const {
  if (!has_second()) return 0;
  const std::uint64_t codes = second_per_channel != 0 ? std::uint64_t{images} * channels : inputs();
  return codes * unit.code_bytes();
}

std::uint64_t VectorOp::parameter_bytes(const models::Arithmetic& unit) const {
  if (opcode == VectorOpcode::kBatchNorm) return std::uint64_t{2} * channels * sizeof(float);
  if (opcode != VectorOpcode::kWriteBack) return 0;
  return channels *
         ((has_bias != 0 ? unit.bias_bytes() : 0) + (unit.is_quantised() ? sizeof(float) : 0));
}

}  // namespace systolog::pe
