// SPDX-License-Identifier: Apache-2.0
#include "sim/scalesim_model.h"

#include <algorithm>
#include <tuple>

namespace systolog::sim::scalesim {
namespace {

constexpr std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

/// Of the last fold along one axis: how much of the array it uses.
std::uint64_t last_part(std::uint64_t size, std::uint64_t array, std::uint64_t folds) {
  return size - (folds - 1) * array;
}

/// The cycles in which each operand is read or written, from the shapes of the folds. A read
/// answers one cycle after its request; a write has no latency.
void set_times(const Mapping& map, const Architecture& a, ToolReport& report) {
  constexpr std::uint64_t kHitLatency = 1;
  const std::uint64_t last_fold = (map.folds() - 1) * map.fold_cycles;
  const std::uint64_t first_rows = std::min(map.on_rows, a.rows);
  const std::uint64_t last_rows = last_part(map.on_rows, a.rows, map.row_folds);
  const std::uint64_t last_columns = last_part(map.on_columns, a.columns, map.column_folds);
  const auto set = [](Stream& stream, std::uint64_t start, std::uint64_t stop) {
    stream.start = start;
    stream.stop = stop;
  };
  if (a.dataflow == Dataflow::kOutputStationary) {
    set(report.ifmap, kHitLatency, last_fold + map.in_time + last_rows - 2 + kHitLatency);
    set(report.filter, kHitLatency, last_fold + map.in_time + last_columns - 2 + kHitLatency);
    // Rows leave bottom row first; those that are not used are counted as passing by.
    set(report.ofmap, map.in_time - 1 + a.rows - first_rows,
        last_fold + map.in_time + a.rows + last_columns - 3);
    return;
  }
  const bool weights_stay = a.dataflow == Dataflow::kWeightStationary;
  Stream& stationary = weights_stay ? report.filter : report.ifmap;
  Stream& streaming = weights_stay ? report.ifmap : report.filter;
  // The last row of the operand enters first, as it travels to the bottom.
  set(stationary, a.rows - first_rows + kHitLatency, last_fold + a.rows - 1 + kHitLatency);
  set(streaming, a.rows + kHitLatency,
      last_fold + a.rows + map.in_time + last_rows - 2 + kHitLatency);
  set(report.ofmap, 2 * a.rows - 1, last_fold + 2 * a.rows + map.in_time + last_columns - 3);
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

Mapping map_layer(const Layer& layer, const Architecture& a) {
  Mapping map;
  switch (a.dataflow) {
    case Dataflow::kOutputStationary:
      map = {.on_rows = layer.m, .on_columns = layer.n, .in_time = layer.k};
      break;
    case Dataflow::kWeightStationary:
      map = {.on_rows = layer.k, .on_columns = layer.n, .in_time = layer.m};
      break;
    case Dataflow::kInputStationary:
      map = {.on_rows = layer.k, .on_columns = layer.m, .in_time = layer.n};
      break;
  }
  map.row_folds = ceil_div(map.on_rows, a.rows);
  map.column_folds = ceil_div(map.on_columns, a.columns);
  const std::uint64_t loads = a.dataflow == Dataflow::kOutputStationary ? 0 : a.rows;
  map.fold_cycles = loads + map.in_time + a.rows + a.columns - 2;
  return map;
}

ToolReport tool_report(const Layer& layer, const Architecture& a) {
  const Mapping map = map_layer(layer, a);
  const auto [m, n, k] = std::tuple(layer.m, layer.n, layer.k);
  ToolReport report;
  report.total_cycles = map.folds() * map.fold_cycles - 1;  // the last cycle's index

  const double pes = static_cast<double>(a.rows) * static_cast<double>(a.columns);
  const double macs = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const double used = static_cast<double>(map.on_rows) * static_cast<double>(map.on_columns);
  const auto folds = static_cast<double>(map.folds());
  report.overall_util = 100 * macs / (static_cast<double>(report.total_cycles) * pes);
  report.mapping_efficiency = 100 * used / (folds * pes);
  // Of a fold's cycles, ws and is count the drain twice.
  const std::uint64_t extra = a.dataflow == Dataflow::kOutputStationary ? 0 : a.columns - 1;
  report.compute_util = 100 * macs / (folds * pes * static_cast<double>(map.fold_cycles + extra));

  std::uint64_t written = m * n;
  switch (a.dataflow) {
    case Dataflow::kOutputStationary:
      report.ifmap.accesses = m * k * map.column_folds;
      report.filter.accesses = n * k * map.row_folds;
      report.ofmap.accesses = written + (a.rows + a.columns) * map.folds();
      break;
    case Dataflow::kWeightStationary:
      report.ifmap.accesses = m * k * map.column_folds;
      report.filter.accesses = n * k;
      report.ofmap.accesses = written *= map.row_folds;
      break;
    case Dataflow::kInputStationary:
      report.ifmap.accesses = m * k;
      report.filter.accesses = n * k * map.column_folds;
      report.ofmap.accesses = written *= map.row_folds;
      break;
  }
  set_times(map, a, report);
  if (a.user_bandwidth) return report;
  if (layer.ifmap_elements) report.ifmap.dram = prefetched(*layer.ifmap_elements, a.ifmap_kb);
  report.filter.dram = prefetched(n * k, a.filter_kb);
  report.ofmap.dram = drained(written, report.total_cycles, a);
  if (report.ofmap.dram) report.stall_cycles = 0;
  return report;
}

OwnReport own_report(const Layer& layer, const Architecture& a) {
  const Mapping map = map_layer(layer, a);
  const ToolReport tool = tool_report(layer, a);
  const bool outputs_stay = a.dataflow == Dataflow::kOutputStationary;
  OwnReport own;
  own.macs = layer.m * layer.n * layer.k;
  own.folds = map.folds();
  // Results that were summed in place take R cycles to leave through the columns.
  own.cycles = own.folds * (map.fold_cycles + (outputs_stay ? a.rows : 0));
  const double pes = static_cast<double>(a.rows) * static_cast<double>(a.columns);
  own.utilization = static_cast<double>(own.macs) / (static_cast<double>(own.cycles) * pes);
  own.mapping_efficiency = tool.mapping_efficiency / 100;
  own.ifmap_reads = tool.ifmap.accesses;
  own.filter_reads = tool.filter.accesses;
  const std::uint64_t sums = layer.m * layer.n;
  own.ofmap_writes = outputs_stay ? sums : sums * map.row_folds;
  own.ofmap_reads = own.ofmap_writes - sums;  // each fold but the first goes on with a sum
  return own;
}

}  // namespace systolog::sim::scalesim
