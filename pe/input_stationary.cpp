// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "pe/dataflow.h"

namespace systolog::pe {
namespace {

/// Rows hold K, columns hold M, N streams through: the weight-stationary array with the operands'
/// parts exchanged, as (A W)^T = W^T A^T.
///   none             F (N + 2R + C + p - 3)
///   double_buffered  R + (F - 1) max(N, R) + N + R + C + p - 3
class InputStationary final : public DataflowPolicy {
 public:
  std::string_view name() const override { return "input_stationary"; }
  Mapping mapping(const Gemm& g) const override {
    return weight_stationary().mapping(transposed(g));
  }
  std::uint64_t chain_length(const ArrayConfig& array, const Gemm& g) const override {
    return weight_stationary().chain_length(array, transposed(g));
  }
  Cycles fold_cycles(const ArrayConfig& array, std::uint64_t folds,
                     std::uint64_t time) const override {
    return weight_stationary().fold_cycles(array, folds, time);
  }
  ArrayCounts counts(const ArrayConfig& array, const Gemm& g, bool accumulate) const override {
    ArrayCounts counts = weight_stationary().counts(array, transposed(g), accumulate);
    std::swap(counts.input_reads, counts.weight_reads);
    return counts;
  }

 private:
  static Gemm transposed(Gemm g) {
    std::swap(g.m, g.n);
    return g;
  }
};

}  // namespace

const DataflowPolicy& input_stationary() {
  static const InputStationary policy;
  return policy;
}

}  // namespace systolog::pe
