// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/bank_timing.h"

namespace systolog::memory::dram {
namespace {

constexpr std::size_t kAct = 0, kPre = 1, kRd = 2, kWr = 3;  // as in Command

void raise(Cycle& earliest, Cycle to) { earliest = std::max(earliest, to); }

}  // namespace

BankTiming::BankTiming(const Organisation& organisation, const Timing& timing)
    : timing_(timing),
      banks_of_rank_(organisation.banks_of_rank()),
      banks_(organisation.banks_of_channel()),
      groups_(organisation.ranks * organisation.bank_groups),
      ranks_(organisation.ranks) {
  for (std::uint32_t b = 0; b < banks_.size(); ++b) {
    banks_[b].group = b / organisation.banks;
    banks_[b].rank = b / banks_of_rank_;
  }
  for (Rank& rank : ranks_) rank.last_activates.fill(-Cycle{timing.nfaw});
}

void BankTiming::activate(std::uint32_t bank, std::int64_t row, Cycle now) {
  Bank& b = banks_[bank];
  Rank& r = ranks_[b.rank];
  b.open_row = row;
  raise(b.earliest[kAct], now + timing_.nrc);
  raise(b.earliest[kPre], now + timing_.nras);
  raise(b.earliest[kRd], now + timing_.nrcd);
  raise(b.earliest[kWr], now + timing_.nrcd);
  raise(groups_[b.group][kAct], now + timing_.nrrd_l);
  r.last_activates[r.next_activate] = now;
  r.next_activate = (r.next_activate + 1) % kFawWindow;
  raise(r.earliest[kAct],
        std::max(now + timing_.nrrd_s, r.last_activates[r.next_activate] + timing_.nfaw));
  if (r.open_banks++ == 0) r.opened = now;
  bus_free_ = now + 1;
}

void BankTiming::precharge(std::uint32_t bank, Cycle now) {
  close(banks_[bank], now);
  bus_free_ = now + 1;
}

void BankTiming::auto_precharge(std::uint32_t bank) {
  close(banks_[bank], banks_[bank].earliest[kPre]);
}

void BankTiming::close(Bank& b, Cycle when) {
  Rank& r = ranks_[b.rank];
  b.open_row = kClosed;
  raise(b.earliest[kAct], when + timing_.nrp);
  if (--r.open_banks == 0) r.active += when - r.opened;
}

void BankTiming::read(std::uint32_t bank, Cycle now) {
  Bank& b = banks_[bank];
  raise(b.earliest[kPre], now + timing_.nrtp);
  raise(groups_[b.group][kRd], now + timing_.nccd_l);
  const Cycle burst_end = now + timing_.ncl + timing_.nbl;
  for (std::uint32_t r = 0; r < ranks_.size(); ++r) {
    const bool same = r == b.rank;
    raise(ranks_[r].earliest[kRd], now + (same ? timing_.nccd_s : timing_.nbl + timing_.ncs));
    raise(ranks_[r].earliest[kWr], burst_end + (same ? timing_.nturn : timing_.ncs) - timing_.ncwl);
  }
  bus_free_ = now + 1;
}

void BankTiming::write(std::uint32_t bank, Cycle now) {
  Bank& b = banks_[bank];
  const Cycle burst_end = now + timing_.ncwl + timing_.nbl;
  raise(b.earliest[kPre], burst_end + timing_.nwr);
  raise(groups_[b.group][kWr], now + timing_.nccd_l);
  raise(groups_[b.group][kRd], burst_end + timing_.nwtr_l);
  for (std::uint32_t r = 0; r < ranks_.size(); ++r) {
    const bool same = r == b.rank;
    raise(ranks_[r].earliest[kWr], now + (same ? timing_.nccd_s : timing_.nbl + timing_.ncs));
    raise(ranks_[r].earliest[kRd],
          same ? burst_end + timing_.nwtr_s : burst_end + timing_.ncs - timing_.ncl);
  }
  bus_free_ = now + 1;
}

void BankTiming::refresh(std::uint32_t rank, Cycle now) {
  for (std::uint32_t b = rank * banks_of_rank_; b < (rank + 1) * banks_of_rank_; ++b) {
    raise(banks_[b].earliest[kAct], now + timing_.nrfc);
  }
  bus_free_ = now + 1;
}

Cycle BankTiming::earliest_refresh(std::uint32_t rank) const {
  Cycle earliest = bus_free_;
  for (std::uint32_t b = rank * banks_of_rank_; b < (rank + 1) * banks_of_rank_; ++b) {
    raise(earliest, banks_[b].earliest[kAct]);
  }
  return earliest;
}

Cycle BankTiming::active_cycles(std::uint32_t rank, Cycle now) const {
  const Rank& r = ranks_[rank];
  return r.active + (r.open_banks > 0 ? now - r.opened : 0);
}

}  // namespace systolog::memory::dram
