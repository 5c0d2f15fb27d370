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

/// What bytes belong to, and how often they cross a level of the memory.
enum class Tensor : std::uint8_t { kInput, kWeight, kOutput, kPartialSums };
inline constexpr std::size_t kTensors = 4;
struct LevelBytes {
  std::uint64_t dram_read = 0, dram_written = 0;  // the bus carries their sum
  std::uint64_t scratchpad_read = 0, scratchpad_written = 0;
};

/// What one layer does, counted from the Program's commands: the same at every fidelity.
struct LayerCounts {
  std::uint64_t macs = 0;
  std::uint64_t folds = 0, mapped_pes = 0;
  // Scratchpad accesses [elements] by the array and the vector unit.
  std::uint64_t input_reads = 0, weight_reads = 0, output_reads = 0, output_writes = 0;
  // Register writes in the PEs [codes, accumulators].
  std::uint64_t operand_register_writes = 0, sum_register_writes = 0;
  // Bytes that move through each scratchpad's ports, DMA included.
  std::array<std::uint64_t, memory::kScratchpads> sram_read_bytes = {}, sram_written_bytes = {};
  std::uint64_t dram_read_bytes = 0, dram_write_bytes = 0;
  // The same bytes by tensor: those of the DRAM add up to dram_*_bytes, those of the scratchpads to
  // the sums of sram_*_bytes.
  std::array<LevelBytes, kTensors> tensors = {};
  LevelBytes& of(Tensor tensor) { return tensors[static_cast<std::size_t>(tensor)]; }

  LayerCounts& operator+=(const LayerCounts& other);
};

/// Per layer, all images.
std::vector<LayerCounts> count_layers(const Network& network, const CompiledNetwork& compiled,
                                      const AcceleratorConfig& config);

/// Per layer [pJ]. Empty where the technology table has no figure, or (static, and the DRAM of a
/// device) where no cycles were simulated.
struct LayerEnergy {
  std::optional<double> mac, static_, dram;
  double register_ = 0, sram = 0;
  // Of a device: its commands for the layer's bursts; refresh and background by the layer's time.
  std::optional<memory::dram::Energy> dram_by;
  std::optional<double> total() const {
    if (!mac || !static_ || !dram) return std::nullopt;
    return *mac + *static_ + register_ + sram + *dram;
  }
};

struct Costs {
  std::vector<LayerEnergy> layers;
  std::optional<double> area_um2;  // PEs' units and scratchpads; no wires, no control
  double sram_area_um2 = 0;        // the scratchpads' part of it
  std::vector<std::string> sources;
};
Costs roll_up(const Network& network, const AcceleratorConfig& config,
              const models::CostTable& table, const std::vector<LayerCounts>& counts,
              const std::vector<LayerCycles>& cycles,
              const std::optional<memory::DramUse>& dram = std::nullopt);

}  // namespace systolog::sim
