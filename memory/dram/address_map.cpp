// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/address_map.h"

#include <algorithm>
#include <bit>

namespace systolog::memory::dram {
namespace {

constexpr std::string_view kNames[] = {"Ro", "Ba", "Ra", "Co", "Ch"};

}  // namespace

bool AddressMap::valid_name(std::string_view name) {
  if (name.size() != 2 * std::size(kNames)) return false;
  return std::all_of(std::begin(kNames), std::end(kNames), [&](std::string_view field) {
    const auto at = name.find(field);
    return at != std::string_view::npos && at % 2 == 0;
  });
}

AddressMap::AddressMap(std::string_view name, const Organisation& organisation)
    : bank_groups_(organisation.bank_groups), banks_(organisation.banks) {
  int shift = std::bit_width(organisation.burst_bytes()) - 1;
  auto take = [&](Field field, std::uint32_t count) {
    bits_[field] = {shift, count - 1};
    shift += std::bit_width(count) - 1;
  };
  for (std::size_t at = name.size(); at > 0; at -= 2) {  // from the least significant field
    const std::string_view field = name.substr(at - 2, 2);
    if (field == "Ro") take(kRow, organisation.rows);
    if (field == "Ba") {
      take(kBankGroup, organisation.bank_groups);
      take(kBank, organisation.banks);
    }
    if (field == "Ra") take(kRank, organisation.ranks);
    if (field == "Co") take(kColumn, organisation.bursts_of_row());
    if (field == "Ch") take(kChannel, organisation.channels);
  }
}

Location AddressMap::locate(std::uint64_t address) const {
  Location l;
  l.channel = extract(address, kChannel);
  l.rank = extract(address, kRank);
  l.bank =
      (l.rank * bank_groups_ + extract(address, kBankGroup)) * banks_ + extract(address, kBank);
  l.row = extract(address, kRow);
  l.column = extract(address, kColumn);
  return l;
}

}  // namespace systolog::memory::dram
