// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "memory/dram/channels.h"
#include "memory/dram_model.h"

namespace systolog::memory {

/// A device of memory/dram behind a bus. A burst of the bus becomes those of the device that it
/// touches, whole ones, in the order of their addresses; each comes in the first memory cycle that
/// does not begin before it. A read is answered when the last of them has crossed the data bus, a
/// write when the last of them is queued (posted: a later read finds it in the queue).
class JedecDram final : public DramModel {
 public:
  JedecDram(const dram::Device& device, OnDone on_done);

  void arrive(const DramBurst& burst, Picoseconds at) override;
  Picoseconds next() override;
  void advance(Picoseconds until) override;
  std::optional<DramUse> finish(Picoseconds now) override;
  void observe(OnData observer) override { on_data_ = std::move(observer); }

 private:
  /// A read on its way.
  struct Read {
    std::uint64_t id = 0;
    std::uint32_t left = 0;  // bursts of the device
    dram::Cycle last = 0;
  };

  Picoseconds time_of(dram::Cycle cycle) const;
  dram::Cycle cycle_at(Picoseconds time) const;  // the first that begins at `time` or later
  std::uint32_t new_read(std::uint64_t id, std::uint32_t left);
  void done(std::uint64_t tag, dram::Cycle cycle);
  void count(std::uint32_t channel, const dram::Controller::Issued& issued);

  dram::Device device_;
  OnDone on_done_;
  OnData on_data_;
  dram::Channels channels_;
  std::vector<Read> reads_;
  std::vector<std::uint32_t> free_;
  std::vector<DramCommands> streams_;
  dram::Cycle last_write_ = 0;  // its last beat
  Picoseconds until_ = kNever;  // of advance()
};

}  // namespace systolog::memory
