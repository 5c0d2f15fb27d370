// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <systemc>
#include <vector>

#include "memory/sram.h"
#include "memory/transfer.h"
#include "pe/scratchpad_feed.h"

namespace systolog::sim {

/// One engine's commands at scratchpads whose ports it shares. The DMA's words go first, as a bus
/// cannot wait, then the vector unit's, then the array's. A command that starts at cycle s and
/// takes `own` cycles by itself ends at the first cycle T >= s + own by which each scratchpad has
/// had slots for its words and for those that went before them:
///   banks ports (T - s) >= words of the command + words of engines that go first, in [s, T)
/// (docs/memory.md). What others move up to T is known at T, so the result does not depend on the
/// order in which processes run.
class SharedPorts final : public pe::PortQueue {
 public:
  enum class Engine { kVector, kArray };

  /// `srams`: of inputs, weights and outputs; the same three times where they are one.
  SharedPorts(Engine engine, const std::array<memory::Sram*, memory::kScratchpads>& srams,
              sc_core::sc_time clock_period);

  void begin(const pe::FeedBytes& bytes, pe::Cycles own) override;
  void end() override;

 private:
  struct Scratchpad {
    memory::Sram* sram;
    std::array<bool, memory::kScratchpads> holds;
    std::uint64_t words = 0;   // of the command
    std::uint64_t before = 0;  // of others, up to its start
  };

  std::uint64_t now() const { return sc_core::sc_time_stamp().value() / clock_period_.value(); }
  std::uint64_t moved_first(Scratchpad& s) const;

  Engine engine_;
  sc_core::sc_time clock_period_;
  std::vector<Scratchpad> scratchpads_;  // those that share their ports
  std::uint64_t start_ = 0, own_ = 0;
};

}  // namespace systolog::sim
