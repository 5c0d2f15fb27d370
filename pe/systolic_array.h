// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "models/arithmetic.h"
#include "pe/dataflow.h"
#include "pe/matmul.h"

namespace systolog::pe {

/// What the scratchpads move a cycle [B]: each has a port that reads and one that writes. 0:
/// whatever the array asks for.
struct FeedRates {
  std::uint64_t input = 0, weight = 0, output = 0;
};
/// Bits of a code and of a sum in the scratchpads.
struct FeedWidths {
  std::uint32_t input = 8, weight = 8, sum = 32;
};
/// Cycles that the ports take for all operands and sums of a product.
Cycles feed_cycles(const ArrayCounts& counts, const FeedWidths& widths, const FeedRates& rates);

/// The array as a plain model: what one command takes, counts and computes, by its dataflow.
class SystolicArray {
 public:
  /// `arithmetic` must outlive the array.
  SystolicArray(const ArrayConfig& config, const models::Arithmetic& arithmetic)
      : SystolicArray(config, std::vector{&arithmetic}) {}
  /// An array whose PEs have a unit for each arithmetic; a command says which one works.
  SystolicArray(const ArrayConfig& config, std::vector<const models::Arithmetic*> arithmetics)
      : config_(config), arithmetics_(std::move(arithmetics)) {}

  const ArrayConfig& config() const { return config_; }
  const std::vector<const models::Arithmetic*>& arithmetics() const { return arithmetics_; }
  const models::Arithmetic& arithmetic(const Matmul& command) const {
    return *arithmetics_.at(command.arithmetic);
  }

  const DataflowPolicy& policy() const { return policy_of(config_.dataflow); }

  Cycles cycles(const Matmul& command) const { return policy().cycles(config_, command.gemm()); }
  ArrayCounts counts(const Matmul& command) const {
    return policy().counts(config_, command.gemm(), command.accumulate != 0);
  }

  /// Cycles that the array stands still because its scratchpads move less than it asks for: what
  /// feed_cycles() is beyond cycles(). First-in-first-out buffers between them even out the rest.
  Cycles feed_stall(const Matmul& command, const FeedRates& rates) const {
    const models::Arithmetic& a = arithmetic(command);
    const FeedWidths widths{command.input_width(a), command.weight_width(a),
                            static_cast<std::uint32_t>(8 * a.accumulator_bytes())};
    const Cycles needed = feed_cycles(counts(command), widths, rates);
    return needed - std::min(needed, cycles(command));
  }

  /// What the array computes: reads the operands' bytes as they lie in the scratchpads, updates the
  /// accumulators'. Sizes are those of the command. Output rows are shared out to `threads` tasks
  /// at most, fewer where a task would have little to do; each sum is one task's, so that no number
  /// changes a bit.
  void execute(const Matmul& command, std::span<const std::byte> input,
               std::span<const std::byte> weights, std::span<std::byte> accumulators,
               std::size_t threads = 1) const;

 private:
  ArrayConfig config_;
  std::vector<const models::Arithmetic*> arithmetics_;
};

}  // namespace systolog::pe
