// SPDX-License-Identifier: Apache-2.0
#include "sim/scalesim_model.h"

#include <algorithm>

namespace systolog::sim::scalesim {
namespace {

using pe::ceil_div;

pe::ArrayConfig array_of(const Architecture& a) {
  return {.rows = static_cast<std::uint32_t>(a.rows),
          .columns = static_cast<std::uint32_t>(a.columns),
          .dataflow = a.dataflow,
          .fold_overlap = pe::FoldOverlap::kNone};
}
pe::Gemm gemm_of(const Layer& layer) { return {.m = layer.m, .k = layer.k, .n = layer.n}; }

/// Cycles in which sums that stayed leave the array; they take none in SCALE-Sim.
std::uint64_t drain_cycles(const Architecture& a) {
  return a.dataflow == Dataflow::kOutputStationary ? a.rows : 0;
}

/// A layer on the array, as pe/dataflow.h lays it.
struct LayerMapping {
  pe::Mapping extents;
  std::uint64_t row_folds = 1, column_folds = 1;
  std::uint64_t fold_cycles = 1;  // SCALE-Sim's: os K + R + C - 2, ws M + 2R + C - 2, is N + ...

  std::uint64_t folds() const { return row_folds * column_folds; }
};

LayerMapping map_layer(const Layer& layer, const Architecture& a) {
  const pe::DataflowPolicy& policy = pe::policy_of(a.dataflow);
  const pe::ArrayConfig array = array_of(a);
  LayerMapping map;
  map.extents = policy.mapping(gemm_of(layer));
  map.row_folds = ceil_div(map.extents.rows, a.rows);
  map.column_folds = ceil_div(map.extents.columns, a.columns);
  map.fold_cycles = policy.fold_cycles(array, 1, map.extents.time) - drain_cycles(a);
  return map;
}

/// Of the last fold along one axis: how much of the array it uses.
std::uint64_t last_part(std::uint64_t size, std::uint64_t array, std::uint64_t folds) {
  return size - (folds - 1) * array;
}

/// The cycles in which each operand is read or written, from the shapes of the folds. A read
/// answers one cycle after its request; a write has no latency.
void set_times(const LayerMapping& map, const Architecture& a, ToolReport& report) {
  constexpr std::uint64_t kHitLatency = 1;
  const std::uint64_t last_fold = (map.folds() - 1) * map.fold_cycles;
  const std::uint64_t first_rows = std::min(map.extents.rows, a.rows);
  const std::uint64_t last_rows = last_part(map.extents.rows, a.rows, map.row_folds);
  const std::uint64_t last_columns = last_part(map.extents.columns, a.columns, map.column_folds);
  const auto set = [](Stream& stream, std::uint64_t start, std::uint64_t stop) {
    stream.start = start;
    stream.stop = stop;
  };
  if (a.dataflow == Dataflow::kOutputStationary) {
    set(report.ifmap, kHitLatency, last_fold + map.extents.time + last_rows - 2 + kHitLatency);
    set(report.filter, kHitLatency, last_fold + map.extents.time + last_columns - 2 + kHitLatency);
    // Rows leave bottom row first; those that are not used are counted as passing by.
    set(report.ofmap, map.extents.time - 1 + a.rows - first_rows,
        last_fold + map.extents.time + a.rows + last_columns - 3);
    return;
  }
  const bool weights_stay = a.dataflow == Dataflow::kWeightStationary;
  Stream& stationary = weights_stay ? report.filter : report.ifmap;
  Stream& streaming = weights_stay ? report.ifmap : report.filter;
  // The last row of the operand enters first, as it travels to the bottom.
  set(stationary, a.rows - first_rows + kHitLatency, last_fold + a.rows - 1 + kHitLatency);
  set(streaming, a.rows + kHitLatency,
      last_fold + a.rows + map.extents.time + last_rows - 2 + kHitLatency);
  set(report.ofmap, 2 * a.rows - 1, last_fold + 2 * a.rows + map.extents.time + last_columns - 3);
}

/// Before the first cycle, ten words a cycle, the buffer's hundredths filled one after the other:
/// all there is to it where the stream needs less than the first 50 of them.
std::optional<Dram> prefetched(std::uint64_t words, std::uint64_t buffer_kb) {
  constexpr std::uint64_t kWordsPerCycle = 10, kSets = 100, kActiveSets = 50;
  const std::uint64_t set_words = buffer_kb * 1024 / kSets;
  if (words >= kActiveSets * set_words) return std::nullopt;
  const std::uint64_t cycles = ceil_div(ceil_div(words, set_words) * set_words, kWordsPerCycle);
  return Dram{-static_cast<std::int64_t>(cycles), -1, words};
}

/// Written after the last cycle, a line of one word a column each cycle, where nothing is written
/// earlier: the outputs fit the half of the buffer that fills first.
std::optional<Dram> drained(std::uint64_t words, std::uint64_t last_cycle, const Architecture& a) {
  if (words > a.ofmap_kb * 1024 / 2) return std::nullopt;
  const auto start = static_cast<std::int64_t>(last_cycle);
  return Dram{start, start + static_cast<std::int64_t>(ceil_div(words, a.columns)) - 1, words};
}

}  // namespace

ToolReport tool_report(const Layer& layer, const Architecture& a) {
  const LayerMapping map = map_layer(layer, a);
  const pe::ArrayCounts counts =
      pe::policy_of(a.dataflow).counts(array_of(a), gemm_of(layer), /*accumulate=*/false);
  const bool outputs_stay = a.dataflow == Dataflow::kOutputStationary;
  ToolReport report;
  report.total_cycles = map.folds() * map.fold_cycles - 1;  // the last cycle's index

  const double pes = static_cast<double>(a.rows) * static_cast<double>(a.columns);
  const auto macs = static_cast<double>(counts.macs), used = static_cast<double>(counts.mapped_pes);
  const auto folds = static_cast<double>(map.folds());
  report.overall_util = 100 * macs / (static_cast<double>(report.total_cycles) * pes);
  report.mapping_efficiency = 100 * used / (folds * pes);
  // Of a fold's cycles, ws and is count the drain twice.
  const std::uint64_t extra = outputs_stay ? 0 : a.columns - 1;
  report.compute_util = 100 * macs / (folds * pes * static_cast<double>(map.fold_cycles + extra));

  report.ifmap.accesses = counts.input_reads;
  report.filter.accesses = counts.weight_reads;
  report.ofmap.accesses = counts.output_writes;
  if (outputs_stay) report.ofmap.accesses += (a.rows + a.columns) * counts.folds;
  set_times(map, a, report);
  if (a.user_bandwidth) return report;
  if (layer.ifmap_elements) report.ifmap.dram = prefetched(*layer.ifmap_elements, a.ifmap_kb);
  report.filter.dram = prefetched(layer.n * layer.k, a.filter_kb);
  report.ofmap.dram = drained(counts.output_writes, report.total_cycles, a);
  if (report.ofmap.dram) report.stall_cycles = 0;
  return report;
}

OwnReport own_report(const Layer& layer, const Architecture& a) {
  const pe::DataflowPolicy& policy = pe::policy_of(a.dataflow);
  const pe::ArrayConfig array = array_of(a);
  const pe::ArrayCounts counts = policy.counts(array, gemm_of(layer), /*accumulate=*/false);
  const auto pes = static_cast<double>(array.pes());
  OwnReport own;
  own.macs = counts.macs;
  own.folds = counts.folds;
  own.cycles = policy.cycles(array, gemm_of(layer));
  own.utilization = static_cast<double>(own.macs) / (static_cast<double>(own.cycles) * pes);
  own.mapping_efficiency =
      static_cast<double>(counts.mapped_pes) / (static_cast<double>(counts.folds) * pes);
  own.ifmap_reads = counts.input_reads;
  own.filter_reads = counts.weight_reads;
  own.ofmap_reads = counts.output_reads;
  own.ofmap_writes = counts.output_writes;
  return own;
}

}  // namespace systolog::sim::scalesim
