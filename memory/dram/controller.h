// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "memory/dram/address_map.h"
#include "memory/dram/bank_timing.h"
#include "memory/dram/counts.h"
#include "memory/dram/device.h"

namespace systolog::memory::dram {

enum class Kind : std::uint8_t { kRead, kWrite };

/// One channel's memory controller: queues of reads and writes, FR-FCFS, refresh. Event-driven:
/// time goes from one command to the next.
///
/// Order    of the commands that may go at the earliest possible cycle, column commands to open
///          rows first, then the oldest request's (Rixner et al., ISCA 2000). A bank precharges
///          only when no queued request of the current direction hits its open row.
/// Writes   are buffered: they go out when write_high are queued or no read is, until write_low
///          are left (or none, while there is no read). A read of a buffered burst is answered by
///          it, one burst after it came or after the last such answer.
/// Refresh  of all banks of a rank every nREFI; when it is due the rank gets no other command than
///          the precharges it needs. Ranks are staggered by nREFI / ranks. Those of a rank that is
///          idle for long are counted, not issued one by one.
/// Closed page  the last queued request of a row takes its precharge along.
class Controller {
 public:
  static constexpr Cycle kNever = std::numeric_limits<Cycle>::max();

  /// Called when a burst's last beat has crossed the data bus: with the request's tag and the
  /// cycle. Calls come in the order of the column commands.
  using OnDone = std::function<void(std::uint64_t tag, Cycle done)>;
  /// Every command in the order of issue. `row` is that of the bank for ACT, RD and WR;
  /// auto-precharges are marked. `tag` is that of the request it is issued for, kNoTag for
  /// refreshes and the precharges before them.
  static constexpr std::uint64_t kNoTag = std::numeric_limits<std::uint64_t>::max();
  struct Issued {
    Command command;
    std::uint32_t bank;  // of REF: any bank of the rank
    std::int64_t row;
    Cycle cycle;
    bool auto_precharge;
    std::uint64_t tag;
  };
  using OnCommand = std::function<void(const Issued&)>;

  Controller(const Device& device, OnDone on_done);
  void on_command(OnCommand observer) { on_command_ = std::move(observer); }

  bool full(Kind kind) const {
    return kind == Kind::kRead ? reads_.size == policy_.read_queue
                               : writes_.size == policy_.write_queue;
  }
  bool idle() const { return reads_.size + writes_.size == 0; }
  /// Queues a burst that comes at cycle `now`; not before any earlier call's and not while full().
  void submit(Kind kind, const Location& location, std::uint64_t tag, Cycle now);

  /// The cycle of the next command, kNever while idle(). Refreshes that fall due while idle are
  /// done when the next request comes or by finish().
  Cycle next_cycle();
  /// Issues the command that next_cycle() told of.
  void issue();
  /// Catches up with refreshes until `now`.
  void finish(Cycle now);

  Counts counts(Cycle now) const;

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  struct Request {
    std::uint64_t tag = 0, order = 0;
    std::uint32_t row = 0, column = 0;
    std::uint32_t next = kNone;  // in its bank's list, oldest first
    bool touched = false;        // its row outcome has been counted
  };
  struct BankList {
    std::uint32_t head = kNone, tail = kNone;
    std::uint32_t hit = kNone, before_hit = kNone;  // oldest request to the open row
    // Requests by the last bits of their row: of most rows it is known at once that none is to it.
    std::array<std::uint16_t, 64> rows = {};
    std::uint16_t& to_row(std::uint64_t row) { return rows[row % 64]; }
  };
  struct Queue {
    std::vector<Request> slots;
    std::vector<std::uint32_t> free;
    std::vector<BankList> banks;
    // By bank: what its next request needs, and its place among the banks' (bank_scan.h).
    std::vector<std::int64_t> wanted, keys;
    Command column = Command::kRead;
    std::uint32_t size = 0;
  };
  /// The next command. Set and read member by member: copied as a whole, right behind the writes
  /// of its members, it costs more than the search for it.
  struct Choice {
    Cycle cycle = kNever;
    Command command = Command::kActivate;
    std::uint32_t bank = 0;
    bool draining = false;

    void set(Cycle when, Command what, std::uint32_t where) {
      cycle = when;
      command = what;
      bank = where;
    }
  };

  Queue& queue() { return draining_ ? writes_ : reads_; }
  bool drains_next() const;
  void choose();
  Choice choose_refresh(std::uint32_t rank) const;
  bool still_first(const Queue& queue, std::uint32_t bank) const;
  std::int64_t key_of(const Queue& queue, std::uint32_t bank) const;
  void find_hit(Queue& queue, std::uint32_t bank, std::uint32_t from, std::uint32_t before) const;
  void settle(Queue& queue, std::uint32_t bank) const;
  void find_hits_of(std::uint32_t bank);
  void issue_column(std::uint32_t bank, Cycle now);
  void observe(Command command, std::uint32_t bank, Cycle now, std::uint64_t tag,
               bool auto_precharge = false) const;
  void count_outcome(Request& request, std::uint64_t& outcome);
  void skip_refreshes(std::uint32_t rank, Cycle now);
  Cycle refresh_due(std::uint32_t rank) const { return policy_.refresh ? due_[rank] : kNever; }

  Timing timing_;
  Policy policy_;
  std::uint32_t banks_of_rank_;
  BankTiming banks_;
  OnDone on_done_;
  OnCommand on_command_;
  Queue reads_, writes_;
  bool draining_ = false;   // the direction of the last command
  std::vector<Cycle> due_;  // of each rank's next refresh
  Cycle first_due_ = kNever;
  Cycle now_ = 0;
  Cycle forwarded_ = 0;  // when the last read was answered from the write queue
  std::uint64_t order_ = 0;
  Choice choice_;
  bool chosen_ = false;
  Counts counts_;
};

}  // namespace systolog::memory::dram
