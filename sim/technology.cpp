// SPDX-License-Identifier: Apache-2.0
#include "sim/technology.h"

#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "models/sram_cost.h"
#include "models/user_error.h"
#include "sim/json_reader.h"
#include "sim/share.h"

namespace systolog::sim {
namespace {

/// [[size, value], ...], ascending in size, all positive.
models::CostCurve read_curve(JsonReader& json, std::string_view name) {
  json.require(name);
  models::CostCurve curve;
  for (const auto& [size, value] : json.pairs(name)) {
    if (!(size > 0 && value > 0) || (!curve.points.empty() && size <= curve.points.back().size)) {
      json.refuse(name, "pairs [size, value], positive, sizes ascending");
    }
    curve.points.push_back({size, value});
  }
  return curve;
}

std::vector<models::UnitCost> read_units(JsonReader& json, std::string_view name) {
  json.require(name);
  std::vector<models::UnitCost> units;
  for (JsonReader unit : json.objects(name)) {
    models::UnitCost cost;
    if (unit.has("format")) unit.field_or_empty("format", cost.format);
    unit.require("unit");
    unit.field("unit", cost.unit);
    cost.energy_pj = read_curve(unit, "energy_pj");
    cost.area_um2 = read_curve(unit, "area_um2");
    unit.require("source");
    unit.field("source", cost.source);
    unit.done();
    units.push_back(std::move(cost));
  }
  return units;
}

/// The fields of a line, apart by commas.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
  return fields;
}

double number_in(const std::string& text, const std::string& place) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0) || value > 1e18) {
    throw UserError(place + ": got \"" + text + "\", allowed a number that is not negative");
  }
  return value;
}

/// The rows of one node and device of a table of macros, as CACTI gives them.
void read_macros(const std::filesystem::path& file, double node_nm, const std::string& device,
                 models::SramTable& table) {
  std::ifstream in(file);
  if (!in) throw UserError(file.string() + ": cannot be read");
  const std::vector<std::string> wanted = {"node_nm",    "device",    "temp_K",      "size_bytes",
                                           "width_bits", "access_ns", "cycle_ns",    "read_pJ",
                                           "write_pJ",   "leak_mW",   "gateleak_mW", "area_mm2"};
  std::size_t number = 0;
  bool head = true;
  for (std::string line; std::getline(in, line);) {
    const std::string place = file.string() + ":" + std::to_string(++number);
    if (line.empty() || line.front() == '#') continue;
    const auto fields = fields_of(line);
    if (std::exchange(head, false)) {
      if (fields != wanted) throw UserError(place + ": the head is not that of such a table");
      continue;
    }
    if (fields.size() != wanted.size()) {
      throw UserError(place + ": got " + std::to_string(fields.size()) + " fields, allowed " +
                      std::to_string(wanted.size()));
    }
    if (number_in(fields[0], place) != node_nm || fields[1] != device) continue;
    models::SramTable::Macro macro;
    macro.bytes = number_in(fields[3], place);
    macro.bits = number_in(fields[4], place);
    macro.read_pj = number_in(fields[7], place);
    macro.write_pj = number_in(fields[8], place);
    macro.leakage_mw = number_in(fields[9], place) + number_in(fields[10], place);
    macro.area_um2 = 1e6 * number_in(fields[11], place);
    if (macro.bytes * macro.bits * macro.read_pj * macro.write_pj * macro.leakage_mw *
            macro.area_um2 ==
        0) {
      throw UserError(place + ": a figure is 0");
    }
    table.add(macro);
  }
}

std::shared_ptr<const models::SramTable> read_sram(JsonReader json) {
  auto table = std::make_shared<models::SramTable>();
  std::string name, device;
  double node_nm = 0;
  for (const auto* part : {"table", "node_nm", "device", "source"}) json.require(part);
  json.field("table", name);
  json.field("node_nm", node_nm, {1.0, 10'000.0});
  json.field("device", device);
  json.field("source", table->source);
  json.done();
  if (name.empty()) return table;
  const auto file = find_shared(name, "configs/technology", ".csv", "SRAM table");
  read_macros(file, node_nm, device, *table);
  if (table->empty()) {
    json.refuse("device", "a device of node_nm in " + file.string());
  }
  return table;
}

}  // namespace

models::CostTable read_technology(const std::string& name) {
  const auto file = find_shared(name, "configs/technology", ".json", "technology");
  const Json parsed = read_json_file(file);
  JsonReader json(parsed, file.string());
  models::CostTable table;
  std::string note;
  json.field("name", table.name);
  json.field("note", note);
  json.field("node_nm", table.node_nm, {1.0, 10'000.0});
  json.field("voltage_v", table.voltage_v, {0.1, 10.0});
  table.multipliers = read_units(json, "multipliers");
  table.accumulators = read_units(json, "accumulators");
  for (const auto* part : {"name", "node_nm", "voltage_v", "register", "sram", "dram"}) {
    json.require(part);
  }
  JsonReader registers = json.object("register");
  registers.require("energy_pj_per_bit");
  registers.field("energy_pj_per_bit", table.register_pj_per_bit, {0.0, 1e6});
  registers.require("source");
  registers.field("source", table.register_source);
  registers.done();
  table.sram = read_sram(json.object("sram"));
  JsonReader dram = json.object("dram");
  dram.require("energy_pj_per_64_bit");
  dram.field("energy_pj_per_64_bit", table.dram_pj_per_64_bit, {0.0, 1e9});
  dram.require("source");
  dram.field("source", table.dram_source);
  dram.done();
  json.finish();
  return table;
}

}  // namespace systolog::sim
