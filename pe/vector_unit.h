// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "models/arithmetic.h"
#include "pe/scratchpad_feed.h"
#include "pe/vector_op.h"

namespace systolog::pe {

struct VectorUnitConfig {
  std::uint32_t lanes = 16;          // one a column of a 16-wide array
  std::uint32_t latency_cycles = 4;  // read, operate, round, write
};

/// Scratchpad accesses of one command [elements], and the bytes that its operands' are.
struct VectorCounts {
  std::uint64_t lane_operations = 0;
  std::uint64_t input_reads = 0, parameter_reads = 0;
  std::uint64_t output_reads = 0, output_writes = 0;  // accumulators read, codes written
  std::uint64_t chained_reads = 0;                    // codes read from the output scratchpad
  std::uint64_t input_read_bytes = 0, chained_read_bytes = 0;
};

/// The vector unit as a plain model: `lanes` elements a cycle.
class VectorUnit {
 public:
  /// `arithmetic` must outlive the unit.
  VectorUnit(const VectorUnitConfig& config, const models::Arithmetic& arithmetic)
      : VectorUnit(config, std::vector{&arithmetic}) {}
  VectorUnit(const VectorUnitConfig& config, std::vector<const models::Arithmetic*> arithmetics)
      : config_(config), arithmetics_(std::move(arithmetics)) {}

  /// Of an op's operands, and of its result.
  const models::Arithmetic& arithmetic(const VectorOp& op) const {
    return *arithmetics_.at(op.arithmetic);
  }
  const models::Arithmetic& out_arithmetic(const VectorOp& op) const {
    return *arithmetics_.at(op.out_arithmetic);
  }

  /// latency_cycles + ceil(lane operations / lanes). A lane operation is one element through one
  /// op: an output for element-wise work, an input of a window for pooling, three passes
  /// (maximum, exponential and sum, division) for softmax.
  Cycles cycles(const VectorOp& op) const;
  VectorCounts counts(const VectorOp& op) const;
  FeedBytes feed_bytes(const VectorOp& op) const;
  /// Cycles beyond cycles() because the scratchpads move less than the lanes ask for. Neighbouring
  /// lanes have neighbouring elements, so that their words meet in no bank.
  Cycles feed_stall(const VectorOp& op, const FeedRates& rates) const {
    const Cycles needed = feed_cycles(feed_bytes(op), rates), own = cycles(op);
    return needed > own ? needed - own : 0;
  }

  /// What the unit computes. `input` holds codes (kWriteBack: accumulators), `second` the other
  /// operand of kAdd, kSub and kMul, `parameters` as VectorOp::parameter_bytes says; all as they
  /// lie in the scratchpads.
  void execute(const VectorOp& op, std::span<const std::byte> input,
               std::span<const std::byte> second, std::span<const std::byte> parameters,
               std::span<std::byte> output) const;

 private:
  /// The same of codes that are not packed.
  void compute(const VectorOp& op, std::span<const std::byte> input,
               std::span<const std::byte> second, std::span<const std::byte> parameters,
               std::span<std::byte> output) const;

  VectorUnitConfig config_;
  std::vector<const models::Arithmetic*> arithmetics_;
};

}  // namespace systolog::pe
