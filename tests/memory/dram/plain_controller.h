// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "memory/dram/trace.h"
#include "tests/memory/dram/jedec_oracle.h"

namespace systolog::memory::dram::test {

/// The controller's rules, cycle by cycle, with plain lists: an oracle for one channel.
class PlainController {
 public:
  struct Log {
    struct Entry {
      Command command;
      std::uint32_t bank;
      Cycle cycle;
      bool operator==(const Entry&) const = default;
    };
    std::vector<Entry> commands;
    std::vector<Cycle> done;  // by the request's place in the trace
  };

  explicit PlainController(const Device& device);

  /// Runs the requests, in order, the next one waiting while its queue is full.
  Log run(const std::vector<TraceRequest>& requests);

 private:
  struct Pending {
    std::size_t index;
    Location where;
    Kind kind;
  };

  bool accept(const TraceRequest& request, std::size_t index, Cycle now);
  void step(Cycle now);
  bool step_refresh(Cycle now);
  bool issue(Command command, std::uint32_t bank, Cycle now, bool auto_precharge = false);
  std::size_t count(Kind kind) const;
  bool hits(const Pending& p) const;

  Device device_;
  AddressMap map_;
  JedecOracle rules_;
  std::vector<std::int64_t> open_;  // rows, -1 closed
  std::vector<Pending> pending_;    // oldest first
  std::vector<Cycle> due_;
  bool draining_ = false;
  Log log_;
  Cycle answered_ = 0;  // the last read out of the write queue
};

}  // namespace systolog::memory::dram::test
