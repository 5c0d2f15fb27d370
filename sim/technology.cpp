// SPDX-License-Identifier: Apache-2.0
#include "sim/technology.h"

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
  JsonReader sram = json.object("sram");
  table.sram_pj_per_64_bit = read_curve(sram, "energy_pj_per_64_bit");
  table.sram_leakage_mw = read_curve(sram, "leakage_mw");
  table.sram_area_um2 = read_curve(sram, "area_um2");
  for (const auto* curve : {"energy_pj_per_64_bit", "leakage_mw", "area_um2"}) {
    if (sram.pairs(curve).empty()) sram.refuse(curve, "at least one pair [size, value]");
  }
  sram.require("energy_source");
  sram.field("energy_source", table.sram_energy_source);
  sram.require("leakage_source");
  sram.field("leakage_source", table.sram_leakage_source);
  sram.done();
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
