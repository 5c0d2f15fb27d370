// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/cost.h"
#include "sim/accelerator_config.h"
#include "sim/execution.h"
#include "sim/network.h"

namespace systolog::sim {

/// What one layer does, counted from the Program's commands: the same at every fidelity.
struct LayerCounts {
  std::uint64_t macs = 0;
  std::uint64_t folds = 0, mapped_pes = 0;
  // Scratchpad accesses [elements] by the array and the vector unit.
  std::uint64_t input_reads = 0, weight_reads = 0, output_reads = 0, output_writes = 0;
  // Register writes in the PEs [codes, accumulators].
  std::uint64_t operand_register_writes = 0, sum_register_writes = 0;
  // Bytes that move through each scratchpad's ports, DMA included.
  std::array<std::uint64_t, memory::kScratchpads> sram_bytes = {};
  std::uint64_t dram_read_bytes = 0, dram_write_bytes = 0;

  LayerCounts& operator+=(const LayerCounts& other);
};

/// Per layer, all images.
std::vector<LayerCounts> count_layers(const Network& network, const CompiledNetwork& compiled,
                                      const AcceleratorConfig& config);

/// Per layer [pJ]. Empty where the technology table has no figure, or (static) where no cycles
/// were simulated.
struct LayerEnergy {
  std::optional<double> mac, static_;
  double register_ = 0, sram = 0, dram = 0;
  std::optional<double> total() const {
    if (!mac || !static_) return std::nullopt;
    return *mac + *static_ + register_ + sram + dram;
  }
};

struct Costs {
  std::vector<LayerEnergy> layers;
  std::optional<double> area_um2;  // PEs' units and scratchpads; no wires, no control
  std::vector<std::string> sources;
};
Costs roll_up(const Network& network, const AcceleratorConfig& config,
              const models::CostTable& table, const std::vector<LayerCounts>& counts,
              const std::vector<LayerCycles>& cycles);

}  // namespace systolog::sim
