// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "memory/dram/device.h"

namespace systolog::memory::dram {

enum class Command : std::uint8_t { kActivate, kPrecharge, kRead, kWrite, kRefresh };

/// When each command may go to each bank of one channel: every JEDEC rule as the earliest cycle
/// that the commands before it leave.
///   bank   ACT to RD, WR nRCD; ACT to PRE nRAS; ACT to ACT nRC; PRE to ACT nRP; RD to PRE nRTP;
///          WR to PRE nCWL + nBL + nWR
///   rank   ACT to ACT nRRD_S, in the bank group nRRD_L; the fifth ACT nFAW after the first;
///          RD to RD and WR to WR nCCD_S, in the bank group nCCD_L; RD to WR nCL + nBL + nturn -
///          nCWL; WR to RD nCWL + nBL + nWTR_S, in the bank group nWTR_L
///   ranks  RD to RD, WR to WR nBL + nCS; RD to WR nCL + nBL + nCS - nCWL; WR to RD nCWL + nBL +
///          nCS - nCL (the bursts of two ranks lie nCS apart)
///   REF    every bank of the rank precharged since nRP; nRFC to the next command of the rank
///   channel one command a cycle
/// An auto-precharge acts as a PRE at the earliest cycle the rules above allow.
class BankTiming {
 public:
  static constexpr std::int64_t kClosed = -1;

  BankTiming(const Organisation& organisation, const Timing& timing);

  std::uint32_t rank_of(std::uint32_t bank) const { return bank >> rank_shift_; }
  std::int64_t open_row(std::uint32_t bank) const { return open_rows_[bank]; }

  /// Earliest cycle for the command, whether or not the bank's row suits it. REF concerns the rank
  /// of `bank`, whose banks must all be closed.
  Cycle earliest(Command command, std::uint32_t bank) const {
    const std::uint32_t rank = rank_of(bank);
    return command == Command::kRefresh ? earliest_refresh(rank)
                                        : std::max(of_banks(command)[bank], of_rank(command, rank));
  }
  /// Its two parts, for ACT, PRE, RD and WR: by the rules of each bank and its group, all banks one
  /// behind the other (padded so that vectors may be read from each); by those of the rank and the
  /// channel.
  const Cycle* of_banks(Command command) const {
    return earliest_[static_cast<std::size_t>(command)].data();
  }
  Cycle of_rank(Command command, std::uint32_t rank) const {
    return std::max(ranks_[rank].earliest[static_cast<std::size_t>(command)], bus_free_);
  }

  /// Issues a command at a cycle not before earliest(). `row` counts for ACT only.
  void activate(std::uint32_t bank, std::int64_t row, Cycle now);
  void precharge(std::uint32_t bank, Cycle now);
  void read(std::uint32_t bank, Cycle now);
  void write(std::uint32_t bank, Cycle now);
  void refresh(std::uint32_t rank, Cycle now);
  /// Closes the bank as soon as the rules allow, without a command: RDA, WRA.
  void auto_precharge(std::uint32_t bank);

  bool all_closed(std::uint32_t rank) const { return ranks_[rank].open_banks == 0; }
  /// Cycles up to `now` in which at least one bank of the rank was open.
  Cycle active_cycles(std::uint32_t rank, Cycle now) const;

 private:
  static constexpr std::uint32_t kFawWindow = 4;

  struct Rank {
    std::array<Cycle, 4> earliest = {};            // of ACT, PRE, RD and WR
    std::array<Cycle, kFawWindow> last_activates;  // for nFAW, oldest at next_activate
    std::uint32_t next_activate = 0;
    std::uint32_t open_banks = 0;
    Cycle opened = 0, active = 0;
  };

  void raise_group(std::size_t command, std::uint32_t bank, Cycle to);
  Cycle earliest_refresh(std::uint32_t rank) const;
  void close(std::uint32_t bank, Cycle when);

  Timing timing_;
  std::uint32_t banks_of_rank_, banks_of_group_;
  int rank_shift_;  // log2(banks_of_rank_): a division costs as much as a rule
  std::vector<std::int64_t> open_rows_;
  std::array<std::vector<Cycle>, 4> earliest_;  // of ACT, PRE, RD and WR, by bank
  std::vector<Rank> ranks_;
  Cycle bus_free_ = 0;
};

}  // namespace systolog::memory::dram
