// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "memory/dram_model.h"

namespace systolog::memory {

/// DRAM as a latency and a bandwidth: one channel that serves bursts in the order they come, each
/// for length / bandwidth, rounded to the picosecond, and answers a latency after the last byte.
class SimpleDram final : public DramModel {
 public:
  SimpleDram(double bandwidth_gb_per_s, double latency_ns, OnDone on_done);

  void arrive(const DramBurst& burst, Picoseconds at) override;
  Picoseconds next() override { return kNever; }
  void advance(Picoseconds) override {}
  std::optional<DramUse> finish(Picoseconds) override { return std::nullopt; }
  void observe(OnData observer) override { on_data_ = std::move(observer); }

 private:
  double ps_per_byte_;
  Picoseconds latency_, busy_until_ = 0;
  OnDone on_done_;
  OnData on_data_;
};

}  // namespace systolog::memory
