// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/controller.h"

#include <algorithm>
#include <cassert>

#include "memory/dram/bank_scan.h"

namespace systolog::memory::dram {

Counts& Counts::operator+=(const Counts& other) {
  activates += other.activates;
  precharges += other.precharges;
  reads += other.reads;
  writes += other.writes;
  refreshes += other.refreshes;
  row_hits += other.row_hits;
  row_misses += other.row_misses;
  row_conflicts += other.row_conflicts;
  forwarded_reads += other.forwarded_reads;
  active_cycles += other.active_cycles;
  return *this;
}

Controller::Controller(const Device& device, OnDone on_done)
    : timing_(device.timing),
      policy_(device.policy),
      banks_of_rank_(device.organisation.banks_of_rank()),
      banks_(device.organisation, device.timing),
      on_done_(std::move(on_done)),
      due_(device.organisation.ranks) {
  auto prepare = [&](Queue& queue, std::uint32_t size) {
    queue.slots.resize(size);
    for (std::uint32_t slot = size; slot > 0; --slot) queue.free.push_back(slot - 1);
    const std::size_t banks = device.organisation.banks_of_channel();
    queue.banks.resize(banks);
    queue.wanted.resize(banks + kScanPadding);
    queue.keys.resize(banks + kScanPadding, kNobody);
  };
  prepare(reads_, policy_.read_queue);
  prepare(writes_, policy_.write_queue);
  writes_.column = Command::kWrite;
  const Cycle ranks = device.organisation.ranks;
  for (Cycle rank = 0; rank < ranks; ++rank) {
    due_[static_cast<std::size_t>(rank)] = timing_.nrefi * (rank + 1) / ranks;
  }
  if (policy_.refresh) first_due_ = due_.front();
}

void Controller::submit(Kind kind, const Location& location, std::uint64_t tag, Cycle now) {
  assert(!full(kind));
  if (idle()) finish(now);
  now_ = std::max(now_, now);
  chosen_ = chosen_ && choice_.cycle >= now_;
  if (kind == Kind::kRead) {
    for (std::uint32_t slot = writes_.banks[location.bank].head; slot != kNone;
         slot = writes_.slots[slot].next) {
      const Request& write = writes_.slots[slot];
      if (write.row == location.row && write.column == location.column) {
        ++counts_.forwarded_reads;
        forwarded_ = std::max(forwarded_, now) + timing_.nbl;
        on_done_(tag, forwarded_);
        return;
      }
    }
  }
  Queue& q = kind == Kind::kRead ? reads_ : writes_;
  const std::uint32_t slot = q.free.back();
  q.free.pop_back();
  q.slots[slot] = {tag, order_++, location.row, location.column, kNone, false};
  BankList& list = q.banks[location.bank];
  if (list.hit == kNone && banks_.open_row(location.bank) == std::int64_t{location.row}) {
    list.hit = slot;
    list.before_hit = list.tail;
  }
  (list.tail == kNone ? list.head : q.slots[list.tail].next) = slot;
  list.tail = slot;
  ++list.to_row(location.row);
  settle(q, location.bank);
  ++q.size;
  chosen_ = chosen_ && still_first(q, location.bank);
}

/// Whether the command chosen is still the first one, now that `bank` has another request.
bool Controller::still_first(const Queue& q, std::uint32_t bank) const {
  if (drains_next() != choice_.draining || choice_.cycle >= first_due_) return false;
  const bool concerned = choice_.draining == (&q == &writes_);
  if (!concerned) return true;
  if (bank == choice_.bank) return q.wanted[bank] == static_cast<std::int64_t>(choice_.command);
  return key_of(q, bank) > key_of(q, choice_.bank);
}

Cycle Controller::next_cycle() {
  if (!chosen_) {
    choose();
    chosen_ = true;
  }
  return choice_.cycle;
}

// Told from the last command's direction, so that it does not matter how often it is asked.
bool Controller::drains_next() const {
  if (draining_) return reads_.size == 0 ? writes_.size > 0 : writes_.size > policy_.write_low;
  return writes_.size >= policy_.write_high || (reads_.size == 0 && writes_.size > 0);
}

std::int64_t Controller::key_of(const Queue& q, std::uint32_t bank) const {
  const Cycle cycle = std::max(banks_.earliest(static_cast<Command>(q.wanted[bank]), bank), now_);
  return (cycle - now_) << kWaitShift | q.keys[bank];
}

void Controller::choose() {
  choice_.cycle = kNever;
  if (idle()) return;
  const bool draining = drains_next();
  choice_.draining = draining;
  const Queue& q = draining ? writes_ : reads_;
  const Cycle* activate = banks_.of_banks(Command::kActivate);
  const Cycle* precharge = banks_.of_banks(Command::kPrecharge);
  const Cycle* column = banks_.of_banks(q.column);
  std::int64_t best = kNobody;
  for (std::uint32_t rank = 0; rank < due_.size(); ++rank) {
    const std::uint32_t bank = rank * banks_of_rank_;
    const auto of_rank = [&](Command c) { return std::max(banks_.of_rank(c, rank), now_); };
    const std::int64_t first =
        first_of({banks_of_rank_, now_, activate + bank, precharge + bank, column + bank,
                  of_rank(Command::kActivate), of_rank(Command::kPrecharge), of_rank(q.column),
                  &q.wanted[bank], &q.keys[bank]});
    if (first >= best) continue;
    const Cycle cycle = now_ + (first >> kWaitShift);
    if (cycle >= refresh_due(rank)) continue;
    best = first;
    const auto chosen = static_cast<std::uint32_t>(first & ((1 << kBankBits) - 1));
    choice_.set(cycle, static_cast<Command>(q.wanted[chosen]), chosen);
  }
  if (choice_.cycle < first_due_) return;
  Choice refresh;
  for (std::uint32_t rank = 0; rank < due_.size(); ++rank) {
    if (refresh_due(rank) > choice_.cycle) continue;
    const Choice wanted = choose_refresh(rank);
    if (wanted.cycle < refresh.cycle) refresh = wanted;
  }
  if (refresh.cycle <= choice_.cycle) choice_.set(refresh.cycle, refresh.command, refresh.bank);
}

Controller::Choice Controller::choose_refresh(std::uint32_t rank) const {
  const std::uint32_t first = rank * banks_of_rank_;
  const Cycle from = std::max(now_, refresh_due(rank));
  Choice choice;
  if (banks_.all_closed(rank)) {
    choice.set(std::max(from, banks_.earliest(Command::kRefresh, first)), Command::kRefresh, first);
    return choice;
  }
  for (std::uint32_t bank = first; bank < first + banks_of_rank_; ++bank) {
    if (banks_.open_row(bank) == BankTiming::kClosed) continue;
    const Cycle cycle = std::max(from, banks_.earliest(Command::kPrecharge, bank));
    if (cycle < choice.cycle) choice.set(cycle, Command::kPrecharge, bank);
  }
  return choice;
}

void Controller::count_outcome(Request& request, std::uint64_t& outcome) {
  if (!request.touched) ++outcome;
  request.touched = true;
}

void Controller::issue() {
  const Cycle now = choice_.cycle;
  const Command command = choice_.command;
  const std::uint32_t bank = choice_.bank;
  assert(chosen_ && now != kNever);
  chosen_ = false;
  draining_ = choice_.draining;
  now_ = now;
  switch (command) {
    case Command::kActivate: {
      Request& oldest = queue().slots[queue().banks[bank].head];
      count_outcome(oldest, counts_.row_misses);
      banks_.activate(bank, oldest.row, now);
      ++counts_.activates;
      find_hits_of(bank);
      observe(command, bank, now, oldest.tag);
      break;
    }
    case Command::kPrecharge: {
      const BankList& list = queue().banks[bank];
      std::uint64_t tag = kNoTag;
      if (refresh_due(banks_.rank_of(bank)) > now) {
        Request& oldest = queue().slots[list.head];
        count_outcome(oldest, counts_.row_conflicts);
        tag = oldest.tag;
      }
      banks_.precharge(bank, now);
      ++counts_.precharges;
      find_hits_of(bank);
      observe(command, bank, now, tag);
      break;
    }
    case Command::kRead:
    case Command::kWrite:
      issue_column(bank, now);
      break;
    case Command::kRefresh: {
      const std::uint32_t rank = banks_.rank_of(bank);
      banks_.refresh(rank, now);
      ++counts_.refreshes;
      due_[rank] += timing_.nrefi;
      first_due_ = *std::min_element(due_.begin(), due_.end());
      observe(command, bank, now, kNoTag);
      break;
    }
  }
}

void Controller::issue_column(std::uint32_t bank, Cycle now) {
  Queue& q = queue();
  BankList& list = q.banks[bank];
  const std::uint32_t slot = list.hit;
  Request& request = q.slots[slot];
  count_outcome(request, counts_.row_hits);
  const std::uint32_t after = request.next;
  (list.before_hit == kNone ? list.head : q.slots[list.before_hit].next) = after;
  if (list.tail == slot) list.tail = list.before_hit;
  --list.to_row(request.row);
  --q.size;
  q.free.push_back(slot);
  find_hit(q, bank, after, list.before_hit);

  const bool reading = !draining_;
  if (reading) {
    banks_.read(bank, now);
    ++counts_.reads;
  } else {
    banks_.write(bank, now);
    ++counts_.writes;
  }
  const bool close = policy_.page == PagePolicy::kClosed && reads_.banks[bank].hit == kNone &&
                     writes_.banks[bank].hit == kNone;
  observe(reading ? Command::kRead : Command::kWrite, bank, now, request.tag, close);
  if (close) {
    banks_.auto_precharge(bank);
    ++counts_.precharges;
    find_hits_of(bank);
  }
  on_done_(request.tag, now + (reading ? timing_.ncl : timing_.ncwl) + timing_.nbl);
}

void Controller::find_hit(Queue& q, std::uint32_t bank, std::uint32_t from,
                          std::uint32_t before) const {
  const std::int64_t row = banks_.open_row(bank);
  BankList& list = q.banks[bank];
  list.hit = list.before_hit = kNone;
  if (row == BankTiming::kClosed || list.to_row(static_cast<std::uint64_t>(row)) == 0) from = kNone;
  for (std::uint32_t slot = from; slot != kNone; before = slot, slot = q.slots[slot].next) {
    if (q.slots[slot].row == row) {
      list.hit = slot;
      list.before_hit = before;
      break;
    }
  }
  settle(q, bank);
}

void Controller::settle(Queue& q, std::uint32_t bank) const {
  const BankList& list = q.banks[bank];
  if (list.head == kNone) {
    q.keys[bank] = kNobody;
    return;
  }
  const bool hit = list.hit != kNone;
  const std::uint64_t order = q.slots[hit ? list.hit : list.head].order;
  const auto column = static_cast<std::int64_t>(q.column);
  const std::int64_t row_command = banks_.open_row(bank) == BankTiming::kClosed ? 0 : 1;
  q.wanted[bank] = hit ? column : row_command;  // ACT, PRE: Command
  q.keys[bank] = static_cast<std::int64_t>(order << kBankBits | bank) | (hit ? 0 : kRowCommand);
}

void Controller::find_hits_of(std::uint32_t bank) {
  for (Queue* q : {&reads_, &writes_}) {
    const std::uint32_t oldest = q->banks[bank].head;
    if (oldest != kNone) find_hit(*q, bank, oldest, kNone);
  }
}

void Controller::finish(Cycle now) {
  // Idle: nothing but refreshes can be due.
  assert(idle());
  while (first_due_ <= now) {
    for (std::uint32_t rank = 0; rank < due_.size(); ++rank) skip_refreshes(rank, now);
    for (std::uint32_t rank = 0; rank < due_.size(); ++rank) {
      if (refresh_due(rank) != first_due_) continue;
      const Choice refresh = choose_refresh(rank);
      if (refresh.cycle > now) return;
      choice_.set(refresh.cycle, refresh.command, refresh.bank);
      choice_.draining = false;
      chosen_ = true;
      issue();
      break;
    }
  }
}

/// Between the first refreshes of an idle rank, which close its banks, and the last before `now`
/// nothing differs.
void Controller::skip_refreshes(std::uint32_t rank, Cycle now) {
  constexpr Cycle kLeft = 4, kWorthIt = 1000;
  const Cycle idle = (now - due_[rank]) / timing_.nrefi;
  if (idle < kWorthIt || !banks_.all_closed(rank)) return;
  counts_.refreshes += static_cast<std::uint64_t>(idle - kLeft);
  due_[rank] += (idle - kLeft) * timing_.nrefi;
  first_due_ = *std::min_element(due_.begin(), due_.end());
}

Counts Controller::counts(Cycle now) const {
  Counts counts = counts_;
  for (std::uint32_t rank = 0; rank < due_.size(); ++rank) {
    counts.active_cycles += banks_.active_cycles(rank, now);
  }
  return counts;
}

void Controller::observe(Command command, std::uint32_t bank, Cycle now, std::uint64_t tag,
                         bool auto_precharge) const {
  if (on_command_) on_command_({command, bank, banks_.open_row(bank), now, auto_precharge, tag});
}

}  // namespace systolog::memory::dram
