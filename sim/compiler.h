// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sim/accelerator_config.h"
#include "sim/energy_figures.h"
#include "sim/network.h"
#include "sim/program.h"

namespace systolog::sim {

/// Network to Program for batches of `batch` images. Deterministic. Throws UserError where a layer
/// fits no scratchpad or the network no DRAM. `figures` are for the estimated energies; without
/// them those are left out, and read from the config's technology where the objective needs them.
///
/// Groups of fused layers follow each other: the array and the vector unit start a group when the
/// one before has been stored; only weights and inputs that are there already load ahead.
Program compile(const Network& network, const AcceleratorConfig& config, std::uint32_t batch,
                const EnergyFigures* figures = nullptr);

}  // namespace systolog::sim
