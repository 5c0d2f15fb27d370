// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "sim/arithmetic_plan.h"
#include "sim/calibration.h"
#include "sim/json_file.h"
#include "sim/network.h"
#include "workloads/dataset.h"

namespace systolog::sim {

/// FP32's outputs on the images, with a line of progress. UserError naming the first layer whose
/// values are not finite, where outputs are not: nothing can be compared with them.
workloads::Tensor fp32_reference(const workloads::Graph& graph, const workloads::Tensor& images,
                                 bool quiet);

/// What scales were made from.
struct CalibrationRecord {
  Calibration calibration;
  std::string data;           // the images' name, which says the split; empty: none were needed
  std::size_t images = 0;     // how many of them
  workloads::Tensor outputs;  // of the FP32 network on them
};

/// True where encoding a network needs the ranges of its activations.
bool needs_calibration(const ArithmeticPlan& plan, const QuantisationConfig& config);

/// Brings calibration images, when they are needed.
using CalibrationImages = std::function<workloads::Dataset()>;

/// Calibrates on the first `most` (0: all) of the images; does nothing where no plan needs it.
/// `graph` is the one that will be lowered. With a line of progress, unless quiet.
CalibrationRecord calibrate_for(const std::vector<ArithmeticPlan>& plans,
                                const workloads::Graph& graph, const CalibrationImages& read,
                                const QuantisationConfig& config, std::size_t most,
                                bool quiet = true);

/// The report's "quantisation": what was asked for and what it was made from; null where nothing
/// has scales or is compensated.
Json quantisation_json(const ArithmeticPlan& plan, const QuantisationConfig& config,
                       const CalibrationRecord& record);

/// An accelerator for arithmetic alone: its array sums all of K in one chain, k ascending, and its
/// scratchpads hold what every layer needs. Only for functional fidelity.
AcceleratorConfig one_chain(const Network& network, std::size_t images);

}  // namespace systolog::sim
