// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace systolog::memory::dram {

/// Cycles of the memory clock (half the data rate).
using Cycle = std::int64_t;

/// One channel's geometry, times `channels`. Every count is a power of two.
struct Organisation {
  std::uint32_t channels = 1;
  std::uint32_t ranks = 1;
  std::uint32_t bank_groups = 4;
  std::uint32_t banks = 4;        // of a bank group
  std::uint32_t rows = 32'768;    // of a bank
  std::uint32_t columns = 1'024;  // of a row
  std::uint32_t bus_bits = 64;    // of a channel: all devices of a rank together
  std::uint32_t burst_length = 8;

  std::uint32_t banks_of_rank() const { return bank_groups * banks; }
  std::uint32_t banks_of_channel() const { return ranks * banks_of_rank(); }
  /// Bytes of one column command: what a request moves.
  std::uint32_t burst_bytes() const { return bus_bits / 8 * burst_length; }
  std::uint32_t bursts_of_row() const { return columns / burst_length; }
  std::uint64_t capacity_bytes() const {
    return std::uint64_t{channels} * banks_of_channel() * rows * bursts_of_row() * burst_bytes();
  }
};

/// Timing parameters in memory cycles, named as in the JEDEC standards (JESD79-3, -4, 209-4, 235).
/// _s: different bank group; _l: same bank group. All but nrefi at most kMostTiming.
inline constexpr std::uint32_t kMostTiming = 65'535;
struct Timing {
  double tck_ps = 833;
  std::uint32_t nbl = 4;  // data burst: burst_length / 2
  std::uint32_t ncl = 16, ncwl = 12;
  std::uint32_t nrcd = 16, nrp = 16, nras = 39, nrc = 55;
  std::uint32_t nccd_s = 4, nccd_l = 6;
  std::uint32_t nrrd_s = 4, nrrd_l = 6, nfaw = 26;
  std::uint32_t nwr = 18, nrtp = 9, nwtr_s = 3, nwtr_l = 9;
  std::uint32_t ncs = 2;    // between bursts of different ranks
  std::uint32_t nturn = 2;  // between a read's and a write's burst
  std::uint32_t nrfc = 313, nrefi = 9'364;
};

enum class PagePolicy { kOpen, kClosed };

/// How the controller queues and orders requests, per channel.
struct Policy {
  std::string mapping = "RoBaRaCoCh";  // AddressMap
  PagePolicy page = PagePolicy::kOpen;
  std::uint32_t read_queue = 32, write_queue = 32;
  /// Writes wait until so many are queued, then go out until so many are left.
  std::uint32_t write_high = 26, write_low = 6;
  bool refresh = true;
};

struct Device {
  std::string name = "DDR4-2400";
  Organisation organisation;
  Timing timing;
  Policy policy;
};

/// What contradicts itself in `device`, a sentence each that names the fields ("nrc 50 is less
/// than nras 39 + nrp 16 = 55"); empty where all is well.
std::vector<std::string> contradictions(const Device& device);

}  // namespace systolog::memory::dram
