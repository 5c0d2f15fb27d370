// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "sim/arithmetic_plan.h"

namespace systolog::sim {

/// How tensors become codes, as the command line says it; empty: as the config does.
struct QuantisationOptions {
  std::string weights, activations, calibration, percentile, calibration_images;
  bool power_of_two = false, compensate_bias = false;
};

/// Adds --weights, --activations, --calibration, --percentile, --calibration-images,
/// --power-of-two and --compensate-bias.
void add_quantisation_options(boost::program_options::options_description& options,
                              QuantisationOptions& values);

/// The config with the options applied. Throws UserError for words that are not known, and for
/// options that mean nothing together or with any of the arithmetics.
QuantisationConfig apply_quantisation(const QuantisationOptions& options, QuantisationConfig config,
                                      const std::vector<ArithmeticPlan>& plans);

/// Calibration images to take, 0: all there are.
std::size_t calibration_images(const QuantisationOptions& options);

}  // namespace systolog::sim
