// SPDX-License-Identifier: Apache-2.0
#include "sim/statistics.h"

#include <algorithm>

#include "sim/energy_figures.h"

namespace systolog::sim {
namespace {

using memory::Scratchpad;

class Counter {
 public:
  Counter(const Network& network, const AcceleratorConfig& config)
      : array_(config.array, network.arithmetics()),
        vector_(config.vector_unit, network.arithmetics()) {}

  void add(const Command& command, const Program& program, LayerCounts& layer) const {
    if (const auto* t = std::get_if<memory::Transfer>(&command.work)) {
      const bool sums = t->dram.address >= program.spill_address;
      add(*t, sums ? Tensor::kPartialSums : tensor_of(t->scratchpad), layer);
    } else if (const auto* m = std::get_if<pe::Matmul>(&command.work)) {
      add(*m, layer);
    } else {
      add(std::get<pe::VectorOp>(command.work), layer);
    }
  }

 private:
  static Tensor tensor_of(Scratchpad scratchpad) {
    return scratchpad == Scratchpad::kInput    ? Tensor::kInput
           : scratchpad == Scratchpad::kWeight ? Tensor::kWeight
                                               : Tensor::kOutput;
  }
  static void read(LayerCounts& c, Scratchpad from, Tensor tensor, std::uint64_t bytes) {
    c.sram_read_bytes[static_cast<std::size_t>(from)] += bytes;
    c.of(tensor).scratchpad_read += bytes;
  }
  static void write(LayerCounts& c, Scratchpad to, Tensor tensor, std::uint64_t bytes) {
    c.sram_written_bytes[static_cast<std::size_t>(to)] += bytes;
    c.of(tensor).scratchpad_written += bytes;
  }

  static void add(const memory::Transfer& t, Tensor tensor, LayerCounts& c) {
    if (t.direction == memory::Transfer::Direction::kLoad) {
      c.dram_read_bytes += t.bytes();
      c.of(tensor).dram_read += t.bytes();
      write(c, t.scratchpad, tensor, t.bytes());
    } else {
      c.dram_write_bytes += t.bytes();
      c.of(tensor).dram_written += t.bytes();
      read(c, t.scratchpad, tensor, t.bytes());
    }
  }

  void add(const pe::Matmul& m, LayerCounts& c) const {
    const pe::ArrayCounts a = array_.counts(m);
    const models::Arithmetic& arithmetic = array_.arithmetic(m);
    const std::uint64_t acc = arithmetic.accumulator_bytes();
    c.macs += a.macs;
    c.folds += a.folds;
    c.mapped_pes += a.mapped_pes;
    c.input_reads += a.input_reads;
    c.weight_reads += a.weight_reads;
    c.output_reads += a.output_reads;
    c.output_writes += a.output_writes;
    c.operand_register_writes += a.operand_register_writes;
    c.sum_register_writes += a.sum_register_writes;
    read(c, Scratchpad::kInput, Tensor::kInput,
         models::bytes_of(a.input_reads, m.input_width(arithmetic)));
    read(c, Scratchpad::kWeight, Tensor::kWeight,
         models::bytes_of(a.weight_reads, m.weight_width(arithmetic)));
    read(c, Scratchpad::kOutput, Tensor::kPartialSums, a.output_reads * acc);
    write(c, Scratchpad::kOutput, Tensor::kPartialSums, a.output_writes * acc);
  }

  void add(const pe::VectorOp& op, LayerCounts& c) const {
    const pe::VectorCounts v = vector_.counts(op);
    const models::Arithmetic& arithmetic = vector_.arithmetic(op);
    c.input_reads += v.input_reads;
    c.weight_reads += v.parameter_reads;
    c.output_reads += v.output_reads + v.chained_reads;
    c.output_writes += v.output_writes;
    read(c, Scratchpad::kInput, Tensor::kInput, v.input_read_bytes);
    read(c, Scratchpad::kWeight, Tensor::kWeight, op.parameter_bytes(arithmetic));
    read(c, Scratchpad::kOutput, Tensor::kPartialSums,
         v.output_reads * arithmetic.accumulator_bytes());
    read(c, Scratchpad::kOutput, Tensor::kOutput, v.chained_read_bytes);
    write(c, Scratchpad::kOutput, Tensor::kOutput, op.output_bytes(vector_.out_arithmetic(op)));
  }

  pe::SystolicArray array_;
  pe::VectorUnit vector_;
};

/// Of a device: the commands that each layer's bursts needed; what passes with time by the layers'.
std::vector<memory::dram::Energy> device_energy(const memory::DramDevice& device,
                                                const memory::DramUse& use,
                                                const std::vector<LayerCycles>& cycles) {
  const memory::dram::Energy run =
      memory::dram::energy(device.device, device.power, use.counts, use.cycles);
  std::uint64_t total = 0;
  for (const LayerCycles& layer : cycles) total += layer.total;
  std::vector<memory::dram::Energy> layers;
  for (std::size_t l = 0; l < cycles.size(); ++l) {
    memory::dram::Counts counts;
    counts.activates = use.streams[l].activates;
    counts.reads = use.streams[l].reads;
    counts.writes = use.streams[l].writes;
    memory::dram::Energy e = memory::dram::energy(device.device, device.power, counts, 0);
    const double share = static_cast<double>(cycles[l].total) / static_cast<double>(total);
    e.refresh = run.refresh * share;
    e.background = run.background * share;
    layers.push_back(e);
  }
  return layers;
}

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
  for (std::size_t s = 0; s < memory::kScratchpads; ++s) {
    sram_read_bytes[s] += o.sram_read_bytes[s];
    sram_written_bytes[s] += o.sram_written_bytes[s];
  }
  for (std::size_t t = 0; t < kTensors; ++t) {
    tensors[t].dram_read += o.tensors[t].dram_read;
    tensors[t].dram_written += o.tensors[t].dram_written;
    tensors[t].scratchpad_read += o.tensors[t].scratchpad_read;
    tensors[t].scratchpad_written += o.tensors[t].scratchpad_written;
  }
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
    for (const Command& command : program.commands) {
      counter.add(command, program, batch[command.layer]);
    }
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
              const std::vector<LayerCycles>& cycles, const std::optional<memory::DramUse>& dram) {
  std::vector<models::MacCost> macs;
  for (const models::Arithmetic* a : network.arithmetics()) {
    macs.push_back(models::mac_cost(table, a->name(), a->bits(),
                                    static_cast<int>(8 * a->accumulator_bytes())));
  }
  const auto srams = sram_figures(table, config);
  const EnergyFigures figures = energy_figures(table, config);
  const auto& device = config.dram.device;
  std::vector<memory::dram::Energy> of_device;
  if (device && dram && !cycles.empty()) of_device = device_energy(*device, *dram, cycles);

  Costs costs;
  bool published = true;
  for (const models::SramFigures& sram : srams) {
    published = published && sram.published;
    costs.sram_area_um2 += sram.area_um2;
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
    for (std::size_t s = 0; s < srams.size(); ++s) {
      e.sram += srams[s].read_pj_per_byte * static_cast<double>(c.sram_read_bytes[s]) +
                srams[s].write_pj_per_byte * static_cast<double>(c.sram_written_bytes[s]);
    }
    if (!device) {
      e.dram =
          figures.dram_pj_per_byte * static_cast<double>(c.dram_read_bytes + c.dram_write_bytes);
    } else if (!of_device.empty()) {
      e.dram_by = of_device[l];
      e.dram = of_device[l].total();
    }
    if (!cycles.empty()) {
      e.static_ =
          figures.leakage_pj_per_cycle(config.clock_mhz) * static_cast<double>(cycles[l].total);
    }
    costs.layers.push_back(e);
  }
  const auto pes = static_cast<double>(config.array.rows) * config.array.columns;
  // A PE has a unit for each arithmetic.
  costs.area_um2 = costs.sram_area_um2;
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
  costs.sources.push_back("scratchpad accesses, leakage and area: " + table.sram->source +
                          (published ? "" : models::kExtrapolated));
  costs.sources.push_back(
      "DRAM: " +
      (device ? device->device.name + ", energy of each command from " + device->power.source
              : table.dram_source));
  costs.sources.push_back(
      "static energy is the scratchpads' leakage; that of logic, and the bus's energy, have no "
      "figure and are left out");
  return costs;
}

}  // namespace systolog::sim
