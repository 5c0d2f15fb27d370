// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/arithmetic.h"
#include "pe/matmul.h"

namespace systolog::pe {

using Cycles = std::uint64_t;

enum class FoldOverlap {
  kNone,            // a fold's weights load when the fold before has drained
  kDoubleBuffered,  // they load into shadow registers while the fold before streams
};

struct ArrayConfig {
  std::uint32_t rows = 16, columns = 16;
  FoldOverlap fold_overlap = FoldOverlap::kDoubleBuffered;
};

/// Scratchpad accesses [elements] and register writes of one command.
struct ArrayCounts {
  std::uint64_t macs = 0;
  std::uint64_t input_reads = 0, weight_reads = 0, output_reads = 0, output_writes = 0;
  std::uint64_t folds = 0;
  std::uint64_t mapped_pes = 0;  // sum over folds of the PEs that hold a weight
};

/// The weight-stationary array as a plain model: rows hold K, columns hold N, M streams through.
/// Fold f = (column block, row block) keeps rows x columns weights; ceil(K / rows) *
/// ceil(N / columns) folds a group.
class SystolicArray {
 public:
  /// `arithmetic` must outlive the array.
  SystolicArray(const ArrayConfig& config, const models::Arithmetic& arithmetic)
      : config_(config), arithmetic_(&arithmetic) {}

  const ArrayConfig& config() const { return config_; }
  const models::Arithmetic& arithmetic() const { return *arithmetic_; }

  /// Clock cycles from the first weight in to the last sum out, F folds of M rows:
  ///   none             F (M + 2R + C - 2)
  ///   double_buffered  R + (F - 1) max(M, R) + M + R + C - 2
  /// Every fold is charged the whole array. Derivation: docs/timing.md.
  Cycles cycles(const Matmul& command) const;

  ArrayCounts counts(const Matmul& command) const;

  /// What the array computes: reads the operands' bytes, updates the accumulators'. Sizes are
  /// those of the command.
  void execute(const Matmul& command, std::span<const std::byte> input,
               std::span<const std::byte> weights, std::span<std::byte> accumulators) const;

 private:
  ArrayConfig config_;
  const models::Arithmetic* arithmetic_;
};

/// Cycles of `folds` folds of M streamed rows each: the formula above.
Cycles weight_stationary_cycles(const ArrayConfig& config, std::uint64_t folds, std::uint64_t m);

}  // namespace systolog::pe
