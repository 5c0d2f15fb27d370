// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "memory/dram/device.h"

namespace systolog::memory::dram {

/// Where a burst lies.
struct Location {
  std::uint32_t channel = 0, rank = 0;
  std::uint32_t bank = 0;  // in its channel: (rank x bank_groups + bank group) x banks + bank
  std::uint32_t row = 0;
  std::uint32_t column = 0;  // of the burst in its row, in bursts
};

/// Splits a byte address into channel, rank, bank group, bank, row and column by a name such as
/// "RoBaRaCoCh": its fields from the most to the least significant, each once. Ro row, Ba bank and,
/// below it, bank group, Ra rank, Co column, Ch channel; the bits below are the byte in the burst.
class AddressMap {
 public:
  /// `name` must be valid_name().
  AddressMap(std::string_view name, const Organisation& organisation);

  /// `address` must be below the device's capacity.
  Location locate(std::uint64_t address) const;

  static bool valid_name(std::string_view name);
  static std::string allowed() { return "Ro, Ba, Ra, Co and Ch, each once, as in RoBaRaCoCh"; }

 private:
  enum Field { kRow, kBank, kBankGroup, kRank, kColumn, kChannel, kFields };
  struct Bits {
    int shift = 0;
    std::uint64_t mask = 0;
  };
  std::uint32_t extract(std::uint64_t address, Field field) const {
    return static_cast<std::uint32_t>(address >> bits_[field].shift & bits_[field].mask);
  }

  std::array<Bits, kFields> bits_;
  std::uint32_t bank_groups_, banks_;
};

}  // namespace systolog::memory::dram
