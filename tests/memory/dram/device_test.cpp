// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/device.h"

#include <gtest/gtest.h>

#include "memory/dram/energy.h"
#include "tests/memory/dram/devices.h"

namespace systolog::memory::dram::test {
namespace {

struct Mistake {
  const char* expected;
  void (*make)(Device&);
};

const Mistake kMistakes[] = {
    {"banks 3 is not a power of two", [](Device& d) { d.organisation.banks = 3; }},
    {"rows 0 is not a power of two", [](Device& d) { d.organisation.rows = 0; }},
    {"bus_bits 4 is less than 8", [](Device& d) { d.organisation.bus_bits = 4; }},
    {"columns 4 is less than burst_length 8", [](Device& d) { d.organisation.columns = 4; }},
    {"ranks x bank_groups x banks 128 is more than the 64",
     [](Device& d) { d.organisation.ranks = 8; }},
    {"larger than 2^48 bytes",
     [](Device& d) {
       d.organisation.rows = 1U << 24;
       d.organisation.columns = 1U << 16;
       d.organisation.channels = 64;
     }},
    {"nbl 3 is not half of burst_length 8", [](Device& d) { d.timing.nbl = 3; }},
    {"nrc 54 is less than nras 39 + nrp 16 = 55", [](Device& d) { d.timing.nrc = 54; }},
    {"nras 10 is less than nrcd 16", [](Device& d) { d.timing.nras = 10; }},
    {"nccd_s 3 is less than nbl 4", [](Device& d) { d.timing.nccd_s = 3; }},
    {"nccd_l 3 is less than nccd_s 4", [](Device& d) { d.timing.nccd_l = 3; }},
    {"nrrd_l 3 is less than nrrd_s 4", [](Device& d) { d.timing.nrrd_l = 3; }},
    {"nfaw 3 is less than nrrd_s 4", [](Device& d) { d.timing.nfaw = 3; }},
    {"nwtr_l 2 is less than nwtr_s 3", [](Device& d) { d.timing.nwtr_l = 2; }},
    {"ncl 11 is less than ncwl 12", [](Device& d) { d.timing.ncl = 11; }},
    {"nrc 55 is less than nrrd_l 56", [](Device& d) { d.timing.nrrd_l = 56; }},
    {"nfaw 65536 is more than 65535", [](Device& d) { d.timing.nfaw = 65'536; }},
    {"nrefi 368 leaves no time", [](Device& d) { d.timing.nrefi = 368; }},
    {"write_queue 25 is less than write_high 26", [](Device& d) { d.policy.write_queue = 25; }},
    {"write_high 26 is not more than write_low 26", [](Device& d) { d.policy.write_low = 26; }},
};

TEST(Contradictions, AreNoneInWhatIsShipped) {
  EXPECT_TRUE(contradictions(Device{}).empty());
  EXPECT_TRUE(contradictions(ddr3_1600()).empty());
}

TEST(Contradictions, NameTheFieldsAndTheirValues) {
  for (const Mistake& mistake : kMistakes) {
    Device device;
    mistake.make(device);
    const auto found = contradictions(device);
    ASSERT_FALSE(found.empty()) << mistake.expected;
    EXPECT_NE(found.front().find(mistake.expected), std::string::npos)
        << "got: " << found.front() << "\nexpected: " << mistake.expected;
  }
}

// By hand, one command of each kind, one supply of 1.2 V, 8 devices, cycles of 0.833 ns.
TEST(Energy, IsTheDatasheetsArithmetic) {
  const Device device;
  const Power power{8, {{1.2, 60, 45, 58, 145, 175, 175}}, ""};
  Counts counts;
  counts.activates = counts.reads = counts.writes = counts.refreshes = 1;
  counts.active_cycles = 100;
  const Energy e = energy(device, power, counts, 1000);
  const double pj = 1.2 * 8 * 0.833;
  EXPECT_NEAR(e.activate, pj * (60 * 55 - 58 * 39 - 45 * 16), 1e-6);
  EXPECT_NEAR(e.read, pj * (145 - 58) * 4, 1e-6);
  EXPECT_NEAR(e.write, pj * (175 - 58) * 4, 1e-6);
  EXPECT_NEAR(e.refresh, pj * (175 - 58) * 313, 1e-6);
  EXPECT_NEAR(e.background, pj * (58 * 100 + 45 * 900), 1e-6);
  EXPECT_NEAR(e.total(), e.activate + e.read + e.write + e.refresh + e.background, 1e-6);
}

}  // namespace
}  // namespace systolog::memory::dram::test
