// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "memory/transfer.h"
#include "models/sram_cost.h"
#include "sim/accelerator_config.h"

namespace systolog::sim {

/// The figures of a technology table for one accelerator's memories: what the report's energies and
/// the compiler's estimates share.
struct EnergyFigures {
  std::array<double, memory::kScratchpads> sram_pj_per_byte = {};  // mean of reads and writes
  double dram_pj_per_byte = 0;  // of a device: of a stream of reads, rows opened included
  double register_pj_per_bit = 0;
  double leakage_mw = 0;       // of the scratchpads
  double dram_standby_mw = 0;  // of a device with open banks, refreshes included
  // mW times us is nJ.
  double leakage_pj_per_cycle(double clock_mhz) const { return leakage_mw / clock_mhz * 1e3; }
  double standby_pj_per_cycle(double clock_mhz) const {
    return (leakage_mw + dram_standby_mw) / clock_mhz * 1e3;
  }
};
EnergyFigures energy_figures(const models::CostTable& table, const AcceleratorConfig& config);

/// The scratchpads, in their order.
std::array<memory::SramConfig, memory::kScratchpads> scratchpads(const AcceleratorConfig& config);
/// What they cost.
std::array<models::SramFigures, memory::kScratchpads> sram_figures(const models::CostTable& table,
                                                                   const AcceleratorConfig& config);

}  // namespace systolog::sim
