// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "memory/dram/bank_timing.h"
#include "memory/dram/device.h"

namespace systolog::memory::dram::test {

/// The rules read as a table of pairs: may a command go at a cycle, given all commands before it?
/// Slow and plain: looks at the whole history each time.
class JedecOracle {
 public:
  struct Past {
    Command command;
    std::uint32_t bank;
    Cycle cycle;
    bool auto_precharge = false;
  };

  explicit JedecOracle(const Device& device) : o_(device.organisation), t_(device.timing) {}

  void issue(Command command, std::uint32_t bank, Cycle cycle, bool auto_precharge = false);
  bool allowed(Command command, std::uint32_t bank, Cycle cycle) const;
  /// The first cycle at which the command is allowed and stays so.
  Cycle earliest(Command command, std::uint32_t bank) const;
  bool is_open(std::uint32_t bank) const;
  std::size_t size() const { return history_.size(); }

 private:
  Cycle gap(const Past& before, Command command, std::uint32_t bank) const;
  bool faw_allows(std::uint32_t rank, Cycle cycle) const;

  Organisation o_;
  Timing t_;
  std::vector<Past> history_;
};

}  // namespace systolog::memory::dram::test
