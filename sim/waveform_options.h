// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>

#include "models/arithmetic.h"
#include "sim/accelerator_config.h"
#include "sim/execution.h"

namespace systolog::sim {

/// --vcd FILE and what goes with it.
struct WaveformOptions {
  std::string file, signals, cycles;
};
void add_waveform_options(boost::program_options::options_description& options,
                          WaveformOptions& values);

/// What the options ask for; nothing without --vcd. UserError where they cannot be had.
std::optional<WaveformCapture> requested_waveform(const WaveformOptions& options,
                                                  const AcceleratorConfig& config,
                                                  const models::Arithmetic& arithmetic,
                                                  Fidelity fidelity);

}  // namespace systolog::sim
