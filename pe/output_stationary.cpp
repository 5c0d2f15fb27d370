// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pe/dataflow.h"

namespace systolog::pe {
namespace {

/// Rows hold M, columns hold N, K streams through: activations from the left, weights from above. A
/// PE adds up one sum over all of K; the sums then shift down the columns and out.
///   none             F (K + 2R + C + p - 3)
///   double_buffered  (F - 1) max(K, R) + K + 2R + C + p - 3
class OutputStationary final : public DataflowPolicy {
 public:
  std::string_view name() const override { return "output_stationary"; }
  Mapping mapping(const Gemm& g) const override {
    return {.rows = g.m, .columns = g.n, .time = g.k};
  }
  std::uint64_t chain_length(const ArrayConfig&, const Gemm& g) const override {
    return std::max<std::uint64_t>(g.k, 1);
  }

  Cycles fold_cycles(const ArrayConfig& array, std::uint64_t folds,
                     std::uint64_t time) const override {
    const std::uint64_t r = array.rows, c = array.columns, p = array.pipeline_depth;
    const std::uint64_t one = time + (r - 1) + (c - 1) + (p - 1) + r;
    if (array.fold_overlap == FoldOverlap::kNone) return folds * one;
    return (folds - 1) * std::max(time, r) + one;
  }

  ArrayCounts counts(const ArrayConfig& array, const Gemm& g, bool accumulate) const override {
    const std::uint64_t r = array.rows;
    ArrayCounts counts = mapped_counts(array, g);
    counts.input_reads = g.groups * g.m * g.k * ceil_div(g.n, array.columns);
    counts.weight_reads = g.groups * g.n * g.k * ceil_div(g.m, r);
    counts.output_writes = g.groups * g.m * g.n;
    counts.output_reads = accumulate ? counts.output_writes : 0;
    counts.operand_register_writes = 2 * counts.macs;
    // The sum of row i is shifted through the R - 1 - i rows below, and with a second register
    // copied into it first.
    const std::uint64_t whole = g.m / r, rest = g.m % r;
    const std::uint64_t shifts =
        whole * (r * (r - 1) / 2) + rest * (r - 1) - (rest * (rest + 1) / 2 - rest);
    const std::uint64_t copies = array.fold_overlap == FoldOverlap::kDoubleBuffered ? g.m : 0;
    counts.sum_register_writes = counts.macs + g.groups * g.n * (shifts + copies);
    return counts;
  }
};

}  // namespace

const DataflowPolicy& output_stationary() {
  static const OutputStationary policy;
  return policy;
}

}  // namespace systolog::pe
