// SPDX-License-Identifier: Apache-2.0
#include "tests/memory/dram/jedec_oracle.h"

#include <algorithm>
#include <limits>

namespace systolog::memory::dram::test {

namespace {

bool is_column(Command c) { return c == Command::kRead || c == Command::kWrite; }

}  // namespace

// An auto-precharge becomes a PRE of its own in the history, at the first cycle allowed, which
// takes no slot of the command bus.
void JedecOracle::issue(Command command, std::uint32_t bank, Cycle cycle, bool auto_precharge) {
  history_.push_back({command, bank, cycle});
  if (!auto_precharge) return;
  Cycle when = cycle;
  for (const Past& past : history_) {
    if (past.bank != bank || past.command == Command::kPrecharge) continue;
    when = std::max(when, past.cycle + gap(past, Command::kPrecharge, bank));
  }
  history_.push_back({Command::kPrecharge, bank, when, true});
}

bool JedecOracle::is_open(std::uint32_t bank) const {
  bool open = false;
  for (const Past& past : history_) {
    if (past.bank != bank) continue;
    if (past.command == Command::kActivate) open = true;
    if (past.command == Command::kPrecharge) open = false;
  }
  return open;
}

/// Cycles that must lie between a past command and this one.
Cycle JedecOracle::gap(const Past& before, Command command, std::uint32_t bank) const {
  const std::uint32_t banks_of_rank = o_.bank_groups * o_.banks;
  const bool same_bank = before.bank == bank;
  const bool same_rank = before.bank / banks_of_rank == bank / banks_of_rank;
  const bool same_group = before.bank / o_.banks == bank / o_.banks;
  const bool was_read = before.command == Command::kRead;
  // The command bus; an auto-precharge is not on it and may lie in the future.
  Cycle least = before.auto_precharge ? std::numeric_limits<Cycle>::min() / 2 : 1;
  auto need = [&](Cycle cycles) { least = std::max(least, cycles); };
  if (before.command == Command::kActivate) {
    if (same_bank && is_column(command)) need(t_.nrcd);
    if (same_bank && command == Command::kPrecharge) need(t_.nras);
    if (same_bank && command == Command::kActivate) need(t_.nrc);
    if (same_rank && command == Command::kActivate) need(same_group ? t_.nrrd_l : t_.nrrd_s);
    if (same_rank && command == Command::kRefresh) need(t_.nrc);
  }
  if (before.command == Command::kPrecharge) {
    if (same_bank && command == Command::kActivate) need(t_.nrp);
    if (same_rank && command == Command::kRefresh) need(t_.nrp);
  }
  if (before.command == Command::kRefresh && same_rank &&
      (command == Command::kActivate || command == Command::kRefresh)) {
    need(t_.nrfc);
  }
  if (is_column(before.command)) {
    // When the burst of `before` ends and that of `command` begins, on the data bus.
    const Cycle ends = (was_read ? t_.ncl : t_.ncwl) + t_.nbl;
    const Cycle begins = command == Command::kRead ? t_.ncl : t_.ncwl;
    if (same_bank && command == Command::kPrecharge) {
      need(was_read ? Cycle{t_.nrtp} : ends + t_.nwr);
    }
    if (is_column(command) && !same_rank) need(ends + t_.ncs - begins);
    if (is_column(command) && same_rank) {
      if (before.command == command) {
        need(same_group ? t_.nccd_l : t_.nccd_s);
      } else if (was_read) {
        need(ends + t_.nturn - begins);
      } else {
        need(ends + (same_group ? t_.nwtr_l : t_.nwtr_s));
      }
    }
  }
  return least;
}

bool JedecOracle::faw_allows(std::uint32_t rank, Cycle cycle) const {
  int recent = 0;
  for (const Past& past : history_) {
    if (past.command == Command::kActivate && past.bank / (o_.bank_groups * o_.banks) == rank &&
        past.cycle > cycle - Cycle{t_.nfaw}) {
      ++recent;
    }
  }
  return recent < 4;
}

bool JedecOracle::allowed(Command command, std::uint32_t bank, Cycle cycle) const {
  for (const Past& past : history_) {
    if (cycle < past.cycle + gap(past, command, bank)) return false;
  }
  return command != Command::kActivate || faw_allows(bank / (o_.bank_groups * o_.banks), cycle);
}

Cycle JedecOracle::earliest(Command command, std::uint32_t bank) const {
  Cycle cycle = 0;
  for (const Past& past : history_) cycle = std::max(cycle, past.auto_precharge ? 0 : past.cycle);
  while (!allowed(command, bank, cycle)) ++cycle;
  return cycle;
}

}  // namespace systolog::memory::dram::test
