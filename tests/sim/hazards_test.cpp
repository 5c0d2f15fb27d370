// SPDX-License-Identifier: Apache-2.0
#include "sim/hazards.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "tests/draw.h"

namespace systolog::sim {
namespace {

using systolog::test::Draw;

/// A byte of memory and who touched it last.
struct Byte {
  std::optional<std::uint32_t> writer;
  std::set<std::uint32_t> readers;  // since that write
};

/// Whom an access must wait for: a read for the bytes' writers, a write also for their readers.
std::set<std::uint32_t> touch(std::vector<Byte>& memory, std::uint32_t command, std::uint64_t begin,
                              std::uint64_t end, bool write) {
  std::set<std::uint32_t> conflicts;
  for (std::uint64_t b = begin; b < end; ++b) {
    Byte& byte = memory[b];
    if (byte.writer) conflicts.insert(*byte.writer);
    if (write) {
      conflicts.insert(byte.readers.begin(), byte.readers.end());
      byte = {command, {}};
    } else {
      byte.readers.insert(command);
    }
  }
  return conflicts;
}

TEST(HazardTracker, FindsExactlyTheWritersAndReadersOfTheBytesSinceTheirLastWrite) {
  Draw draw(1);
  for (int run = 0; run < 50; ++run) {
    constexpr std::uint64_t kBytes = 40;
    std::vector<Byte> memory(kBytes);
    HazardTracker tracker;
    for (std::uint32_t command = 0; command < 200; ++command) {
      const std::uint64_t begin = draw.below(kBytes), end = draw.between(begin + 1, kBytes);
      const bool write = draw.one_in(2);
      std::vector<std::uint32_t> got;
      tracker.access(command, begin, end, write, got);
      ASSERT_EQ(std::set<std::uint32_t>(got.begin(), got.end()),
                touch(memory, command, begin, end, write))
          << (write ? "write" : "read") << " of [" << begin << ", " << end << ") by " << command;
    }
  }
}

TEST(HazardTracker, AReadWaitsForTheWriteAWriteForBothReadsDoNotWaitForEachOther) {
  HazardTracker tracker;
  const auto conflicts = [&](std::uint32_t command, bool write) {
    std::vector<std::uint32_t> found;
    tracker.access(command, 0, 8, write, found);
    return std::set<std::uint32_t>(found.begin(), found.end());
  };
  using Set = std::set<std::uint32_t>;
  EXPECT_EQ(conflicts(0, true), Set{});
  EXPECT_EQ(conflicts(1, false), Set{0}) << "read after write";
  EXPECT_EQ(conflicts(2, false), Set{0}) << "reads go together";
  EXPECT_EQ(conflicts(3, true), (Set{0, 1, 2})) << "write after read and after write";
  EXPECT_EQ(conflicts(4, false), Set{3}) << "the last write stands for those before";
}

TEST(ReducedConflicts, AreTheLatestOfEachOtherEngineInOrder) {
  Draw draw(2);
  std::vector<Command> commands(60);
  for (Command& command : commands) {
    memory::Transfer store;
    store.direction = memory::Transfer::Direction::kStore;
    const std::vector<decltype(command.work)> works = {memory::Transfer{}, store, pe::Matmul{},
                                                       pe::VectorOp{}};
    command.work = works[draw.below(4)];
  }
  for (int run = 0; run < 200; ++run) {
    std::vector<std::uint32_t> conflicts;
    for (std::uint64_t left = draw.below(20); left > 0; --left) {
      conflicts.push_back(static_cast<std::uint32_t>(draw.below(commands.size())));
    }
    const auto own = static_cast<Engine>(draw.below(kEngines));
    std::set<std::uint32_t> expected;
    for (const std::uint32_t c : conflicts) {
      const Engine engine = engine_of(commands[c]);
      bool is_latest = engine != own;
      for (const std::uint32_t other : conflicts) {
        if (engine_of(commands[other]) == engine && other > c) is_latest = false;
      }
      if (is_latest) expected.insert(c);
    }
    ASSERT_EQ(reduce(conflicts, commands, own),
              std::vector<std::uint32_t>(expected.begin(), expected.end()));
  }
}

}  // namespace
}  // namespace systolog::sim
