// SPDX-License-Identifier: Apache-2.0
#include "sim/dram_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "models/user_error.h"
#include "sim/dram_trace.h"
#include "sim/json_file.h"
#include "sim/share.h"

namespace systolog::sim::test {
namespace {

using memory::dram::Kind;

TEST(DramPresets, AreFourAndReadWithoutComplaint) {
  const auto names = shared_names("configs/dram", ".json");
  EXPECT_GE(names.size(), 4U);
  for (const auto& name : names) {
    const DramFile file = read_dram(name);
    EXPECT_EQ(file.device.name, name);
    EXPECT_FALSE(file.timing_source.empty()) << name;
    EXPECT_FALSE(file.power.source.empty()) << name;
    EXPECT_FALSE(file.power.supplies.empty()) << name;
  }
}

struct Refusal {
  const char* override_;
  const char* expected;
};

TEST(DramPresets, AreRefusedWithTheFieldTheValueAndWhatIsAllowed) {
  for (const Refusal& r : {
           Refusal{"organisation.banks=0", "/organisation/banks: got 0, allowed integer 1 to 64"},
           Refusal{"timing.nrc=50", "nrc 50 is less than nras 39 + nrp 16 = 55"},
           Refusal{"timing.trcd=3", "trcd"},
           Refusal{"policy.mapping=RoBaCo", "/policy/mapping"},
           Refusal{"policy.page=half", "/policy/page"},
           Refusal{"power.supplies=[{}]", "volts"},
       }) {
    try {
      read_dram("DDR4-2400", {r.override_});
      FAIL() << r.override_;
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(r.expected), std::string::npos) << error.what();
    }
  }
}

class DramTraceTest : public testing::Test {
 protected:
  std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("dram_trace_" + std::to_string(getpid()));
  void TearDown() override { std::filesystem::remove(file_); }

  std::vector<memory::dram::TraceRequest> parse(const std::string& text) {
    write_file(file_, text);
    DramTrace trace(file_, 1 << 20);
    std::vector<memory::dram::TraceRequest> requests;
    while (const auto request = trace.next()) requests.push_back(*request);
    return requests;
  }
};

TEST_F(DramTraceTest, LinesAreCycleKindAddressTheCycleOptional) {
  const auto r = parse("# a comment\nR 40\n\n  12 W 0xFFfC0  # the last burst\r\n12\tR\t0X0");
  ASSERT_EQ(r.size(), 3U);
  EXPECT_FALSE(r[0].cycle);
  EXPECT_EQ(r[0].kind, Kind::kRead);
  EXPECT_EQ(r[0].address, 0x40U);
  EXPECT_EQ(r[1].cycle, 12);
  EXPECT_EQ(r[1].kind, Kind::kWrite);
  EXPECT_EQ(r[1].address, 0xfffc0U);
  EXPECT_EQ(r[2].address, 0U);
}

TEST_F(DramTraceTest, BadLinesAreRefusedWithNumberAndContent) {
  for (const Refusal& r : {
           Refusal{"R 0\nread 0\n", "line 2: \"read 0\" has neither R nor W"},
           Refusal{"R\n", "line 1: \"R\" has one field"},
           Refusal{"1 R 0 0\n", "has more than three fields"},
           Refusal{"R zz\n", "has no hexadecimal address"},
           Refusal{"R -1\n", "has no hexadecimal address"},
           Refusal{"R 10000000000000000\n", "has no hexadecimal address"},
           Refusal{"x R 0\n", "has no cycle"},
           Refusal{"-1 R 0\n", "has no cycle"},
           Refusal{"5 R 0\n4 R 0\n", "line 2: \"4 R 0\" goes back in time"},
           Refusal{"R 100000\n", "lies beyond the device's 1048576 bytes"},
       }) {
    try {
      parse(r.override_);
      FAIL() << r.override_;
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(r.expected), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(DramTrace("/does/not/exist", 64), UserError);
  EXPECT_THROW(DramTrace("/", 64), UserError);
}

}  // namespace
}  // namespace systolog::sim::test
