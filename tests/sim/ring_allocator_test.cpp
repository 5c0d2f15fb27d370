// SPDX-License-Identifier: Apache-2.0
#include "sim/ring_allocator.h"

#include <gtest/gtest.h>

#include "tests/draw.h"

namespace systolog::sim {
namespace {

using systolog::test::Draw;

TEST(RingAllocator, HandsOutAlignedRegionsInsideTheCapacityOneBehindTheOtherOrFromZero) {
  Draw draw(1);
  for (int run = 0; run < 100; ++run) {
    const std::uint64_t capacity = draw.between(1, 2000);
    RingAllocator ring(capacity);
    std::uint64_t behind = 0;
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t bytes = draw.between(1, draw.one_in(4) ? capacity : 1 + capacity / 4);
      const auto region = ring.allocate(bytes);
      ASSERT_EQ(region.end - region.begin, bytes);
      ASSERT_LE(region.end, capacity);
      ASSERT_EQ(region.begin % 16, 0U);
      ASSERT_EQ(region.begin, behind + bytes <= capacity ? behind : 0);
      behind = (region.end + 15) / 16 * 16;
    }
  }
}

TEST(RingAllocator, AlternatesBetweenTilesOfHalfTheCapacity) {
  Draw draw(2);
  for (int run = 0; run < 100; ++run) {
    const std::uint64_t capacity = 32 * draw.between(1, 60);
    RingAllocator ring(capacity);
    const std::uint64_t bytes = draw.between(1, capacity / 2);
    auto before = ring.allocate(bytes);
    for (int i = 0; i < 50; ++i) {
      const auto next = ring.allocate(bytes);
      ASSERT_FALSE(next.overlaps(before)) << bytes << " of " << capacity << " bytes";
      before = next;
    }
  }
}

TEST(RingAllocator, TakesATileOfTheWholeCapacity) {
  RingAllocator ring(100);
  EXPECT_EQ(ring.allocate(100).end, 100U);
  EXPECT_EQ(ring.allocate(100).begin, 0U);
}

TEST(RingAllocator, WithoutAlternationBeginsEveryRegionWhereTheOneBeforeDid) {
  RingAllocator ring(100, /*alternates=*/false);
  EXPECT_EQ(ring.allocate(20).begin, 0U);
  EXPECT_EQ(ring.allocate(90).begin, 0U);
  ring.use(32, 100);
  EXPECT_EQ(ring.allocate(8).begin, 32U);
  EXPECT_EQ(ring.allocate(8).begin, 32U);
}

}  // namespace
}  // namespace systolog::sim
