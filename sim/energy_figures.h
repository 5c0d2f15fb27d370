// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "memory/transfer.h"
#include "models/cost.h"
#include "sim/accelerator_config.h"

namespace systolog::sim {

/// The figures of a technology table for one accelerator's memories: what the report's energies and
/// the compiler's estimates share.
struct EnergyFigures {
  std::array<double, memory::kScratchpads> sram_pj_per_byte = {};
  double dram_pj_per_byte = 0;
  double register_pj_per_bit = 0;
  double leakage_mw = 0;  // of the scratchpads
  // mW times us is nJ.
  double leakage_pj_per_cycle(double clock_mhz) const { return leakage_mw / clock_mhz * 1e3; }
};
EnergyFigures energy_figures(const models::CostTable& table, const AcceleratorConfig& config);

/// Capacities of the scratchpads, in their order.
std::array<std::uint64_t, memory::kScratchpads> capacities(const AcceleratorConfig& config);

}  // namespace systolog::sim
