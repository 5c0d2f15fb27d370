// SPDX-License-Identifier: Apache-2.0
#include "memory/transfer.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

#include "tests/memory/random_transfer.h"

namespace systolog::memory::test {
namespace {

using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// Byte by byte, what goes where, from the header's sentence about run (i, j, k).
Pairs byte_pairs(const Transfer& t) {
  Pairs pairs;
  for (std::uint64_t i = 0; i < t.count[0]; ++i) {
    for (std::uint64_t j = 0; j < t.count[1]; ++j) {
      for (std::uint64_t k = 0; k < t.count[2]; ++k) {
        for (std::uint64_t b = 0; b < t.run_bytes; ++b) {
          const auto at = [&](const Transfer::Side& side) {
            return side.address + i * side.stride[0] + j * side.stride[1] + k * side.stride[2] + b;
          };
          pairs.emplace_back(at(t.dram), at(t.local));
        }
      }
    }
  }
  return pairs;
}

TEST(Transfer, VisitsItsRunsInOrderAndKnowsItsBytesAndEnds) {
  Draw draw(5);
  for (int i = 0; i < 500; ++i) {
    const Transfer t = random_transfer(draw);
    const Pairs expected = byte_pairs(t);
    Pairs got;
    t.for_each_run([&](std::uint64_t dram, std::uint64_t local) {
      for (std::uint64_t b = 0; b < t.run_bytes; ++b) got.emplace_back(dram + b, local + b);
    });
    ASSERT_EQ(got, expected);
    ASSERT_EQ(t.bytes(), expected.size());
    std::uint64_t dram_end = 0, local_end = 0;
    for (const auto& [dram, local] : expected) {
      dram_end = std::max(dram_end, dram + 1);
      local_end = std::max(local_end, local + 1);
    }
    ASSERT_EQ(t.end(t.dram), dram_end);
    ASSERT_EQ(t.end(t.local), local_end);
  }
}

TEST(Transfer, MovesTheSameBytesInTheSameOrderWhenMerged) {
  Draw draw(6);
  int shorter = 0;
  for (int i = 0; i < 2000; ++i) {
    const Transfer t = random_transfer(draw);
    const Transfer m = merged(t);
    ASSERT_EQ(byte_pairs(m), byte_pairs(t));
    ASSERT_EQ(m.direction, t.direction);
    ASSERT_EQ(m.scratchpad, t.scratchpad);
    ASSERT_LE(m.runs(), t.runs());
    shorter += m.runs() < t.runs() ? 1 : 0;
  }
  EXPECT_GT(shorter, 200) << "the draw has contiguous dimensions";
}

TEST(Transfer, AWholeContiguousTileBecomesOneRun) {
  Transfer t;
  t.run_bytes = 6;
  t.count = {2, 3, 4};
  t.dram = {100, {72, 24, 6}};
  t.local = {0, {72, 24, 6}};
  EXPECT_EQ(merged(t).runs(), 1U);
  EXPECT_EQ(merged(t).run_bytes, 2U * 3 * 4 * 6);
  t.dram.stride[1] = 30;  // rows of a wider image
  EXPECT_EQ(merged(t).runs(), 6U) << "a row each";
}

}  // namespace
}  // namespace systolog::memory::test
