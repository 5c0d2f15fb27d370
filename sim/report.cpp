// SPDX-License-Identifier: Apache-2.0
#include "sim/report.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "sim/dram_json.h"
#include "sim/text_table.h"

namespace systolog::sim {
namespace {

Json number_or_null(std::optional<double> value) {
  return value && std::isfinite(*value) ? Json(*value) : Json();
}

Json gemm_of(const Network& network, const Layer& layer) {
  const auto* matmul = std::get_if<MatmulLayer>(&layer.work);
  if (matmul == nullptr) return nullptr;
  const auto& out = network.values[layer.output].shape;
  const std::uint64_t depth = matmul->channels / matmul->groups;
  return {{"m", out.height * out.width},
          {"k", matmul->window.kernel_h * matmul->window.kernel_w * depth},
          {"n", matmul->filters / matmul->groups},
          {"groups", matmul->groups}};
}

Json sums_of(TilingChoice::Sums sums) {
  switch (sums) {
    case TilingChoice::Sums::kNone:
      return nullptr;
    case TilingChoice::Sums::kOneTile:
      return "on chip, one tile at a time";
    case TilingChoice::Sums::kHeld:
      return "on chip, several tiles";
    case TilingChoice::Sums::kSpilled:
      return "spilled to DRAM";
  }
  return nullptr;
}

/// Null where the scratchpads are separate ones.
Json division_of(const TilingChoice& t) {
  if (!t.division) return nullptr;
  const auto& [input, weight, output] = *t.division;
  return {{"input_bytes", input}, {"weight_bytes", weight}, {"output_bytes", output}};
}

Json tiling_of(const TilingChoice& t) {
  Json gemm;
  if (t.k > 0) gemm = {{"m", t.m}, {"k", t.k}, {"n", t.n}};
  return {{"images", t.images},
          {"out_rows", t.out_rows},
          {"out_columns", t.out_columns},
          {"channels", t.channels},
          {"filters", t.filters},
          {"groups", t.groups},
          {"tiles", t.tiles},
          {"loop_order", t.loop_order},
          {"gemm", gemm},
          {"partial_sums", sums_of(t.sums)},
          {"estimate",
           {{"cycles", static_cast<std::uint64_t>(t.estimated_cycles)},
            {"dram_bytes", t.estimated_dram_bytes},
            {"energy_pj", number_or_null(t.estimated_energy_pj)}}},
          {"division", division_of(t)},
          {"candidates", t.candidates}};
}

/// Null where the DRAM is no device or nothing was simulated.
Json dram_energy_of(const std::optional<memory::dram::Energy>& e) {
  if (!e) return nullptr;
  return dram_energy_json(*e);
}

Json energy_of(const LayerEnergy& e) {
  return {{"mac", number_or_null(e.mac)},
          {"register", e.register_},
          {"sram", e.sram},
          {"dram", number_or_null(e.dram)},
          {"dram_by", dram_energy_of(e.dram_by)},
          {"static", number_or_null(e.static_)},
          {"total", number_or_null(e.total())}};
}

/// Bytes by tensor and level.
Json bytes_of(const LayerCounts& counts) {
  constexpr std::array kNames = {"input", "weight", "output", "partial_sums"};
  static_assert(kNames.size() == kTensors);
  Json tensors = Json::object();
  for (std::size_t t = 0; t < kTensors; ++t) {
    const LevelBytes& b = counts.tensors[t];
    tensors[kNames[t]] = {{"dram_read", b.dram_read},
                          {"dram_written", b.dram_written},
                          {"bus", b.dram_read + b.dram_written},
                          {"scratchpad_read", b.scratchpad_read},
                          {"scratchpad_written", b.scratchpad_written}};
  }
  return tensors;
}

/// Bytes that each scratchpad gave and took.
Json scratchpads_json(const LayerCounts& counts, const AcceleratorConfig& config) {
  const auto sum = [](const auto& bytes) {
    return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
  };
  Json json = Json::object();
  const auto srams = scratchpads_of(config);
  for (std::size_t s = 0; s < srams.size(); ++s) {
    const bool one = config.unified_sram;
    json[srams[s].first] = {
        {"read_bytes", one ? sum(counts.sram_read_bytes) : counts.sram_read_bytes[s]},
        {"written_bytes", one ? sum(counts.sram_written_bytes) : counts.sram_written_bytes[s]}};
  }
  return json;
}

/// What the device did in the whole run, its queues worked off; null as above.
Json dram_of(const RunResult& run) {
  if (!run.execution->dram || !run.config->dram.device) return nullptr;
  std::optional<memory::dram::Energy> energy;
  for (const LayerEnergy& layer : run.costs.layers) {
    if (!layer.dram_by) continue;
    if (!energy) energy.emplace();
    energy->activate += layer.dram_by->activate;
    energy->read += layer.dram_by->read;
    energy->write += layer.dram_by->write;
    energy->refresh += layer.dram_by->refresh;
    energy->background += layer.dram_by->background;
  }
  Json json = {{"device", run.config->dram.device->device.name},
               {"energy_pj", dram_energy_of(energy)}};
  json.update(dram_counts_json(run.execution->dram->counts));
  return json;
}

Json utilization(std::uint64_t macs, std::uint64_t cycles, const pe::ArrayConfig& array) {
  if (cycles == 0) return nullptr;
  return static_cast<double>(macs) / (static_cast<double>(cycles) * array.rows * array.columns);
}

/// Null at functional fidelity.
Json cycles_of(const LayerCycles* t) {
  const auto count = [&](std::uint64_t value) { return t == nullptr ? Json() : Json(value); };
  const LayerCycles c = t == nullptr ? LayerCycles{} : *t;
  return {{"compute", count(c.compute)},
          {"stall", count(c.total - c.compute)},
          {"stall_by",
           {{"weights", count(c.stalls.weights)},
            {"inputs", count(c.stalls.inputs)},
            {"outputs", count(c.stalls.outputs)},
            {"dram", count(c.stalls.dram)},
            {"vector_unit", count(c.stalls.vector_unit)},
            {"scratchpads", count(c.stalls.scratchpads)}}},
          {"total", count(c.total)}};
}

/// The layer whose write-back carries this one out; null for layers of their own.
Json fused_into(const RunResult& run, std::size_t l) {
  const std::uint32_t first = run.compiled->full.group_of[l];
  return first == l ? Json() : Json(run.network->layers[first].name);
}

Json layer_json(const RunResult& run, std::size_t l) {
  const Layer& layer = run.network->layers[l];
  const LayerCounts& c = run.counts[l];
  const pe::ArrayConfig& array = run.config->array;
  const bool timed = !run.execution->layers.empty();
  return {
      {"name", layer.name},
      {"op", layer.op},
      {"engine", std::holds_alternative<MatmulLayer>(layer.work) ? "array" : "vector"},
      {"fused_into", fused_into(run, l)},
      {"gemm", gemm_of(*run.network, layer)},
      {"macs", c.macs},
      {"cycles", cycles_of(timed ? &run.execution->layers[l] : nullptr)},
      {"utilization", timed ? utilization(c.macs, run.execution->layers[l].total, array) : Json()},
      {"mapping_efficiency",
       c.folds == 0 ? Json()
                    : Json(static_cast<double>(c.mapped_pes) /
                           (static_cast<double>(c.folds) * array.rows * array.columns))},
      {"sram",
       {{"input_reads", c.input_reads},
        {"weight_reads", c.weight_reads},
        {"output_reads", c.output_reads},
        {"output_writes", c.output_writes}}},
      {"dram", {{"read_bytes", c.dram_read_bytes}, {"write_bytes", c.dram_write_bytes}}},
      {"bytes", bytes_of(c)},
      {"energy_pj", energy_of(run.costs.layers[l])},
      {"tiling", tiling_of(run.compiled->full.tilings[l])},
  };
}

Json totals_json(const RunResult& run) {
  LayerCounts counts;
  for (const LayerCounts& layer : run.counts) counts += layer;
  std::uint64_t cycles = 0;
  for (const LayerCycles& layer : run.execution->layers) cycles += layer.total;
  std::optional<double> energy = 0.0;
  for (const LayerEnergy& layer : run.costs.layers) {
    const auto total = layer.total();
    energy = energy && total ? std::optional(*energy + *total) : std::nullopt;
  }
  const bool timed = !run.execution->layers.empty();
  return {{"macs", counts.macs},
          {"cycles", timed ? Json(cycles) : Json()},
          {"seconds",
           timed ? Json(static_cast<double>(cycles) / (run.config->clock_mhz * 1e6)) : Json()},
          {"energy_pj", number_or_null(energy)},
          {"area_um2", number_or_null(run.costs.area_um2)},
          {"sram_area_um2", run.costs.sram_area_um2},
          {"scratchpads", scratchpads_json(counts, *run.config)},
          {"bytes", bytes_of(counts)},
          {"dram", dram_of(run)},
          {"dram_bytes", counts.dram_read_bytes + counts.dram_write_bytes},
          {"utilization", utilization(counts.macs, cycles, run.config->array)}};
}

Json accuracy_json(const Accuracy& a) {
  const auto labelled = [&](double value) { return a.labelled ? Json(value) : Json(); };
  return {{"top1", labelled(a.top1)}, {"top5", labelled(a.top5)},
          {"images", a.images},       {"reference_top1", labelled(a.reference_top1)},
          {"agreement", a.agreement}, {"max_abs_error", number_or_null(a.max_abs_error)}};
}

/// A JSON number as a cell, "-" for null.
std::string cell(const Json& value, int decimals, double factor = 1.0) {
  if (value.is_null()) return "-";
  if (decimals == 0 && value.is_number_unsigned()) return grouped(value.get<std::uint64_t>());
  return fixed_point(value.get<double>() * factor, decimals);
}

/// What --layers left; null where the whole network was run.
Json selection_of(const RunResult& run) {
  if (run.all_layers == 0) return nullptr;
  return {{"layers", run.network->layers.size()},
          {"of", run.all_layers},
          {"inputs", run.network->has_values ? Json("FP32 reference, encoded") : Json()},
          {"output", run.network->layers.back().name}};
}

/// Where each layer's cycles went, in percent of them.
std::string stalls_text(const Json& layers) {
  TextTable table(
      {"% of cycles", "compute", "weights", "inputs", "outputs", "DRAM", "vector unit", "ports"});
  std::vector<double> sums(8, 0.0);
  const auto add = [&](const std::string& name, const std::vector<double>& cycles) {
    std::vector<std::string> row{name};
    for (std::size_t i = 0; i + 1 < cycles.size(); ++i) {
      row.push_back(cycles.back() == 0 ? "-" : fixed_point(100 * cycles[i] / cycles.back(), 1));
    }
    table.add(row);
  };
  for (const Json& layer : layers) {
    if (!layer.at("fused_into").is_null()) continue;
    const Json &cycles = layer.at("cycles"), &by = cycles.at("stall_by");
    std::vector<double> row{cycles.at("compute").get<double>()};
    for (const auto* cause :
         {"weights", "inputs", "outputs", "dram", "vector_unit", "scratchpads"}) {
      row.push_back(by.at(cause).get<double>());
    }
    row.push_back(cycles.at("total").get<double>());
    for (std::size_t i = 0; i < row.size(); ++i) sums[i] += row[i];
    add(layer.at("name"), row);
  }
  add("total", sums);
  return table.to_string() + "\n";
}

}  // namespace

Json report_json(const RunResult& run) {
  const bool values = run.network->has_values;
  Json layers = Json::array();
  for (std::size_t l = 0; l < run.network->layers.size(); ++l) {
    layers.push_back(layer_json(run, l));
  }
  return {
      {"systolog", SYSTOLOG_VERSION},
      {"workload", run.network->name},
      {"accelerator", to_json(*run.config)},
      {"arithmetic", run.network->plan},
      {"fidelity", name_of(run.fidelity)},
      {"images", run.compiled->images},
      {"data", run.data},
      {"weights", run.weights},
      {"preprocessing", run.preprocessing.empty() ? Json() : Json(run.preprocessing)},
      {"calibration", run.calibration.empty() ? Json() : Json(run.calibration)},
      {"selection", selection_of(run)},
      {"quantisation", run.quantisation},
      {"layers", std::move(layers)},
      {"totals", totals_json(run)},
      {"output_sha256",
       values ? Json(sha256(run.execution->outputs.values, run.execution->more_outputs)) : Json()},
      {"accuracy", values ? accuracy_json(run.accuracy) : Json()},
      {"cost_model",
       {{"technology", run.technology->name},
        {"node_nm", run.technology->node_nm},
        {"voltage_v", run.technology->voltage_v},
        {"sources", run.costs.sources}}},
  };
}

std::string layers_csv(const Json& report) {
  std::string header, rows;
  for (const Json& layer : report.at("layers")) {
    std::string row, names;
    const auto add = [&](const std::string& name, const Json& value) {
      names += (names.empty() ? "" : ",") + name;
      row += (row.empty() ? "" : ",");
      if (value.is_string()) {
        // Quoted as RFC 4180 has it: layer names may hold anything.
        std::string text = value.get<std::string>();
        for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) {
          text.insert(at, "\"");
        }
        const bool plain = text.find_first_of(",\"\n\r") == std::string::npos;
        row += plain ? text : "\"" + text + "\"";
      } else if (!value.is_null()) {
        row += value.dump();
      }
    };
    add("name", layer.at("name"));
    add("op", layer.at("op"));
    for (const auto* key : {"m", "k", "n", "groups"}) {
      const Json& gemm = layer.at("gemm");
      add(std::string("gemm.") + key, gemm.is_null() ? Json() : gemm.at(key));
    }
    add("macs", layer.at("macs"));
    for (const auto* group : {"cycles", "sram", "dram", "bytes", "energy_pj"}) {
      for (const auto& [key, value] : layer.at(group).items()) {
        if (!value.is_object()) {
          add(std::string(group) + "." + key, value);
          continue;
        }
        for (const auto& [inner, number] : value.items()) {
          add(std::string(group) + "." + key + "." + inner, number);
        }
      }
    }
    add("utilization", layer.at("utilization"));
    add("mapping_efficiency", layer.at("mapping_efficiency"));
    header = names;
    rows += row + "\n";
  }
  return header + "\n" + rows;
}

std::string report_text(const Json& report) {
  TextTable table(
      {"layer", "op", "MACs", "cycles", "stall", "util %", "map %", "DRAM bytes", "energy uJ"});
  for (const Json& l : report.at("layers")) {
    const Json& cycles = l.at("cycles");
    const Json dram_bytes = l.at("dram").at("read_bytes").get<std::uint64_t>() +
                            l.at("dram").at("write_bytes").get<std::uint64_t>();
    const bool fused = !l.at("fused_into").is_null();
    table.add({l.at("name"), l.at("op"), cell(l.at("macs"), 0),
               fused ? "fused" : cell(cycles.at("total"), 0),
               fused ? "" : cell(cycles.at("stall"), 0), cell(l.at("utilization"), 1, 100),
               cell(l.at("mapping_efficiency"), 1, 100), cell(dram_bytes, 0),
               cell(l.at("energy_pj").at("total"), 3, 1e-6)});
  }
  const Json& t = report.at("totals");
  table.add({"total", "", cell(t.at("macs"), 0), cell(t.at("cycles"), 0), "",
             cell(t.at("utilization"), 1, 100), "", cell(t.at("dram_bytes"), 0),
             cell(t.at("energy_pj"), 3, 1e-6)});
  const auto images = report.at("images").get<double>();
  const Json& a = report.at("accuracy");
  std::string text = report.at("workload").get<std::string>() + ", " +
                     report.at("arithmetic").get<std::string>() + ", " +
                     report.at("fidelity").get<std::string>() + " fidelity, " +
                     grouped(report.at("images")) + (images == 1 ? " image (" : " images (") +
                     report.at("data").get<std::string>() + "; weights " +
                     report.at("weights").get<std::string>() + ")" +
                     (images == 1 ? "" : "; a layer's row is all of them together") + "\n\n" +
                     table.to_string() + "\n";
  if (const Json& s = report.at("selection"); !s.is_null()) {
    text += "layers      " + s.at("layers").dump() + " of " + s.at("of").dump() +
            (s.at("inputs").is_null()
                 ? ""
                 : "; what they read from others is the FP32 reference's, encoded; the output is "
                   "that of " +
                       s.at("output").get<std::string>()) +
            "\n\n";
  }
  if (!t.at("cycles").is_null()) text += stalls_text(report.at("layers"));
  text += "per image   " + cell(t.at("cycles"), 1, 1 / images) + " cycles, " +
          cell(t.at("seconds"), 2, 1e6 / images) + " us, " +
          cell(t.at("energy_pj"), 2, 1e-6 / images) + " uJ\n";
  text += "area        " + cell(t.at("area_um2"), 3, 1e-6) + " mm2 (" +
          report.at("cost_model").at("technology").get<std::string>() + ")\n";
  if (a.is_null()) {
    text += "no outputs: timing only\n";
  } else {
    if (!a.at("top1").is_null()) {
      text += "accuracy    top-1 " + cell(a.at("top1"), 2, 100) + " %, FP32 " +
              cell(a.at("reference_top1"), 2, 100) + " %\n";
    }
    text += "agreement   with FP32 on " + cell(a.at("agreement"), 2, 100) +
            " % of the images, largest error of an output " + cell(a.at("max_abs_error"), 6) + "\n";
    text += "outputs     sha256 " + report.at("output_sha256").get<std::string>() + "\n";
  }
  if (t.at("cycles").is_null())
    text += "no cycles at functional fidelity, and so no total energy\n";
  for (const Json& source : report.at("cost_model").at("sources")) {
    const auto line = source.get<std::string>();
    if (line.ends_with(models::kNoFigure)) text += "no energy or area: " + line + "\n";
  }
  return text;
}

}  // namespace systolog::sim
