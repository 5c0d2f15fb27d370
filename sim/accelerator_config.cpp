// SPDX-License-Identifier: Apache-2.0
#include "sim/accelerator_config.h"

#include <nlohmann/json.hpp>

#include "models/user_error.h"
#include "sim/arithmetic_plan.h"
#include "sim/json_reader.h"
#include "sim/quantisation_rules.h"
#include "sim/share.h"

namespace systolog::sim {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

void read_array(JsonReader json, pe::ArrayConfig& array) {
  const auto word = [](pe::Dataflow d) { return std::pair(pe::policy_of(d).name(), d); };
  json.field("rows", array.rows, {1, 4096});
  json.field("columns", array.columns, {1, 4096});
  json.field("dataflow", array.dataflow,
             {word(pe::Dataflow::kWeightStationary), word(pe::Dataflow::kOutputStationary),
              word(pe::Dataflow::kInputStationary)});
  json.field(
      "fold_overlap", array.fold_overlap,
      {{"none", pe::FoldOverlap::kNone}, {"double_buffered", pe::FoldOverlap::kDoubleBuffered}});
  json.field("pipeline_depth", array.pipeline_depth, {1, 64});
  json.done();
}

void read_sram(JsonReader json, memory::SramConfig& sram) {
  json.field("capacity_bytes", sram.capacity_bytes, {64, kGiB});
  json.field("port_width_bytes", sram.port_width_bytes, {1, 65'536});
  json.field("access_latency_cycles", sram.access_latency_cycles, {0, 1000});
  json.field("banks", sram.banks, {1, 1024});
  json.field("ports", sram.ports, {1, memory::kMostPorts});
  json.field("double_buffered", sram.double_buffered);
  const std::uint64_t least = sram.bytes_per_cycle();
  if (sram.capacity_bytes < least) {
    json.refuse(json.has("capacity_bytes") ? "capacity_bytes"
                : json.has("banks")        ? "banks"
                                           : "port_width_bytes",
                "a capacity_bytes of at least banks x port_width_bytes: " + std::to_string(least));
  }
  json.done();
}

void read_dram_choice(JsonReader json, AcceleratorConfig& config) {
  DramChoice& choice = config.dram_choice;
  json.field("preset", choice.preset);
  if (choice.preset == DramChoice::kSimple) {
    memory::DramConfig& dram = config.dram = {};
    json.field("capacity_bytes", dram.capacity_bytes, {4096, 16 * kGiB});
    json.field("bandwidth_gb_per_s", dram.bandwidth_gb_per_s, {0.001, 100'000.0});
    json.field("latency_ns", dram.latency_ns, {0.0, 1e6});
  } else {
    choice.organisation = json.object("organisation").json().dump();
    choice.policy = json.object("policy").json().dump();
    for (const auto* name : {"capacity_bytes", "bandwidth_gb_per_s", "latency_ns"}) {
      if (json.has(name)) json.refuse(name, "with \"preset\": \"simple\" only");
    }
  }
  json.done();
}

/// The device that the config chose.
void resolve_dram(AcceleratorConfig& config, const std::string& file) {
  if (config.dram_choice.preset == DramChoice::kSimple) return;
  try {
    config.dram = memory::config_of(read_dram(config.dram_choice, "this config"));
  } catch (const UserError& error) {
    throw UserError(file + ": /memory/dram: " + error.what());
  }
}

void read_memory(JsonReader json, AcceleratorConfig& config) {
  config.unified_sram = json.has("unified_sram");
  if (config.unified_sram) {
    read_sram(json.object("unified_sram"), config.input_sram);
    config.weight_sram = config.output_sram = config.input_sram;
    for (const auto* name : {"input_sram", "weight_sram", "output_sram"}) {
      if (json.has(name)) json.refuse(name, "without /memory/unified_sram only");
    }
  } else {
    read_sram(json.object("input_sram"), config.input_sram);
    read_sram(json.object("weight_sram"), config.weight_sram);
    read_sram(json.object("output_sram"), config.output_sram);
  }
  {
    JsonReader dma = json.object("dma");
    dma.field("burst_bytes", config.dma.burst_bytes, {4, 65'536});
    dma.field("outstanding_bursts", config.dma.outstanding_bursts, {1, 1024});
    dma.done();
  }
  {
    JsonReader bus = json.object("bus");
    bus.field("width_bytes", config.bus.width_bytes, {1, 4096});
    bus.field("latency_cycles", config.bus.latency_cycles, {0, 10'000});
    bus.field("arbitration", config.bus.arbitration,
              {{"round_robin", memory::Arbitration::kRoundRobin},
               {"fixed_priority", memory::Arbitration::kFixedPriority}});
    bus.done();
  }
  read_dram_choice(json.object("dram"), config);
  json.done();
}

std::string name_of(Objective objective) {
  switch (objective) {
    case Objective::kLatency:
      return "latency";
    case Objective::kEnergy:
      return "energy";
    case Objective::kDramTraffic:
      return "dram_traffic";
  }
  return "";
}

Json dram_json(const AcceleratorConfig& c) {
  const DramChoice& choice = c.dram_choice;
  if (choice.preset != DramChoice::kSimple) {
    return {{"preset", choice.preset},
            {"organisation", Json::parse(choice.organisation)},
            {"policy", Json::parse(choice.policy)}};
  }
  return {{"preset", choice.preset},
          {"capacity_bytes", c.dram.capacity_bytes},
          {"bandwidth_gb_per_s", c.dram.bandwidth_gb_per_s},
          {"latency_ns", c.dram.latency_ns}};
}

Json to_json(const memory::SramConfig& sram) {
  return {{"capacity_bytes", sram.capacity_bytes},
          {"port_width_bytes", sram.port_width_bytes},
          {"access_latency_cycles", sram.access_latency_cycles},
          {"banks", sram.banks},
          {"ports", sram.ports},
          {"double_buffered", sram.double_buffered}};
}

Json memory_json(const AcceleratorConfig& c) {
  Json json = {
      {"dma",
       {{"burst_bytes", c.dma.burst_bytes}, {"outstanding_bursts", c.dma.outstanding_bursts}}},
      {"bus",
       {{"width_bytes", c.bus.width_bytes},
        {"latency_cycles", c.bus.latency_cycles},
        {"arbitration", c.bus.arbitration == memory::Arbitration::kRoundRobin ? "round_robin"
                                                                              : "fixed_priority"}}},
      {"dram", dram_json(c)}};
  for (const auto& [name, sram] : scratchpads_of(c)) json[name] = to_json(*sram);
  return json;
}

}  // namespace

AcceleratorConfig read_accelerator(const Json& json, const std::string& file) {
  AcceleratorConfig config;
  JsonReader reader(json, file);
  reader.field("name", config.name);
  {
    const ArithmeticPlan plan = read_plan_field(reader, "arithmetic", config.arithmetic);
    config.arithmetic = plan.base;
    config.layer_arithmetics = plan.layers;
  }
  reader.field("clock_mhz", config.clock_mhz, {0.001, 100'000.0});
  reader.field("technology", config.technology);
  read_array(reader.object("array"), config.array);
  {
    JsonReader unit = reader.object("vector_unit");
    unit.field("lanes", config.vector_unit.lanes, {1, 65'536});
    unit.field("latency_cycles", config.vector_unit.latency_cycles, {0, 1000});
    unit.done();
  }
  read_memory(reader.object("memory"), config);
  {
    JsonReader compiler = reader.object("compiler");
    compiler.field("batch", config.compiler.batch, {1, 65'536});
    compiler.field("fold_batch_norm", config.compiler.fold_batch_norm);
    compiler.field("fuse_layers", config.compiler.fuse_layers);
    compiler.field("objective", config.compiler.objective,
                   {{"latency", Objective::kLatency},
                    {"energy", Objective::kEnergy},
                    {"dram_traffic", Objective::kDramTraffic}});
    compiler.field("split_k", config.compiler.split_k);
    compiler.done();
  }
  {
    JsonReader quantisation = reader.object("quantisation");
    quantisation.field(
        "activations", config.quantisation.activations,
        {{"symmetric", ActivationScheme::kSymmetric}, {"affine", ActivationScheme::kAffine}});
    quantisation.field(
        "weights", config.quantisation.weights,
        {{"per_tensor", WeightScheme::kPerTensor}, {"per_channel", WeightScheme::kPerChannel}});
    quantisation.field("calibration", config.quantisation.calibration,
                       {{"min_max", CalibrationMethod::kMinMax},
                        {"percentile", CalibrationMethod::kPercentile},
                        {"entropy", CalibrationMethod::kEntropy}});
    quantisation.field("percentile", config.quantisation.percentile, {50.0, 100.0});
    quantisation.field("power_of_two", config.quantisation.power_of_two);
    quantisation.field("compensate_bias", config.quantisation.compensate_bias);
    quantisation.done();
  }
  reader.finish();
  resolve_dram(config, file);
  validate(config, file);
  return config;
}

AcceleratorConfig read_accelerator(const std::filesystem::path& file,
                                   const std::vector<std::string>& overrides) {
  Json json = read_json_file(file);
  std::string origin = file.string();
  for (const auto& assignment : overrides) {
    apply_override(json, assignment);
    origin += " with --set " + assignment;
  }
  return read_accelerator(json, origin);
}

void validate(const AcceleratorConfig& config, const std::string& file) {
  const ArithmeticPlan plan = plan_of(config);
  check_arithmetics(plan, file + ": /arithmetic");
  check_quantisation(plan, config.quantisation, file + ": /quantisation/calibration");
  if (config.quantisation.power_of_two && !takes_power_of_two(plan)) {
    throw UserError(file + ": /quantisation/power_of_two: means nothing with " + plan.name() +
                    ", allowed with " + std::string(kPowerOfTwoFormats));
  }
  if (config.quantisation.compensate_bias) {
    check_compensation({plan}, file + ": /quantisation/compensate_bias");
  }
  try {
    find_shared(config.technology, "configs/technology", ".json", "technology");
  } catch (const UserError& error) {
    throw UserError(file + ": /technology: " + error.what());
  }
}

pe::FeedRates feed_rates(const AcceleratorConfig& config) {
  const auto ports = [](const memory::SramConfig& sram) {
    return pe::PortConfig{sram.port_width_bytes, sram.banks, sram.ports};
  };
  return {ports(config.input_sram), ports(config.weight_sram), ports(config.output_sram),
          config.unified_sram};
}

std::vector<std::pair<std::string, const memory::SramConfig*>> scratchpads_of(
    const AcceleratorConfig& c) {
  if (c.unified_sram) return {{"unified_sram", &c.input_sram}};
  return {{"input_sram", &c.input_sram},
          {"weight_sram", &c.weight_sram},
          {"output_sram", &c.output_sram}};
}

std::string_view name_of(CalibrationMethod method) {
  switch (method) {
    case CalibrationMethod::kMinMax:
      return "min_max";
    case CalibrationMethod::kPercentile:
      return "percentile";
    case CalibrationMethod::kEntropy:
      return "entropy";
  }
  return "";
}

Json to_json(const AcceleratorConfig& c) {
  return {
      {"name", c.name},
      {"arithmetic", to_json(plan_of(c))},
      {"clock_mhz", c.clock_mhz},
      {"technology", c.technology},
      {"array",
       {{"rows", c.array.rows},
        {"columns", c.array.columns},
        {"dataflow", pe::policy_of(c.array.dataflow).name()},
        {"fold_overlap",
         c.array.fold_overlap == pe::FoldOverlap::kNone ? "none" : "double_buffered"},
        {"pipeline_depth", c.array.pipeline_depth}}},
      {"vector_unit",
       {{"lanes", c.vector_unit.lanes}, {"latency_cycles", c.vector_unit.latency_cycles}}},
      {"memory", memory_json(c)},
      {"compiler",
       {{"batch", c.compiler.batch},
        {"fold_batch_norm", c.compiler.fold_batch_norm},
        {"fuse_layers", c.compiler.fuse_layers},
        {"objective", name_of(c.compiler.objective)},
        {"split_k", c.compiler.split_k}}},
      {"quantisation",
       {{"activations",
         c.quantisation.activations == ActivationScheme::kAffine ? "affine" : "symmetric"},
        {"weights",
         c.quantisation.weights == WeightScheme::kPerChannel ? "per_channel" : "per_tensor"},
        {"calibration", name_of(c.quantisation.calibration)},
        {"percentile", c.quantisation.percentile},
        {"power_of_two", c.quantisation.power_of_two},
        {"compensate_bias", c.quantisation.compensate_bias}}},
  };
}

}  // namespace systolog::sim
