// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "models/arithmetic.h"
#include "sim/accelerator_config.h"
#include "sim/arithmetic_plan.h"
#include "sim/calibration.h"
#include "sim/network.h"
#include "sim/weight_codes.h"
#include "workloads/graph.h"

namespace systolog::sim {

/// Whether this arithmetic's codes get scales of powers of two.
bool has_power_of_two_scales(const models::Arithmetic& arithmetic, const QuantisationConfig& config,
                             const workloads::Graph& graph);

/// Encodes weights and biases of convolutions and fully connected layers.
class MatmulEncoder {
 public:
  /// All but the plan must outlive it.
  MatmulEncoder(const workloads::Graph& graph, const Calibration& calibration,
                const QuantisationConfig& config, const ArithmeticPlan& plan);

  struct Scales {
    models::Quantisation in, out;
  };
  /// Fills the layer's weights, bias, requantise, shift and zero_code; of a graph of shapes their
  /// sizes. `node` is that of the weights. Throws UserError for a bias that does not fit.
  void encode(std::size_t node, const models::Arithmetic& arithmetic, LayerWeights weights,
              std::span<const float> bias, const Scales& scales, MatmulLayer& layer) const;

 private:
  std::vector<float> with_bias_compensated(const models::Arithmetic& arithmetic,
                                           std::span<const float> weights) const;
  std::vector<float> weight_scales(std::size_t node, const models::Arithmetic& arithmetic,
                                   const LayerWeights& weights, std::span<const float> bias,
                                   float activation_scale) const;
  void encode_bias(std::size_t node, const models::Arithmetic& arithmetic,
                   std::span<const float> bias, models::Quantisation in,
                   std::span<const float> scales, MatmulLayer& layer) const;
  void check_bias(const std::string& name, const models::Arithmetic& arithmetic, std::size_t filter,
                  double code) const;

  const workloads::Graph& graph_;
  const Calibration& calibration_;
  const QuantisationConfig& config_;
  std::map<std::string, double> mean_errors_;  // to compensate, of arithmetics by name
};

}  // namespace systolog::sim
