// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "memory/occupancy.h"
#include "sim/network.h"
#include "sim/platform.h"
#include "sim/trace_file.h"

namespace systolog::sim {

/// Records what the engines of a platform did, as a timeline (docs/trace.md): a track for each
/// engine, for the bus and for the DRAM channel; counters of DRAM bandwidth and of the array's
/// utilisation.
class Tracer {
 public:
  Tracer(const std::filesystem::path& file, const Network& network,
         const AcceleratorConfig& config);

  /// Watches bus and DRAM from now on.
  void attach(Platform& platform);
  /// Writes one batch, which began at `begin` and whose commands ran in `spans` of `clock_period`.
  void batch(const Program& program, const std::vector<CommandProcessor::Span>& spans,
             sc_core::sc_time begin, sc_core::sc_time clock_period);
  void close();

 private:
  // A DRAM's channels are the tracks from kDram on.
  enum Track { kLoad = 1, kStore, kArray, kVector, kBus, kDram };

  /// Bursts of one direction behind each other, as one slice.
  struct Busy {
    int track;
    std::optional<memory::Occupancy> now;
    std::uint64_t bytes = 0, bursts = 0;
  };
  void occupy(Busy& busy, const memory::Occupancy& next);
  void flush(Busy& busy);
  void counters(const Program& program, const std::vector<CommandProcessor::Span>& spans,
                std::uint64_t begin_ps, std::uint64_t period_ps);
  static Track track_of(Engine engine);

  const Network& network_;
  const AcceleratorConfig& config_;
  TraceFile file_;
  Busy bus_{kBus, {}};
  std::vector<Busy> channels_;
  // Of the batch that runs.
  std::vector<memory::Occupancy> dram_bursts_;
  std::size_t batches_ = 0;
};

}  // namespace systolog::sim
