// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "models/arithmetic.h"
#include "pe/dataflow.h"
#include "pe/matmul.h"
#include "pe/waveform.h"

namespace systolog::pe {

/// The register-true array with its feeders and collectors: carries a command out clock by clock.
/// The feeders know when an edge or a register is free, the collectors count what leaves; nothing
/// here knows how many cycles a command takes.
///
///   start(command, ...);
///   while (!done()) clock();      as many cycles as DataflowPolicy::cycles says
class RegisterArray {
 public:
  virtual ~RegisterArray() = default;
  /// Takes the operands' bytes, as SystolicArray::execute; `accumulators` must last until done().
  virtual void start(const Matmul& command, std::span<const std::byte> input,
                     std::span<const std::byte> weights, std::span<std::byte> accumulators) = 0;
  virtual bool done() const = 0;
  virtual void clock() = 0;
  /// Every register of every PE. Valid as long as the array.
  virtual std::vector<Probe> probes() const = 0;
};

/// `arithmetic` must outlive the array.
std::unique_ptr<RegisterArray> make_register_array(const ArrayConfig& config,
                                                   const models::Arithmetic& arithmetic);

// One each a file.
std::unique_ptr<RegisterArray> make_stationary_array(const ArrayConfig& config,
                                                     const models::Arithmetic& arithmetic);
std::unique_ptr<RegisterArray> make_accumulating_array(const ArrayConfig& config,
                                                       const models::Arithmetic& arithmetic);

}  // namespace systolog::pe
