// SPDX-License-Identifier: Apache-2.0
#include "sim/scalesim_report.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/text_table.h"

namespace systolog::sim::scalesim {
namespace {

/// A float as the tool prints it: the shortest decimal, with ".0" where it is whole; empty where it
/// is none.
std::string cell(double value) {
  if (!std::isfinite(value)) return "";
  const double magnitude = std::abs(value);
  const bool plain = value == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string digits(text, end.ptr);
  if (plain && digits.find('.') == std::string::npos) digits += ".0";
  return digits;
}
std::string cell(std::uint64_t value) { return std::to_string(value); }
std::string whole(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "";
}

std::string row(std::size_t layer, const std::vector<std::string>& cells) {
  std::string line = std::to_string(layer) + ", ";
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i > 0 ? ", " : "") + cells[i];
  return line + ",\n";
}

std::string per_cycle(std::uint64_t accesses, std::uint64_t cycles) {
  return cell(static_cast<double>(accesses) / static_cast<double>(cycles));
}
std::string per_cycle(const std::optional<Dram>& dram) {
  if (!dram) return "";
  return cell(static_cast<double>(dram->words) / static_cast<double>(dram->stop - dram->start + 1));
}

void add_scratchpad(const Stream& stream, std::vector<std::string>& cells) {
  cells.push_back(cell(static_cast<double>(stream.start)));
  cells.push_back(cell(static_cast<double>(stream.stop)));
  cells.push_back(cell(stream.accesses));
}
void add_dram(const Stream& stream, std::vector<std::string>& cells) {
  if (!stream.dram) return cells.insert(cells.end(), 3, ""), void();
  cells.push_back(cell(static_cast<double>(stream.dram->start)));
  cells.push_back(cell(static_cast<double>(stream.dram->stop)));
  cells.push_back(cell(stream.dram->words));
}

/// A name as RFC 4180 has it.
std::string quoted(const std::string& name) {
  if (name.find('"') == std::string::npos) return name;
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

std::string_view word(Dataflow dataflow) {
  switch (dataflow) {
    case Dataflow::kOutputStationary:
      return "os";
    case Dataflow::kWeightStationary:
      return "ws";
    case Dataflow::kInputStationary:
      return "is";
  }
  return "";
}

struct Totals {
  std::uint64_t macs = 0, tool_cycles = 0, own_cycles = 0;
};
Totals totals(const Run& run) {
  Totals t;
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    t.macs += run.own[l].macs;
    t.tool_cycles += run.tool[l].total_cycles;
    t.own_cycles += run.own[l].cycles;
  }
  return t;
}

/// Layers with an empty cell for DRAM traffic.
std::size_t without_dram(const Run& run) {
  std::size_t count = 0;
  for (const ToolReport& t : run.tool) {
    count += t.ifmap.dram && t.filter.dram && t.ofmap.dram ? 0 : 1;
  }
  return count;
}

}  // namespace

Run count(const Architecture& architecture, std::vector<Layer> layers,
          std::vector<std::string> notes) {
  Run run{architecture, std::move(layers), {}, {}, std::move(notes)};
  for (const Layer& layer : run.layers) {
    run.tool.push_back(tool_report(layer, architecture));
    run.own.push_back(own_report(layer, architecture));
  }
  if (architecture.user_bandwidth) {
    run.notes.emplace_back(
        "InterfaceBandwidth USER: cycles are those without stalls; stalls and DRAM columns need "
        "SCALE-Sim's DRAM traces and are left empty");
  } else if (const std::size_t layers_without = without_dram(run); layers_without > 0) {
    run.notes.push_back(
        "DRAM columns are left empty where an operand needs more than half of its buffer, or "
        "where windows leave pixels of the ifmap out (in " +
        std::to_string(layers_without) + " of " + std::to_string(run.layers.size()) +
        " layers), stalls where the outputs do: they need SCALE-Sim's DRAM traces");
  }
  return run;
}

std::string compute_csv(const Run& run) {
  std::string csv =
      "LayerID, Total Cycles, Stall Cycles, Overall Util %, Mapping Efficiency %, Compute Util "
      "%,\n";
  for (std::size_t l = 0; l < run.tool.size(); ++l) {
    const ToolReport& t = run.tool[l];
    csv += row(l, {cell(t.total_cycles), whole(t.stall_cycles), cell(t.overall_util),
                   cell(t.mapping_efficiency), cell(t.compute_util)});
  }
  return csv;
}

std::string bandwidth_csv(const Run& run) {
  std::string csv =
      "LayerID, Avg IFMAP SRAM BW, Avg FILTER SRAM BW, Avg OFMAP SRAM BW, Avg IFMAP DRAM BW, "
      "Avg FILTER DRAM BW, Avg OFMAP DRAM BW,\n";
  for (std::size_t l = 0; l < run.tool.size(); ++l) {
    const ToolReport& t = run.tool[l];
    csv += row(l, {per_cycle(t.ifmap.accesses, t.total_cycles),
                   per_cycle(t.filter.accesses, t.total_cycles),
                   per_cycle(t.ofmap.accesses, t.total_cycles), per_cycle(t.ifmap.dram),
                   per_cycle(t.filter.dram), per_cycle(t.ofmap.dram)});
  }
  return csv;
}

std::string access_csv(const Run& run) {
  std::string csv = "LayerID, ";
  for (const auto* memory : {"SRAM", "DRAM"}) {
    for (const auto* operand : {"IFMAP", "Filter", "OFMAP"}) {
      const std::string name = std::string(memory) + " " + operand;
      const bool written = std::string_view(operand) == "OFMAP";
      csv += name + " Start Cycle, " + name + " Stop Cycle, " + name +
             (written ? " Writes" : " Reads") + ", ";
    }
  }
  csv.pop_back();
  csv += "\n";
  for (std::size_t l = 0; l < run.tool.size(); ++l) {
    const ToolReport& t = run.tool[l];
    std::vector<std::string> cells;
    for (const Stream* stream : {&t.ifmap, &t.filter, &t.ofmap}) add_scratchpad(*stream, cells);
    for (const Stream* stream : {&t.ifmap, &t.filter, &t.ofmap}) add_dram(*stream, cells);
    csv += row(l, cells);
  }
  return csv;
}

std::string own_csv(const Run& run) {
  std::string csv =
      "layer,m,n,k,macs,folds,cycles,utilization,mapping_efficiency,ifmap_reads,filter_reads,"
      "ofmap_reads,ofmap_writes\n";
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    const Layer& layer = run.layers[l];
    const OwnReport& o = run.own[l];
    csv += quoted(layer.name);
    for (const std::uint64_t value : {layer.m, layer.n, layer.k, o.macs, o.folds, o.cycles}) {
      csv += "," + cell(value);
    }
    csv += "," + cell(o.utilization) + "," + cell(o.mapping_efficiency);
    for (const std::uint64_t value :
         {o.ifmap_reads, o.filter_reads, o.ofmap_reads, o.ofmap_writes}) {
      csv += "," + cell(value);
    }
    csv += "\n";
  }
  return csv;
}

std::string text(const Run& run) {
  const Architecture& a = run.architecture;
  std::string out = a.run_name + ": " + std::to_string(a.rows) + "x" + std::to_string(a.columns) +
                    " array, dataflow " + std::string(word(a.dataflow)) + ", " +
                    std::to_string(run.layers.size()) +
                    " layers; util, map and comp are SCALE-Sim's percentages\n\n";
  TextTable table({"layer", "M", "N", "K", "SCALE-Sim cycles", "our cycles", "util %", "map %",
                   "comp %", "ifmap reads", "filter reads", "ofmap writes"});
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    const Layer& layer = run.layers[l];
    const ToolReport& t = run.tool[l];
    const OwnReport& o = run.own[l];
    table.add({layer.name, grouped(layer.m), grouped(layer.n), grouped(layer.k),
               grouped(t.total_cycles), grouped(o.cycles), fixed_point(t.overall_util, 2),
               fixed_point(t.mapping_efficiency, 2), fixed_point(t.compute_util, 2),
               grouped(t.ifmap.accesses), grouped(t.filter.accesses), grouped(t.ofmap.accesses)});
  }
  const Totals all = totals(run);
  table.add({"total", "", "", "", grouped(all.tool_cycles), grouped(all.own_cycles), "", "", "", "",
             "", ""});
  out += table.to_string() + "\n";
  out += grouped(all.macs) + " multiply-accumulates. Our cycles are whole" +
         std::string(a.dataflow == Dataflow::kOutputStationary
                         ? " and have the outputs' way out of the array in them"
                         : "") +
         "; SCALE-Sim's end at the index of the last one (docs/scalesim.md).\n";
  for (const std::string& note : run.notes) out += "note: " + note + "\n";
  return out;
}

Json json(const Run& run) {
  const Architecture& a = run.architecture;
  Json layers = Json::array();
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    const Layer& layer = run.layers[l];
    const ToolReport& t = run.tool[l];
    const OwnReport& o = run.own[l];
    layers.push_back({{"name", layer.name},
                      {"gemm", {{"m", layer.m}, {"n", layer.n}, {"k", layer.k}}},
                      {"scalesim",
                       {{"total_cycles", t.total_cycles},
                        {"stall_cycles", t.stall_cycles ? Json(*t.stall_cycles) : Json()},
                        {"overall_util", t.overall_util},
                        {"mapping_efficiency", t.mapping_efficiency},
                        {"compute_util", t.compute_util},
                        {"sram_ifmap_reads", t.ifmap.accesses},
                        {"sram_filter_reads", t.filter.accesses},
                        {"sram_ofmap_writes", t.ofmap.accesses}}},
                      {"systolog",
                       {{"macs", o.macs},
                        {"folds", o.folds},
                        {"cycles", o.cycles},
                        {"utilization", o.utilization},
                        {"mapping_efficiency", o.mapping_efficiency},
                        {"ifmap_reads", o.ifmap_reads},
                        {"filter_reads", o.filter_reads},
                        {"ofmap_reads", o.ofmap_reads},
                        {"ofmap_writes", o.ofmap_writes}}}});
  }
  const Totals all = totals(run);
  return {{"run_name", a.run_name},
          {"array", {{"rows", a.rows}, {"columns", a.columns}}},
          {"dataflow", word(a.dataflow)},
          {"layers", std::move(layers)},
          {"totals",
           {{"macs", all.macs},
            {"scalesim_cycles", all.tool_cycles},
            {"systolog_cycles", all.own_cycles}}},
          {"notes", run.notes}};
}

}  // namespace systolog::sim::scalesim
