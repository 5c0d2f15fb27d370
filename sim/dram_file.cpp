// SPDX-License-Identifier: Apache-2.0
#include "sim/dram_file.h"

#include <nlohmann/json.hpp>

#include "memory/dram/address_map.h"
#include "models/user_error.h"
#include "sim/json_reader.h"
#include "sim/share.h"

namespace systolog::sim {
namespace {

using namespace memory::dram;  // Device and its parts

void read_organisation(JsonReader json, Organisation& o) {
  struct {
    std::string_view name;
    std::uint32_t* value;
    std::uint32_t most;
  } const fields[] = {
      {"channels", &o.channels, 64},       {"ranks", &o.ranks, 8},
      {"bank_groups", &o.bank_groups, 16}, {"banks", &o.banks, 64},
      {"rows", &o.rows, 1U << 24},         {"columns", &o.columns, 1U << 16},
      {"bus_bits", &o.bus_bits, 2048},     {"burst_length", &o.burst_length, 64},
  };
  for (const auto& field : fields) {
    json.require(field.name);
    json.field(field.name, *field.value, {1, field.most});
  }
  json.done();
}

std::string read_timing(JsonReader json, Timing& t) {
  json.require("tck_ps");
  json.field("tck_ps", t.tck_ps, {1.0, 1e6});
  const std::pair<std::string_view, std::uint32_t*> fields[] = {
      {"nbl", &t.nbl},       {"ncl", &t.ncl},       {"ncwl", &t.ncwl},     {"nrcd", &t.nrcd},
      {"nrp", &t.nrp},       {"nras", &t.nras},     {"nrc", &t.nrc},       {"nccd_s", &t.nccd_s},
      {"nccd_l", &t.nccd_l}, {"nrrd_s", &t.nrrd_s}, {"nrrd_l", &t.nrrd_l}, {"nfaw", &t.nfaw},
      {"nwr", &t.nwr},       {"nrtp", &t.nrtp},     {"nwtr_s", &t.nwtr_s}, {"nwtr_l", &t.nwtr_l},
      {"ncs", &t.ncs},       {"nturn", &t.nturn},   {"nrfc", &t.nrfc},     {"nrefi", &t.nrefi},
  };
  for (const auto& [name, value] : fields) {
    json.require(name);
    json.field(name, *value, {1, 10'000'000});
  }
  std::string source;
  json.require("source");
  json.field("source", source);
  json.done();
  return source;
}

void read_policy(JsonReader json, Policy& p) {
  json.field("mapping", p.mapping);
  if (!AddressMap::valid_name(p.mapping)) json.refuse("mapping", AddressMap::allowed());
  json.field("page", p.page, {{"open", PagePolicy::kOpen}, {"closed", PagePolicy::kClosed}});
  json.field("read_queue", p.read_queue, {1, 4096});
  json.field("write_queue", p.write_queue, {1, 4096});
  json.field("write_high", p.write_high, {1, 4096});
  json.field("write_low", p.write_low, {0, 4096});
  json.field("refresh", p.refresh);
  json.done();
}

void read_power(JsonReader json, Power& power) {
  for (const auto* name : {"devices", "supplies", "source"}) json.require(name);
  json.field("devices", power.devices, {1, 1024});
  power.supplies.clear();
  for (JsonReader supply : json.objects("supplies")) {
    Supply s;
    const std::pair<std::string_view, double*> fields[] = {
        {"volts", &s.volts},       {"idd0_ma", &s.idd0_ma},   {"idd2n_ma", &s.idd2n_ma},
        {"idd3n_ma", &s.idd3n_ma}, {"idd4r_ma", &s.idd4r_ma}, {"idd4w_ma", &s.idd4w_ma},
        {"idd5_ma", &s.idd5_ma}};
    for (const auto& [name, value] : fields) {
      supply.require(name);
      supply.field(name, *value, {0.0, 1e5});
    }
    supply.done();
    power.supplies.push_back(s);
  }
  json.field("source", power.source);
  json.done();
}

DramFile read_device(const Json& parsed, const std::string& origin) {
  JsonReader json(parsed, origin);
  DramFile dram;
  for (const auto* part : {"name", "organisation", "timing", "power"}) json.require(part);
  json.field("name", dram.device.name);
  json.field("note", dram.note);
  read_organisation(json.object("organisation"), dram.device.organisation);
  dram.timing_source = read_timing(json.object("timing"), dram.device.timing);
  read_policy(json.object("policy"), dram.device.policy);
  read_power(json.object("power"), dram.power);
  json.finish();
  std::string wrong;
  for (const auto& sentence : contradictions(dram.device)) {
    wrong += (wrong.empty() ? "" : "\n") + origin + ": " + sentence;
  }
  if (!wrong.empty()) throw UserError(wrong);
  return dram;
}

std::filesystem::path find_preset(const std::string& name) {
  return find_shared(name, "configs/dram", ".json", "DRAM preset");
}

}  // namespace

DramFile read_dram(const std::string& name, const std::vector<std::string>& overrides) {
  const auto file = find_preset(name);
  Json parsed = read_json_file(file);
  std::string origin = file.string();
  for (const auto& assignment : overrides) {
    apply_override(parsed, assignment);
    origin += " with --set " + assignment;
  }
  return read_device(parsed, origin);
}

DramFile read_dram(const DramChoice& choice, const std::string& of) {
  const auto file = find_preset(choice.preset);
  Json parsed = read_json_file(file);
  std::string origin = file.string();
  for (const auto& [part, changes] : {std::pair{"organisation", Json::parse(choice.organisation)},
                                      std::pair{"policy", Json::parse(choice.policy)}}) {
    if (changes.empty()) continue;
    if (parsed.is_object() && parsed.value(part, Json::object()).is_object()) {
      parsed[part].update(changes);
    }
    origin += " with " + std::string(part) + " of " + of;
  }
  return read_device(parsed, origin);
}

}  // namespace systolog::sim
