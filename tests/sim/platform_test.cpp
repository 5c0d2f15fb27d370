// SPDX-License-Identifier: Apache-2.0
// The platform by itself: data in and out, and commands that go wrong end the run, not hang it.
#include "sim/platform.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace systolog::sim::test {
namespace {

class PlatformTest : public testing::Test {
 protected:
  const std::shared_ptr<const models::Arithmetic> arithmetic_ =
      models::make_arithmetic("int:8/exact/int:32");
  AcceleratorConfig config_;
  Platform platform_{"platform", config_, *arithmetic_};

  static memory::Transfer transfer(memory::Transfer::Direction direction, std::uint64_t dram) {
    memory::Transfer t;
    t.direction = direction;
    t.scratchpad = memory::Scratchpad::kOutput;
    t.dram.address = dram;
    t.run_bytes = 100;
    return t;
  }
  static constexpr auto kLoad = memory::Transfer::Direction::kLoad;
  static constexpr auto kStore = memory::Transfer::Direction::kStore;

  /// The message of the logic_error that a run ends with.
  std::string failure_of(const Program& program) {
    try {
      platform_.run([&] { platform_.processor.run(program); });
    } catch (const std::logic_error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(PlatformTest, MovesBytesThroughAScratchpadAndBack) {
  std::vector<std::byte> bytes(100), back(100);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7);
  Program program;
  program.commands = {{0, transfer(kLoad, 1000), {}}, {0, transfer(kStore, 5000), {0}}};
  platform_.run([&] {
    platform_.write_dram(1000, bytes);
    EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME) << "the host takes no time";
    EXPECT_EQ(platform_.processor.run(program).size(), 2U);
    platform_.read_dram(5000, back);
  });
  EXPECT_EQ(back, bytes);
  EXPECT_EQ(platform_.dram.bytes_read(), 100U) << "the host's accesses do not count";
}

TEST_F(PlatformTest, ACommandOutsideTheMemoryEndsTheRunNamingItselfThoughOthersWaitForIt) {
  Program program;
  program.commands = {{0, transfer(kLoad, 0), {}},
                      {3, transfer(kLoad, config_.dram.capacity_bytes - 50), {}},
                      {3, transfer(kStore, 0), {1}},
                      {4, pe::VectorOp{}, {2}}};
  const std::string message = failure_of(program);
  EXPECT_NE(message.find("command 1 of layer 3"), std::string::npos) << message;
}

TEST_F(PlatformTest, AMatmulOutsideItsScratchpadEndsTheRun) {
  pe::Matmul matmul;
  matmul.weight_address = config_.weight_sram.capacity_bytes;
  Program program;
  program.commands = {{0, matmul, {}}};
  EXPECT_NE(failure_of(program).find("command 0 of layer 0"), std::string::npos);
}

TEST_F(PlatformTest, TheHostsExceptionLeavesTheRun) {
  EXPECT_THROW(platform_.run([] { throw std::runtime_error("host"); }), std::runtime_error);
}

TEST_F(PlatformTest, TheHostCannotReachOutsideTheDram) {
  std::vector<std::byte> bytes(2);
  EXPECT_THROW(platform_.run([&] { platform_.write_dram(config_.dram.capacity_bytes - 1, bytes); }),
               std::logic_error);
}

}  // namespace
}  // namespace systolog::sim::test
