// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/accelerator_config.h"
#include "sim/network.h"
#include "sim/program.h"
#include "workloads/tensor.h"

namespace systolog::sim {

enum class Fidelity { kFunctional, kTransaction };

/// A network compiled for a number of images: batches of one size, and a smaller last one where
/// the images do not divide.
struct CompiledNetwork {
  Program full;
  std::uint64_t full_batches = 0;
  std::optional<Program> rest;
  std::size_t images = 0;
};
CompiledNetwork compile_for(const Network& network, const AcceleratorConfig& config,
                            std::size_t images);

/// Cycles of one layer, all images together.
struct LayerCycles {
  std::uint64_t compute = 0;  // the array or the vector unit was busy
  std::uint64_t total = 0;    // from the end of the layer before to the layer's last store
};

struct Execution {
  workloads::Tensor outputs;
  std::vector<LayerCycles> layers;  // empty at functional fidelity
};

/// Told after each batch how many images are done.
using Progress = std::function<void(std::size_t)>;

/// Runs the images. Both fidelities give bit-identical outputs.
Execution execute(const Network& network, const CompiledNetwork& compiled,
                  const AcceleratorConfig& config, Fidelity fidelity,
                  const workloads::Tensor& images, const Progress& progress = {});

// One each a fidelity: functional.cpp (all cores, no SystemC), transaction.cpp (SystemC, TLM-2.0;
// once a process, as SystemC elaborates once).
Execution execute_functional(const Network& network, const CompiledNetwork& compiled,
                             const AcceleratorConfig& config, const workloads::Tensor& images,
                             const Progress& progress);
Execution execute_transaction(const Network& network, const CompiledNetwork& compiled,
                              const AcceleratorConfig& config, const workloads::Tensor& images,
                              const Progress& progress);

}  // namespace systolog::sim
