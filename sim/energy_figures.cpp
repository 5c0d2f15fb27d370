// SPDX-License-Identifier: Apache-2.0
#include "sim/energy_figures.h"

namespace systolog::sim {

std::array<memory::SramConfig, memory::kScratchpads> scratchpads(const AcceleratorConfig& config) {
  return {config.input_sram, config.weight_sram, config.output_sram};
}

std::array<models::SramFigures, memory::kScratchpads> sram_figures(
    const models::CostTable& table, const AcceleratorConfig& config) {
  std::array<models::SramFigures, memory::kScratchpads> figures;
  const auto srams = scratchpads(config);
  for (std::size_t s = 0; s < srams.size(); ++s) {
    figures[s] = table.sram->at({static_cast<double>(srams[s].capacity_bytes),
                                 static_cast<double>(srams[s].port_width_bytes), srams[s].banks});
    // A unified one is there, and leaks, once.
    if (config.unified_sram && s > 0) figures[s].leakage_mw = figures[s].area_um2 = 0;
  }
  return figures;
}

namespace {

void add_device(const memory::DramDevice& d, EnergyFigures& figures) {
  using memory::dram::Counts;
  const auto& o = d.device.organisation;
  const auto& t = d.device.timing;
  const double bursts = o.bursts_of_row();
  Counts row;  // opened once, read once
  row.activates = 1;
  row.reads = o.bursts_of_row();
  figures.dram_pj_per_byte =
      memory::dram::energy(d.device, d.power, row, 0).total() / (bursts * o.burst_bytes());
  Counts interval;  // from refresh to refresh, of all ranks
  interval.refreshes = std::uint64_t{o.channels} * o.ranks;
  interval.active_cycles = static_cast<memory::dram::Cycle>(interval.refreshes) * t.nrefi;
  figures.dram_standby_mw = memory::dram::energy(d.device, d.power, interval, t.nrefi).total() /
                            (t.nrefi * t.tck_ps / 1e3);
}

}  // namespace

EnergyFigures energy_figures(const models::CostTable& table, const AcceleratorConfig& config) {
  EnergyFigures figures;
  const auto srams = sram_figures(table, config);
  for (std::size_t s = 0; s < srams.size(); ++s) {
    figures.sram_pj_per_byte[s] = (srams[s].read_pj_per_byte + srams[s].write_pj_per_byte) / 2;
    figures.leakage_mw += srams[s].leakage_mw;
  }
  if (config.dram.device) {
    add_device(*config.dram.device, figures);
  } else {
    figures.dram_pj_per_byte = table.dram_pj_per_64_bit / 8.0;
  }
  figures.register_pj_per_bit = table.register_pj_per_bit;
  return figures;
}

}  // namespace systolog::sim
