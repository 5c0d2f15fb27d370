// SPDX-License-Identifier: Apache-2.0
#include "pe/dataflow.h"

namespace systolog::pe {

std::uint64_t DataflowPolicy::folds(const ArrayConfig& array, const Gemm& gemm) const {
  const Mapping m = mapping(gemm);
  return gemm.groups * ceil_div(m.rows, array.rows) * ceil_div(m.columns, array.columns);
}

ArrayCounts DataflowPolicy::mapped_counts(const ArrayConfig& array, const Gemm& gemm) const {
  const Mapping m = mapping(gemm);
  ArrayCounts counts;
  counts.macs = gemm.macs();
  counts.folds = folds(array, gemm);
  counts.mapped_pes = gemm.groups * m.rows * m.columns;
  return counts;
}

const DataflowPolicy& policy_of(Dataflow dataflow) {
  switch (dataflow) {
    case Dataflow::kOutputStationary:
      return output_stationary();
    case Dataflow::kInputStationary:
      return input_stationary();
    case Dataflow::kWeightStationary:
      break;
  }
  return weight_stationary();
}

}  // namespace systolog::pe
