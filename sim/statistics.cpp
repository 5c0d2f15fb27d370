// SPDX-License-Identifier: Apache-2.0
#include "sim/statistics.h"

#include <algorithm>

#include "sim/energy_figures.h"

namespace systolog::sim {
namespace {

class Counter {
 public:
  Counter(const Network& network, const AcceleratorConfig& config)
      : array_(config.array, network.arithmetics()),
        vector_(config.vector_unit, network.arithmetics()) {}

  void add(const Command& command, LayerCounts& layer) const {
    std::visit([&](const auto& work) { layer += of(work); }, command.work);
  }

 private:
  LayerCounts of(const memory::Transfer& t) const {
    LayerCounts c;
    const bool load = t.direction == memory::Transfer::Direction::kLoad;
    (load ? c.dram_read_bytes : c.dram_write_bytes) = t.bytes();
    c.sram_bytes[static_cast<std::size_t>(t.scratchpad)] = t.bytes();
    return c;
  }

  LayerCounts of(const pe::Matmul& m) const {
    const pe::ArrayCounts a = array_.counts(m);
    const models::Arithmetic& arithmetic = array_.arithmetic(m);
    LayerCounts c;
    c.macs = a.macs;
    c.folds = a.folds;
    c.mapped_pes = a.mapped_pes;
    c.input_reads = a.input_reads;
    c.weight_reads = a.weight_reads;
    c.output_reads = a.output_reads;
    c.output_writes = a.output_writes;
    c.operand_register_writes = a.operand_register_writes;
    c.sum_register_writes = a.sum_register_writes;
    c.sram_bytes = {a.input_reads * arithmetic.code_bytes(),
                    a.weight_reads * arithmetic.code_bytes(),
                    (a.output_reads + a.output_writes) * arithmetic.accumulator_bytes()};
    return c;
  }

  LayerCounts of(const pe::VectorOp& op) const {
    const pe::VectorCounts v = vector_.counts(op);
    const models::Arithmetic& arithmetic = vector_.arithmetic(op);
    LayerCounts c;
    c.input_reads = v.input_reads;
    c.weight_reads = v.parameter_reads;
    c.output_reads = v.output_reads + v.chained_reads;
    c.output_writes = v.output_writes;
    c.sram_bytes = {v.input_reads * arithmetic.code_bytes(), op.parameter_bytes(arithmetic),
                    v.output_reads * arithmetic.accumulator_bytes() +
                        v.chained_reads * arithmetic.code_bytes() +
                        v.output_writes * vector_.out_arithmetic(op).code_bytes()};
    return c;
  }

  pe::SystolicArray array_;
  pe::VectorUnit vector_;
};

}  // namespace

LayerCounts& LayerCounts::operator+=(const LayerCounts& o) {
  macs += o.macs;
  folds += o.folds;
  mapped_pes += o.mapped_pes;
  input_reads += o.input_reads;
  weight_reads += o.weight_reads;
  output_reads += o.output_reads;
  output_writes += o.output_writes;
  operand_register_writes += o.operand_register_writes;
  sum_register_writes += o.sum_register_writes;
  for (std::size_t s = 0; s < sram_bytes.size(); ++s) sram_bytes[s] += o.sram_bytes[s];
  dram_read_bytes += o.dram_read_bytes;
  dram_write_bytes += o.dram_write_bytes;
  return *this;
}

std::vector<LayerCounts> count_layers(const Network& network, const CompiledNetwork& compiled,
                                      const AcceleratorConfig& config) {
  const Counter counter(network, config);
  std::vector<LayerCounts> layers(network.layers.size());
  const auto add = [&](const Program& program, std::uint64_t times) {
    std::vector<LayerCounts> batch(network.layers.size());
    for (const Command& command : program.commands) counter.add(command, batch[command.layer]);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      for (std::uint64_t i = 0; i < times; ++i) layers[l] += batch[l];
    }
  };
  add(compiled.full, compiled.full_batches);
  if (compiled.rest) add(*compiled.rest, 1);
  return layers;
}

Costs roll_up(const Network& network, const AcceleratorConfig& config,
              const models::CostTable& table, const std::vector<LayerCounts>& counts,
              const std::vector<LayerCycles>& cycles) {
  std::vector<models::MacCost> macs;
  for (const models::Arithmetic* a : network.arithmetics()) {
    macs.push_back(models::mac_cost(table, a->name(), a->bits(),
                                    static_cast<int>(8 * a->accumulator_bytes())));
  }
  const auto capacity = capacities(config);
  const EnergyFigures figures = energy_figures(table, config);

  Costs costs;
  double sram_area = 0;
  bool access_published = true, leakage_published = true;
  for (std::size_t s = 0; s < capacity.size(); ++s) {
    const auto bytes = static_cast<double>(capacity[s]);
    access_published = access_published && table.sram_pj_per_64_bit.covers(bytes);
    leakage_published = leakage_published && table.sram_leakage_mw.covers(bytes);
    sram_area += *table.sram_area_um2.at(bytes);
  }
  for (std::size_t l = 0; l < counts.size(); ++l) {
    const LayerCounts& c = counts[l];
    const models::Arithmetic& a = network.arithmetic_of(network.layers[l]);
    const models::MacCost& mac = macs.at(network.layers[l].arithmetic);
    LayerEnergy e;
    if (mac.energy_pj) e.mac = *mac.energy_pj * static_cast<double>(c.macs);
    const auto accumulator_bits = static_cast<double>(8 * a.accumulator_bytes());
    e.register_ =
        table.register_pj_per_bit * (static_cast<double>(c.operand_register_writes) * a.bits() +
                                     static_cast<double>(c.sum_register_writes) * accumulator_bits);
    for (std::size_t s = 0; s < capacity.size(); ++s) {
      e.sram += figures.sram_pj_per_byte[s] * static_cast<double>(c.sram_bytes[s]);
    }
    e.dram = figures.dram_pj_per_byte * static_cast<double>(c.dram_read_bytes + c.dram_write_bytes);
    if (!cycles.empty()) {
      e.static_ =
          figures.leakage_pj_per_cycle(config.clock_mhz) * static_cast<double>(cycles[l].total);
    }
    costs.layers.push_back(e);
  }
  const auto pes = static_cast<double>(config.array.rows) * config.array.columns;
  // A PE has a unit for each arithmetic.
  costs.area_um2 = sram_area;
  for (const models::MacCost& mac : macs) {
    costs.area_um2 = costs.area_um2 && mac.area_um2
                         ? std::optional(*costs.area_um2 + pes * *mac.area_um2)
                         : std::nullopt;
    for (const std::string& source : mac.sources) {
      const bool known =
          std::find(costs.sources.begin(), costs.sources.end(), source) != costs.sources.end();
      if (!known) costs.sources.push_back(source);
    }
  }
  costs.sources.push_back("registers: " + table.register_source);
  costs.sources.push_back("scratchpad accesses: " + table.sram_energy_source +
                          (access_published ? "" : models::kExtrapolated));
  costs.sources.push_back("scratchpad leakage and area: " + table.sram_leakage_source +
                          (leakage_published ? "" : models::kExtrapolated));
  costs.sources.push_back("DRAM: " + table.dram_source);
  costs.sources.push_back(
      "static energy is the scratchpads' leakage; that of logic, and the bus's energy, have no "
      "figure and are left out");
  return costs;
}

}  // namespace systolog::sim
