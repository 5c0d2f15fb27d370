// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pe/dataflow.h"

namespace systolog::pe {
namespace {

/// Rows hold K, columns hold N, M streams through; sums pass down the columns.
///   none             F (M + 2R + C + p - 3)
///   double_buffered  R + (F - 1) max(M, R) + M + R + C + p - 3
class WeightStationary final : public DataflowPolicy {
 public:
  std::string_view name() const override { return "weight_stationary"; }
  Mapping mapping(const Gemm& g) const override {
    return {.rows = g.k, .columns = g.n, .time = g.m};
  }
  std::uint64_t chain_length(const ArrayConfig& array, const Gemm&) const override {
    return array.rows;
  }

  Cycles fold_cycles(const ArrayConfig& array, std::uint64_t folds,
                     std::uint64_t time) const override {
    const std::uint64_t r = array.rows, c = array.columns, p = array.pipeline_depth;
    const std::uint64_t skews = r - 1 + c - 1 + p - 1;
    if (array.fold_overlap == FoldOverlap::kNone) return folds * (r + time + skews);
    return r + (folds - 1) * std::max(time, r) + time + skews;
  }

  ArrayCounts counts(const ArrayConfig& array, const Gemm& g, bool accumulate) const override {
    const std::uint64_t r = array.rows;
    const std::uint64_t row_folds = ceil_div(g.k, r), column_folds = ceil_div(g.n, array.columns);
    ArrayCounts counts = mapped_counts(array, g);
    counts.input_reads = g.groups * g.m * g.k * column_folds;
    counts.weight_reads = g.groups * g.k * g.n;
    counts.output_writes = g.groups * g.m * g.n * row_folds;
    counts.output_reads = counts.output_writes - (accumulate ? 0 : g.groups * g.m * g.n);
    // The weight of row i is shifted through i + 1 PEs, and with a second register swapped in.
    const std::uint64_t whole = g.k / r, rest = g.k % r;
    const std::uint64_t shifts = whole * (r * (r + 1) / 2) + rest * (rest + 1) / 2;
    const std::uint64_t swaps = array.fold_overlap == FoldOverlap::kDoubleBuffered ? g.k : 0;
    counts.operand_register_writes = counts.macs + g.groups * g.n * (shifts + swaps);
    // A sum passes all rows, with work or without.
    counts.sum_register_writes = g.groups * g.m * g.n * row_folds * r;
    return counts;
  }
};

}  // namespace

const DataflowPolicy& weight_stationary() {
  static const WeightStationary policy;
  return policy;
}

}  // namespace systolog::pe
