// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set that Highway knows.
#include "memory/dram/bank_scan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "memory/dram/bank_scan.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace systolog::memory::dram {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

std::int64_t first(const BankScan& s) {
  const hn::ScalableTag<std::int64_t> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto now = hn::Set(d, s.now), nobody = hn::Set(d, kNobody);
  const auto rank_activate = hn::Set(d, s.rank_activate);
  const auto rank_precharge = hn::Set(d, s.rank_precharge);
  const auto rank_column = hn::Set(d, s.rank_column);
  const auto activate = hn::Zero(d), precharge = hn::Set(d, 1);
  auto best = nobody;
  for (std::size_t bank = 0; bank < s.banks; bank += lanes) {
    const auto wanted = hn::LoadU(d, s.wanted + bank);
    const auto activates = hn::Eq(wanted, activate), precharges = hn::Eq(wanted, precharge);
    auto cycle = hn::Max(hn::LoadU(d, s.column + bank), rank_column);
    cycle = hn::IfThenElse(precharges, hn::Max(hn::LoadU(d, s.precharge + bank), rank_precharge),
                           cycle);
    cycle =
        hn::IfThenElse(activates, hn::Max(hn::LoadU(d, s.activate + bank), rank_activate), cycle);
    const auto wait = hn::Sub(cycle, now);
    auto key = hn::Or(hn::ShiftLeft<kWaitShift>(wait), hn::LoadU(d, s.keys + bank));
    // Behind the last bank lie another rank's.
    if (bank + lanes > s.banks) {
      key = hn::IfThenElse(hn::FirstN(d, s.banks - bank), key, nobody);
    }
    best = hn::Min(best, key);
  }
  return hn::GetLane(hn::MinOfLanes(d, best));
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::memory::dram
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::memory::dram {

HWY_EXPORT(first);

std::int64_t first_of(const BankScan& scan) { return HWY_DYNAMIC_DISPATCH(first)(scan); }

}  // namespace systolog::memory::dram
#endif
