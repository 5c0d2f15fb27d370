// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace systolog::pe {

using Cycles = std::uint64_t;

/// Which operand stays in the PEs while the others pass.
enum class Dataflow { kWeightStationary, kOutputStationary, kInputStationary };

enum class FoldOverlap {
  kNone,            // a fold starts when the one before has drained
  kDoubleBuffered,  // a second register a PE lets neighbouring folds overlap
};

struct ArrayConfig {
  std::uint32_t rows = 16, columns = 16;
  Dataflow dataflow = Dataflow::kWeightStationary;
  FoldOverlap fold_overlap = FoldOverlap::kDoubleBuffered;
  // Cycles of one multiply-accumulate, the addition being the last of them: a product is ready
  // pipeline_depth - 1 cycles after its operands. 1: no registers inside the unit.
  std::uint32_t pipeline_depth = 1;

  std::uint64_t pes() const { return std::uint64_t{rows} * columns; }
};

/// A layer, or a tile of one, as the array sees it: `groups` products of M x K by K x N.
struct Gemm {
  std::uint64_t m = 1, k = 1, n = 1, groups = 1;

  std::uint64_t macs() const { return m * k * n * groups; }
};

/// How a Gemm lies on the array, each group by itself. A fold is one block of R rows and C columns
/// of it; all folds stream `time` operands.
struct Mapping {
  std::uint64_t rows = 1, columns = 1, time = 1;  // which of M, K, N lies along each
};

/// What one Gemm does on the array.
struct ArrayCounts {
  std::uint64_t macs = 0;
  // Scratchpad accesses [elements].
  std::uint64_t input_reads = 0, weight_reads = 0, output_reads = 0, output_writes = 0;
  std::uint64_t folds = 0;
  std::uint64_t mapped_pes = 0;  // sum over folds of the PEs that have work
  // Register writes in the PEs [codes, accumulators]; a register whose value is not valid is not
  // clocked, and those inside a pipelined unit count as part of the unit.
  std::uint64_t operand_register_writes = 0, sum_register_writes = 0;
};

/// A dataflow's decisions: which folds there are, what they cost, in which order they sum. The
/// derivation of every formula stands in docs/timing.md.
class DataflowPolicy {
 public:
  virtual ~DataflowPolicy() = default;

  virtual std::string_view name() const = 0;  // as in configs
  virtual Mapping mapping(const Gemm& gemm) const = 0;
  /// Products that one PE column (or PE) adds in one chain from zero; then the sum is merged into
  /// the accumulator in the output scratchpad. At least 1.
  virtual std::uint64_t chain_length(const ArrayConfig& array, const Gemm& gemm) const = 0;
  /// Clock cycles from the first operand in to the last sum out of `folds` folds. Every fold is
  /// charged the whole array.
  virtual Cycles fold_cycles(const ArrayConfig& array, std::uint64_t folds,
                             std::uint64_t time) const = 0;
  /// `accumulate`: sums go on from what the accumulators hold.
  virtual ArrayCounts counts(const ArrayConfig& array, const Gemm& gemm, bool accumulate) const = 0;

  std::uint64_t folds(const ArrayConfig& array, const Gemm& gemm) const;
  Cycles cycles(const ArrayConfig& array, const Gemm& gemm) const {
    return fold_cycles(array, folds(array, gemm), mapping(gemm).time);
  }

 protected:
  /// Counts that follow from the mapping alone: MACs, folds, PEs with work.
  ArrayCounts mapped_counts(const ArrayConfig& array, const Gemm& gemm) const;
};

const DataflowPolicy& policy_of(Dataflow dataflow);

// One each a file.
const DataflowPolicy& weight_stationary();
const DataflowPolicy& output_stationary();
const DataflowPolicy& input_stationary();

constexpr std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

}  // namespace systolog::pe
