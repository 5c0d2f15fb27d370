// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/accuracy.h"
#include "sim/arithmetic_plan.h"
#include "sim/execution.h"
#include "sim/preparation.h"

namespace systolog::sim {

/// How images are run through a network.
struct EvaluationSettings {
  std::optional<AcceleratorConfig> accelerator;  // its order of sums; none: one chain over K
  QuantisationConfig quantisation;
  std::size_t calibration_images = 0;  // 0: all
  std::size_t k = 5;                   // of top-k
  bool quiet = true;                   // no progress of reference and calibration
};

/// One row of an accuracy table.
struct Evaluated {
  ArithmeticPlan plan;
  Accuracy accuracy;
  Json quantisation;                            // null: no scales
  workloads::Tensor outputs;                    // the network's first
  std::vector<workloads::Tensor> more_outputs;  // the others
  double seconds = 0;                           // of encoding and running
};

/// A network and images, with what every arithmetic is compared with: FP32's outputs, computed
/// once, and the calibration, made once.
class Evaluation {
 public:
  /// `plans`: those that will be run.
  Evaluation(workloads::Graph graph, workloads::Dataset images,
             const CalibrationImages& calibration, EvaluationSettings settings,
             const std::vector<ArithmeticPlan>& plans);

  const workloads::Graph& graph() const { return graph_; }  // as it is lowered
  const workloads::Dataset& images() const { return images_; }
  const workloads::Tensor& reference() const { return reference_; }
  const CalibrationRecord& calibration() const { return calibration_; }
  /// FP32 itself.
  Accuracy baseline() const;
  /// "one chain over K", or the array.
  std::string accumulation() const;

  Network encode(const ArithmeticPlan& plan) const { return encode(plan, settings_.quantisation); }
  Evaluated run(const ArithmeticPlan& plan, const Progress& progress) const {
    return run(plan, settings_.quantisation, progress);
  }
  /// The same with the multipliers' mean errors compensated.
  Evaluated run_compensated(const ArithmeticPlan& plan, const Progress& progress) const;

 private:
  Network encode(const ArithmeticPlan& plan, const QuantisationConfig& quantisation) const;
  Evaluated run(const ArithmeticPlan& plan, const QuantisationConfig& quantisation,
                const Progress& progress) const;

  workloads::Graph graph_;
  workloads::Dataset images_;
  EvaluationSettings settings_;
  workloads::Tensor reference_;
  CalibrationRecord calibration_;
};

}  // namespace systolog::sim
