// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <systemc>
#include <vector>

#include "pe/array_module.h"
#include "pe/register_array.h"

namespace systolog::pe {

/// The register-true array on the bus fabric.
/// Sockets, responses, counts    as ArrayModule.
/// Timing     waits until the registers have drained, then annotates feed_stall(); b_transport must
/// be
///            called from a thread, at a clock edge, with no delay of its own pending.
/// Process    one method, run once a clock cycle while a command is in the array: it advances every
///            register of every PE.
class ClockedArrayModule final : public ArrayModule {
 public:
  ClockedArrayModule(const sc_core::sc_module_name& name, const SystolicArray& array,
                     sc_core::sc_time clock_period, const FeedRates& rates = {});

  /// The registers of the first arithmetic's units, for a waveform.
  std::vector<Probe> probes() const { return units_.front()->probes(); }
  /// Called at the end of every cycle in which the array works.
  void on_cycle(std::function<void()> observe) { observe_ = std::move(observe); }
  Cycles cycles() const { return cycles_; }  // of all commands

 private:
  sc_core::sc_time compute(const Matmul& matmul, std::span<const std::byte> operands,
                           std::span<const std::byte> weights,
                           std::span<std::byte> accumulators) override;
  void clock();

  std::vector<std::unique_ptr<RegisterArray>> units_;  // of each arithmetic
  RegisterArray* registers_ = nullptr;                 // those that work
  std::function<void()> observe_;
  std::exception_ptr failure_;
  Cycles cycles_ = 0;
  sc_core::sc_event start_, done_;
};

}  // namespace systolog::pe
