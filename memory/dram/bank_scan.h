// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "memory/dram/device.h"

namespace systolog::memory::dram {

// Which of many commands goes first, as one number that is least for it. From the top bit: cycles
// from now (below 2^20: no rule waits longer than the sum of four timing parameters, device.h),
// column commands before others, age (2^36 requests), and the bank, which orders nothing but says
// whose it is.
inline constexpr int kBankBits = 6, kAgeBits = 36;
inline constexpr int kWaitShift = kBankBits + kAgeBits + 1;
inline constexpr std::int64_t kRowCommand = std::int64_t{1} << (kBankBits + kAgeBits);
static_assert(4 * Cycle{kMostTiming} < Cycle{1} << (63 - kWaitShift));
inline constexpr std::int64_t kNobody = std::numeric_limits<std::int64_t>::max();

/// Elements that must be readable behind the last bank's: the widest vector's.
inline constexpr std::size_t kScanPadding = 8;

/// The banks of one rank, and what each wants to do next.
struct BankScan {
  std::size_t banks;
  Cycle now;
  /// Commands 0 and 1 and one of 2 and 3 (Command: ACT, PRE, RD or WR): by the rules of each bank,
  /// and of the rank, which is not before `now`.
  const Cycle *activate, *precharge, *column;
  Cycle rank_activate, rank_precharge, rank_column;
  const std::int64_t* wanted;  // the Command
  const std::int64_t* keys;    // its key without the wait, kNobody of a bank without a request
};

/// The least key with its wait; kNobody where no bank wants anything. Vectorised over the banks.
std::int64_t first_of(const BankScan& scan);

}  // namespace systolog::memory::dram
