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
#include "pe/scratchpad_feed.h"

namespace systolog::pe {

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

  FeedBytes feed_bytes(const Matmul& command) const {
    return pe::feed_bytes(counts(command), widths_of(command, arithmetic(command)));
  }
  /// Cycles that the array stands still because its scratchpads move less than it asks for: what
  /// feed_cycles() is beyond cycles(). First-in-first-out buffers between them even out the rest.
  Cycles feed_stall(const Matmul& command, const FeedRates& rates) const {
    const Cycles needed = feed_cycles(feed_bytes(command), rates,
                                      feed_conflicts(config_, command, arithmetic(command), rates));
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
