// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memory/memory_config.h"
#include "pe/systolic_array.h"
#include "pe/vector_unit.h"
#include "sim/dram_file.h"
#include "sim/json_file.h"

namespace systolog::sim {

enum class ActivationScheme { kSymmetric, kAffine };
enum class WeightScheme { kPerTensor, kPerChannel };

/// How the range of an activation that `int:B` codes cover is found (docs/quantisation.md).
enum class CalibrationMethod { kMinMax, kPercentile, kEntropy };

/// How FP32 tensors become codes. Of `int:B`, whose weights are always symmetric, all but the last
/// two: power_of_two is for the formats without a scale of their own, compensate_bias for all.
struct QuantisationConfig {
  ActivationScheme activations = ActivationScheme::kSymmetric;
  WeightScheme weights = WeightScheme::kPerTensor;
  CalibrationMethod calibration = CalibrationMethod::kMinMax;
  double percentile = 99.99;     // kPercentile: of the values other than 0
  bool power_of_two = false;     // codes of fixed:B,F, posits and small floats stand for x / 2^e
  bool compensate_bias = false;  // weights are divided by 1 + the multiplier's mean relative error
};

/// What the compiler makes small where it can choose.
enum class Objective { kLatency, kEnergy, kDramTraffic };

struct CompilerConfig {
  std::uint32_t batch = 1;  // images of one Program: latency first
  bool fold_batch_norm = true;
  bool fuse_layers = true;  // additions, ReLUs and pools into the layer before them
  Objective objective = Objective::kLatency;
  bool split_k = true;  // tiles may cut K where they then fit better; false: each sum is one tile's
};

/// One accelerator: what configs/*.json describe (configs/schema/accelerator.schema.json).
struct AcceleratorConfig {
  std::string name = "unnamed";
  std::string arithmetic = "int:8/exact/int:32";
  std::map<std::string, std::string> layer_arithmetics;  // of layers, by name, that have another
  double clock_mhz = 500.0;
  std::string technology = "45nm_literature";  // configs/technology/NAME.json, or a path
  pe::ArrayConfig array;
  pe::VectorUnitConfig vector_unit;
  memory::SramConfig input_sram, weight_sram, output_sram;
  bool unified_sram = false;  // the three are one memory: each of them says which
  memory::DmaConfig dma;
  memory::BusConfig bus;
  DramChoice dram_choice;
  memory::DramConfig dram = memory::config_of(memory::DramDevice{});  // what it chose
  CompilerConfig compiler;
  QuantisationConfig quantisation;
};

/// Reads a config file with `--set` overrides applied. Throws UserError (json_reader.h).
AcceleratorConfig read_accelerator(const std::filesystem::path& file,
                                   const std::vector<std::string>& overrides = {});
AcceleratorConfig read_accelerator(const Json& json, const std::string& file);

/// The whole config with every default filled in: the report's echo; reads back to the same.
Json to_json(const AcceleratorConfig& config);

/// The scratchpads there are, by the config's names: three, or one.
std::vector<std::pair<std::string, const memory::SramConfig*>> scratchpads_of(
    const AcceleratorConfig& config);

/// What the scratchpads give the array and the vector unit a cycle.
pe::FeedRates feed_rates(const AcceleratorConfig& config);

/// "min_max", ...: the config's word.
std::string_view name_of(CalibrationMethod method);

/// What is between fields rather than in one. Throws UserError.
void validate(const AcceleratorConfig& config, const std::string& file);

}  // namespace systolog::sim
