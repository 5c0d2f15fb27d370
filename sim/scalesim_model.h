// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pe/dataflow.h"

namespace systolog::sim::scalesim {

using pe::Dataflow;

/// What a SCALE-Sim config says about the accelerator.
struct Architecture {
  std::string run_name;
  std::uint64_t rows = 1, columns = 1;
  std::uint64_t ifmap_kb = 1, filter_kb = 1, ofmap_kb = 1;  // buffers, elements of one byte
  Dataflow dataflow = Dataflow::kOutputStationary;
  bool user_bandwidth = false;  // InterfaceBandwidth: USER
};

/// One row of a topology as the product it is: [m, k] times [k, n].
struct Layer {
  std::string name;
  std::uint64_t m = 1, n = 1, k = 1;
  std::optional<std::uint64_t> ifmap_elements;  // different inputs that the windows touch
};

/// One operand's traffic. DRAM figures are given where the whole stream fits the half of its
/// buffer that the tool fills first, so that its prefetches follow from the counts alone.
struct Dram {
  std::int64_t start = 0, stop = 0;  // cycles; the array starts at 0
  std::uint64_t words = 0;
};
struct Stream {
  std::uint64_t start = 0, stop = 0;  // cycles of the first and last scratchpad access
  std::uint64_t accesses = 0;
  std::optional<Dram> dram;
};

/// What SCALE-Sim reports for a layer, its counting defects included (docs/scalesim.md lists them).
/// No stall cycles where their number needs the tool's DRAM traces.
struct ToolReport {
  std::uint64_t total_cycles = 0;
  std::optional<std::uint64_t> stall_cycles;
  double overall_util = 0, mapping_efficiency = 0, compute_util = 0;  // percent
  Stream ifmap, filter, ofmap;
};
ToolReport tool_report(const Layer& layer, const Architecture& architecture);

/// Our own count of the same layer on the same array, `fold_overlap: "none"`: whole cycles, outputs
/// that leave the array, partial sums that are read back.
struct OwnReport {
  std::uint64_t macs = 0, folds = 0, cycles = 0;
  double utilization = 0, mapping_efficiency = 0;  // fractions
  std::uint64_t ifmap_reads = 0, filter_reads = 0, ofmap_reads = 0, ofmap_writes = 0;
};
OwnReport own_report(const Layer& layer, const Architecture& architecture);

}  // namespace systolog::sim::scalesim
