// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/bank_timing.h"

#include <gtest/gtest.h>

#include "tests/memory/dram/devices.h"
#include "tests/memory/dram/jedec_oracle.h"

namespace systolog::memory::dram::test {
namespace {

/// One rule: commands that lead up to it, and the cycle before which the last must not go.
struct Probe {
  struct Step {
    Command command;
    std::uint32_t bank;
  };
  const char* rule;
  std::vector<Step> before;  // each at its earliest cycle, the first at 1000
  Step probed;
  Cycle after_last;  // cycles from the last of `before`
};

// DDR4-2400R with two ranks: bank 1 shares bank 0's group, bank 4 does not, bank 16 is in rank 1.
const Timing kT;
constexpr Command kAct = Command::kActivate, kPre = Command::kPrecharge, kRd = Command::kRead,
                  kWr = Command::kWrite, kRef = Command::kRefresh;
const Probe kProbes[] = {
    {"tRCD to RD", {{kAct, 0}}, {kRd, 0}, kT.nrcd},
    {"tRCD to WR", {{kAct, 0}}, {kWr, 0}, kT.nrcd},
    {"tRAS", {{kAct, 0}}, {kPre, 0}, kT.nras},
    {"tRP", {{kAct, 0}, {kPre, 0}}, {kAct, 0}, kT.nrp},
    {"tRRD_S", {{kAct, 0}}, {kAct, 4}, kT.nrrd_s},
    {"tRRD_L", {{kAct, 0}}, {kAct, 1}, kT.nrrd_l},
    {"tFAW", {{kAct, 0}, {kAct, 4}, {kAct, 8}, {kAct, 12}}, {kAct, 1}, kT.nfaw - 3 * kT.nrrd_s},
    {"tCCD_S of reads", {{kAct, 0}, {kAct, 4}, {kRd, 0}}, {kRd, 4}, kT.nccd_s},
    {"tCCD_L of reads", {{kAct, 0}, {kAct, 1}, {kRd, 0}}, {kRd, 1}, kT.nccd_l},
    {"tCCD_S of writes", {{kAct, 0}, {kAct, 4}, {kWr, 0}}, {kWr, 4}, kT.nccd_s},
    {"tCCD_L of writes", {{kAct, 0}, {kAct, 1}, {kWr, 0}}, {kWr, 1}, kT.nccd_l},
    {"read to write", {{kAct, 0}, {kAct, 4}, {kRd, 0}}, {kWr, 4}, 16 + 4 + 2 - 12},
    {"tWTR_S", {{kAct, 0}, {kAct, 4}, {kWr, 0}}, {kRd, 4}, 12 + 4 + 3},
    {"tWTR_L", {{kAct, 0}, {kAct, 1}, {kWr, 0}}, {kRd, 1}, 12 + 4 + 9},
    {"tRTP",
     {{kAct, 0}, {kAct, 4}, {kRd, 4}, {kRd, 0}, {kRd, 0}, {kRd, 0}, {kRd, 0}},
     {kPre, 0},
     9},
    {"tWR", {{kAct, 0}, {kWr, 0}}, {kPre, 0}, 12 + 4 + 18},
    {"ranks, read to read", {{kAct, 0}, {kAct, 16}, {kRd, 0}}, {kRd, 16}, 4 + 2},
    {"ranks, write to write", {{kAct, 0}, {kAct, 16}, {kWr, 0}}, {kWr, 16}, 4 + 2},
    {"ranks, read to write", {{kAct, 0}, {kAct, 16}, {kRd, 0}}, {kWr, 16}, 16 + 4 + 2 - 12},
    {"ranks, write to read", {{kAct, 0}, {kAct, 16}, {kWr, 0}}, {kRd, 16}, 12 + 4 + 2 - 16},
    {"command bus", {{kAct, 0}}, {kAct, 16}, 1},
    {"tRP to REF", {{kAct, 0}, {kPre, 0}}, {kRef, 0}, kT.nrp},
    {"tRFC to ACT", {{kRef, 0}}, {kAct, 3}, kT.nrfc},
    {"tRFC to REF", {{kRef, 0}}, {kRef, 0}, kT.nrfc},
};

void apply(BankTiming& timing, Command command, std::uint32_t bank, Cycle now) {
  if (command == kAct) timing.activate(bank, 1, now);
  if (command == kPre) timing.precharge(bank, now);
  if (command == kRd) timing.read(bank, now);
  if (command == kWr) timing.write(bank, now);
  if (command == kRef) timing.refresh(bank, now);
}

class Rule : public testing::TestWithParam<Probe> {};
INSTANTIATE_TEST_SUITE_P(Jedec, Rule, testing::ValuesIn(kProbes), [](const auto& probe) {
  std::string name = probe.param.rule;
  std::erase_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
  return name;
});

TEST_P(Rule, HoldsOneCycleEarlyAndLetsGoOnTime) {
  Device device;
  device.organisation.ranks = 2;
  BankTiming timing(device.organisation, device.timing);
  JedecOracle oracle(device);
  Cycle last = 1000;
  for (const auto& [command, bank] : GetParam().before) {
    last = std::max(last, timing.earliest(command, bank));
    apply(timing, command, bank, last);
    oracle.issue(command, bank, last);
  }
  const auto [command, bank] = GetParam().probed;
  const Cycle on_time = last + GetParam().after_last;
  EXPECT_EQ(timing.earliest(command, bank), on_time) << GetParam().rule;
  EXPECT_FALSE(oracle.allowed(command, bank, on_time - 1)) << GetParam().rule;
  EXPECT_TRUE(oracle.allowed(command, bank, on_time)) << GetParam().rule;
}

// tRC needs a device where it is more than tRAS + tRP.
TEST(BankTiming, KeepsTRcWhereItIsLongerThanTRasAndTRp) {
  Device device;
  device.timing.nrc = 70;
  BankTiming timing(device.organisation, device.timing);
  timing.activate(0, 1, 100);
  timing.precharge(0, timing.earliest(kPre, 0));
  EXPECT_EQ(timing.earliest(kAct, 0), 170);
}

TEST(BankTiming, AgreesWithTheTableOfRulesOnRandomCommandsOfRandomDevices) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const Device device = random_device(random);
    const std::uint32_t banks = device.organisation.banks_of_channel();
    BankTiming timing(device.organisation, device.timing);
    JedecOracle oracle(device);
    for (int step = 0; step < 60; ++step) {
      const auto bank = static_cast<std::uint32_t>(random() % banks);
      const std::uint32_t rank = bank / device.organisation.banks_of_rank();
      Command command = kAct;
      if (oracle.is_open(bank)) {
        constexpr Command kChoices[] = {kPre, kRd, kRd, kWr, kWr};
        command = kChoices[random() % std::size(kChoices)];
      } else if (timing.all_closed(rank) && random() % 4 == 0) {
        command = kRef;
      }
      const Cycle earliest = timing.earliest(command, bank);
      ASSERT_EQ(earliest, oracle.earliest(command, bank))
          << "round " << round << " step " << step << " command " << static_cast<int>(command);
      const Cycle now = earliest + (random() % 3 == 0 ? static_cast<Cycle>(random() % 20) : 0);
      const bool closes = (command == kRd || command == kWr) && random() % 3 == 0;
      apply(timing, command, command == kRef ? rank : bank, now);
      if (closes) timing.auto_precharge(bank);
      oracle.issue(command, bank, now, closes);
    }
  }
}

}  // namespace
}  // namespace systolog::memory::dram::test
