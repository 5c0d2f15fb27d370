// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memory/dram_use.h"
#include "sim/accelerator_config.h"
#include "sim/energy_figures.h"
#include "sim/network.h"
#include "sim/program.h"
#include "workloads/tensor.h"

namespace systolog::sim {

enum class Fidelity { kFunctional, kTransaction, kCycle };
/// As on the command line and in the report.
std::string_view name_of(Fidelity fidelity);

/// A network compiled for a number of images: batches of one size, and a smaller last one where
/// the images do not divide.
struct CompiledNetwork {
  Program full;
  std::uint64_t full_batches = 0;
  std::optional<Program> rest;
  std::size_t images = 0;
};
CompiledNetwork compile_for(const Network& network, const AcceleratorConfig& config,
                            std::size_t images, const EnergyFigures* figures = nullptr);

/// What a layer's main engine stood still for [cycles].
struct StallCycles {
  std::uint64_t weights = 0, inputs = 0;  // loads on their way
  std::uint64_t outputs = 0;              // stores, and partial sums that come back
  std::uint64_t dram = 0;                 // the DRAM's part of all transfers
  std::uint64_t vector_unit = 0;          // the vector unit, while the array waits for it
  std::uint64_t scratchpads = 0;          // their ports: too narrow, or taken by other engines
  std::uint64_t sum() const {
    return weights + inputs + outputs + dram + vector_unit + scratchpads;
  }
};

/// Cycles of one layer, all images together: compute + stalls.sum() = total.
struct LayerCycles {
  std::uint64_t compute = 0;  // the main engine was busy: the array, of layers without a matmul the
                              // vector unit
  StallCycles stalls;
  std::uint64_t total = 0;  // from the end of the layer before to the layer's last store
};

struct Execution {
  workloads::Tensor outputs;                    // the network's first
  std::vector<workloads::Tensor> more_outputs;  // the others
  std::vector<LayerCycles> layers;              // empty at functional fidelity
  std::optional<memory::DramUse> dram;  // its streams are layers; none without a device or time

  void take_outputs(std::vector<workloads::Tensor> all) {
    outputs = std::move(all.front());
    all.erase(all.begin());
    more_outputs = std::move(all);
  }
};

/// The array's registers as a waveform, of a run at cycle fidelity.
struct WaveformCapture {
  std::vector<std::string> signals;  // names of registers; empty: all
  std::uint64_t cycles = 2000;       // of the array at work; then the recording ends
  std::string text;                  // the value change dump, after the run
};

/// How far a run has come.
struct ProgressStep {
  std::size_t images = 0;  // done
  double fraction = 0;     // of all images' commands
  std::size_t layer = 0;   // of which a command has just ended
  // For those who only count images.
  operator std::size_t() const { return images; }
};

/// Told now and then, and after each batch.
using Progress = std::function<void(const ProgressStep&)>;

class Tracer;

/// Runs the images. All fidelities give bit-identical outputs, transaction and cycle the same
/// cycles. `tracer`: who records the timeline; `waveform`: what records the registers; null:
/// nobody.
Execution execute(const Network& network, const CompiledNetwork& compiled,
                  const AcceleratorConfig& config, Fidelity fidelity,
                  const workloads::Tensor& images, const Progress& progress = {},
                  Tracer* tracer = nullptr, WaveformCapture* waveform = nullptr);

// functional.cpp (all cores, no SystemC); transaction.cpp (transaction and cycle fidelity: SystemC,
// TLM-2.0; once a process, as SystemC elaborates once).
Execution execute_functional(const Network& network, const CompiledNetwork& compiled,
                             const AcceleratorConfig& config, const workloads::Tensor& images,
                             const Progress& progress);
Execution execute_transaction(const Network& network, const CompiledNetwork& compiled,
                              const AcceleratorConfig& config, Fidelity fidelity,
                              const workloads::Tensor& images, const Progress& progress,
                              Tracer* tracer, WaveformCapture* waveform);

}  // namespace systolog::sim
