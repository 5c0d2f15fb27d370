// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sim/accelerator_config.h"
#include "sim/accuracy.h"
#include "sim/execution.h"
#include "sim/json_file.h"
#include "sim/network.h"
#include "sim/statistics.h"

namespace systolog::sim {

/// Everything one run found out.
struct RunResult {
  const AcceleratorConfig* config = nullptr;
  const Network* network = nullptr;
  const CompiledNetwork* compiled = nullptr;
  const Execution* execution = nullptr;
  const models::CostTable* technology = nullptr;
  Fidelity fidelity = Fidelity::kTransaction;
  std::string data, calibration;  // names of the images used; calibration: empty if none
  std::string preprocessing;      // of the images, in words; empty if none
  std::string weights;            // where they come from
  std::size_t all_layers = 0;     // of the network, where only some were run; else 0
  Json quantisation;              // quantisation_json()
  std::vector<LayerCounts> counts;
  Costs costs;
  Accuracy accuracy;
};

/// report.json (docs/report.md): figures are those of all images together. What was not simulated
/// or has no figure in the technology table is null.
Json report_json(const RunResult& run);

/// layers.csv: a header and one row a layer, the report's keys joined by dots.
std::string layers_csv(const Json& report);

/// The console's table and the lines under it.
std::string report_text(const Json& report);

}  // namespace systolog::sim
