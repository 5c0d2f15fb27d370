// SPDX-License-Identifier: Apache-2.0
#include "sim/energy_figures.h"

namespace systolog::sim {

std::array<std::uint64_t, memory::kScratchpads> capacities(const AcceleratorConfig& config) {
  return {config.input_sram.capacity_bytes, config.weight_sram.capacity_bytes,
          config.output_sram.capacity_bytes};
}

EnergyFigures energy_figures(const models::CostTable& table, const AcceleratorConfig& config) {
  EnergyFigures figures;
  const auto bytes = capacities(config);
  for (std::size_t s = 0; s < bytes.size(); ++s) {
    const auto capacity = static_cast<double>(bytes[s]);
    figures.sram_pj_per_byte[s] = *table.sram_pj_per_64_bit.at(capacity) / 8.0;
    figures.leakage_mw += *table.sram_leakage_mw.at(capacity);
  }
  figures.dram_pj_per_byte = table.dram_pj_per_64_bit / 8.0;
  figures.register_pj_per_bit = table.register_pj_per_bit;
  return figures;
}

}  // namespace systolog::sim
