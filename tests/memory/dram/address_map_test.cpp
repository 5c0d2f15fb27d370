// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/address_map.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace systolog::memory::dram::test {
namespace {

TEST(AddressMap, TakesNamesOfTheFiveFieldsInAnyOrderOnce) {
  for (const auto* name : {"RoBaRaCoCh", "ChRaBaRoCo", "RoCoBaRaCh"}) {
    EXPECT_TRUE(AddressMap::valid_name(name)) << name;
  }
  for (const auto* name : {"", "Ro", "RoBaRaCo", "RoBaRaCoCo", "robaracoch", "RoBaRaCoChRo",
                           "oRBaRaCoCh", "RBoaRaCoCh"}) {
    EXPECT_FALSE(AddressMap::valid_name(name)) << name;
  }
}

// From the least significant bit: 6 bits of byte, then as the reference figures name them.
TEST(AddressMap, RoBaRaCoChIsRowBankBankGroupRankColumnByte) {
  const AddressMap map("RoBaRaCoCh", Organisation{.ranks = 2});
  EXPECT_EQ(map.locate(64).column, 1U);
  EXPECT_EQ(map.locate(8192).rank, 1U);
  EXPECT_EQ(map.locate(8192).bank, 16U);
  EXPECT_EQ(map.locate(2 * 8192).bank, 4U) << "the next bank group";
  EXPECT_EQ(map.locate(8 * 8192).bank, 1U) << "the next bank of the group";
  EXPECT_EQ(map.locate(32 * 8192).row, 1U);
  const AddressMap channels("RoBaRaCoCh", Organisation{.channels = 4});
  EXPECT_EQ(channels.locate(64).channel, 1U);
  EXPECT_EQ(channels.locate(256).column, 1U);
}

TEST(AddressMap, SendsEveryBurstToAPlaceOfItsOwn) {
  Organisation o{.channels = 2, .ranks = 2, .bank_groups = 2, .banks = 4, .rows = 8, .columns = 32};
  for (const auto* name : {"RoBaRaCoCh", "ChRaBaRoCo", "RoCoBaRaCh", "CoRoRaChBa"}) {
    const AddressMap map(name, o);
    std::set<std::tuple<unsigned, unsigned, unsigned, unsigned>> seen;
    for (std::uint64_t at = 0; at < o.capacity_bytes(); at += o.burst_bytes()) {
      const Location l = map.locate(at);
      EXPECT_LT(l.channel, o.channels);
      EXPECT_LT(l.bank, o.banks_of_channel());
      EXPECT_EQ(l.rank, l.bank / o.banks_of_rank());
      EXPECT_LT(l.row, o.rows);
      EXPECT_LT(l.column, o.bursts_of_row());
      seen.insert({l.channel, l.bank, l.row, l.column});
    }
    EXPECT_EQ(seen.size(), o.capacity_bytes() / o.burst_bytes()) << name;
  }
}

}  // namespace
}  // namespace systolog::memory::dram::test
