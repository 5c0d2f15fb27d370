// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sim/accelerator_config.h"
#include "sim/network.h"
#include "sim/program.h"

namespace systolog::sim {

/// Network to Program for batches of `batch` images. Deterministic. Throws UserError where a layer
/// fits no scratchpad or the network no DRAM.
///
/// Layers follow each other: the array and the vector unit start a layer when the layer before has
/// been stored; only weights and inputs that are there already load ahead.
Program compile(const Network& network, const AcceleratorConfig& config, std::uint32_t batch);

}  // namespace systolog::sim
