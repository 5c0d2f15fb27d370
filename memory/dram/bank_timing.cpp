// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/bank_timing.h"

#include <bit>

#include "memory/dram/bank_scan.h"

namespace systolog::memory::dram {
namespace {

constexpr std::size_t kAct = 0, kPre = 1, kRd = 2, kWr = 3;  // as in Command

void raise(Cycle& earliest, Cycle to) { earliest = std::max(earliest, to); }

}  // namespace

BankTiming::BankTiming(const Organisation& organisation, const Timing& timing)
    : timing_(timing),
      banks_of_rank_(organisation.banks_of_rank()),
      banks_of_group_(organisation.banks),
      rank_shift_(std::countr_zero(banks_of_rank_)),
      open_rows_(organisation.banks_of_channel(), kClosed),
      ranks_(organisation.ranks) {
  for (auto& command : earliest_) command.resize(organisation.banks_of_channel() + kScanPadding);
  for (Rank& rank : ranks_) rank.last_activates.fill(-Cycle{timing.nfaw});
}

void BankTiming::raise_group(std::size_t command, std::uint32_t bank, Cycle to) {
  const std::uint32_t first = bank & ~(banks_of_group_ - 1);
  for (std::uint32_t b = first; b < first + banks_of_group_; ++b) raise(earliest_[command][b], to);
}

void BankTiming::activate(std::uint32_t bank, std::int64_t row, Cycle now) {
  Rank& r = ranks_[rank_of(bank)];
  open_rows_[bank] = row;
  raise_group(kAct, bank, now + timing_.nrrd_l);
  raise(earliest_[kAct][bank], now + timing_.nrc);
  raise(earliest_[kPre][bank], now + timing_.nras);
  raise(earliest_[kRd][bank], now + timing_.nrcd);
  raise(earliest_[kWr][bank], now + timing_.nrcd);
  r.last_activates[r.next_activate] = now;
  r.next_activate = (r.next_activate + 1) % kFawWindow;
  raise(r.earliest[kAct],
        std::max(now + timing_.nrrd_s, r.last_activates[r.next_activate] + timing_.nfaw));
  if (r.open_banks++ == 0) r.opened = now;
  bus_free_ = now + 1;
}

void BankTiming::precharge(std::uint32_t bank, Cycle now) {
  close(bank, now);
  bus_free_ = now + 1;
}

void BankTiming::auto_precharge(std::uint32_t bank) { close(bank, earliest_[kPre][bank]); }

void BankTiming::close(std::uint32_t bank, Cycle when) {
  Rank& r = ranks_[rank_of(bank)];
  open_rows_[bank] = kClosed;
  raise(earliest_[kAct][bank], when + timing_.nrp);
  if (--r.open_banks == 0) r.active += when - r.opened;
}

void BankTiming::read(std::uint32_t bank, Cycle now) {
  raise(earliest_[kPre][bank], now + timing_.nrtp);
  raise_group(kRd, bank, now + timing_.nccd_l);
  const Cycle burst_end = now + timing_.ncl + timing_.nbl;
  for (Rank& r : ranks_) {
    const bool same = &r == &ranks_[rank_of(bank)];
    raise(r.earliest[kRd], now + (same ? timing_.nccd_s : timing_.nbl + timing_.ncs));
    raise(r.earliest[kWr], burst_end + (same ? timing_.nturn : timing_.ncs) - timing_.ncwl);
  }
  bus_free_ = now + 1;
}

void BankTiming::write(std::uint32_t bank, Cycle now) {
  const Cycle burst_end = now + timing_.ncwl + timing_.nbl;
  raise(earliest_[kPre][bank], burst_end + timing_.nwr);
  raise_group(kWr, bank, now + timing_.nccd_l);
  raise_group(kRd, bank, burst_end + timing_.nwtr_l);
  for (Rank& r : ranks_) {
    const bool same = &r == &ranks_[rank_of(bank)];
    raise(r.earliest[kWr], now + (same ? timing_.nccd_s : timing_.nbl + timing_.ncs));
    raise(r.earliest[kRd],
          same ? burst_end + timing_.nwtr_s : burst_end + timing_.ncs - timing_.ncl);
  }
  bus_free_ = now + 1;
}

void BankTiming::refresh(std::uint32_t rank, Cycle now) {
  for (std::uint32_t b = rank * banks_of_rank_; b < (rank + 1) * banks_of_rank_; ++b) {
    raise(earliest_[kAct][b], now + timing_.nrfc);
  }
  bus_free_ = now + 1;
}

Cycle BankTiming::earliest_refresh(std::uint32_t rank) const {
  Cycle earliest = bus_free_;
  for (std::uint32_t b = rank * banks_of_rank_; b < (rank + 1) * banks_of_rank_; ++b) {
    raise(earliest, earliest_[kAct][b]);
  }
  return earliest;
}

Cycle BankTiming::active_cycles(std::uint32_t rank, Cycle now) const {
  const Rank& r = ranks_[rank];
  return r.active + (r.open_banks > 0 ? now - r.opened : 0);
}

}  // namespace systolog::memory::dram
