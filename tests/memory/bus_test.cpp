// SPDX-License-Identifier: Apache-2.0
#include "memory/bus.h"

#include "tests/memory/support.h"

namespace systolog::memory::test {
namespace {

class BusTest : public testing::Test {
 protected:
  const sc_time period_ = ns(2);
  const BusConfig config_{.width_bytes = 16, .latency_cycles = 5};
  Bus bus_{"bus", config_, period_};
  Initiator load_{"load"}, store_{"store"}, host_{"host"};
  Recorder memory_{"memory", 8192, ns(1)};
  std::vector<std::byte> data_{4096};

  void SetUp() override {
    load_.out.bind(bus_.load);
    store_.out.bind(bus_.store);
    host_.out.bind(bus_.host);
    bus_.out.bind(memory_.in);
  }
  std::span<std::byte> bytes(std::size_t length) { return std::span(data_).first(length); }
};

TEST_F(BusTest, ReachesTheMemoryALatencyAfterTheStartAndHoldsTheBusForItsBeats) {
  simulate([&] {
    sc_core::wait(ns(100));
    // 33 bytes are three beats of two nanoseconds: longer than the memory's own nanosecond.
    EXPECT_EQ(load_.read(64, bytes(33), ns(4)).delay, ns(4 + 10 + 6));
    EXPECT_EQ(memory_.accesses.back(), (Recorder::Access{false, 64, 33, ns(100 + 4 + 10)}));
    // Meanwhile the other channel: it starts when the beats are over, not a cycle earlier.
    EXPECT_EQ(store_.write(0, bytes(16), ns(6)).delay, ns(10 + 10 + 2));
    EXPECT_EQ(memory_.accesses.back(), (Recorder::Access{true, 0, 16, ns(100 + 10 + 10)}));
    // And when the bus is idle at once.
    EXPECT_EQ(load_.read(0, bytes(1), ns(50)).delay, ns(50 + 10 + 2));
    EXPECT_EQ(sc_core::sc_time_stamp(), ns(100)) << "a bus never waits";
  });
}

TEST_F(BusTest, ServesInTheOrderOfTheCallsAndNeverTwoAtATime) {
  simulate([&] {
    Draw draw(4);
    sc_time free;  // when the last beat of the burst before has left
    std::uint64_t moved = 0;
    for (int i = 0; i < 500; ++i) {
      if (draw.one_in(4)) sc_core::wait(ns(static_cast<double>(draw.below(200))));
      const std::size_t length = draw.between(1, 300);
      const sc_time delay = ns(static_cast<double>(draw.below(40)));
      const sc_time now = sc_core::sc_time_stamp();
      const sc_time start = std::max(now + delay, free);
      const sc_time beats = period_ * static_cast<double>((length + 15) / 16);
      Initiator& port = draw.one_in(2) ? load_ : store_;
      ASSERT_EQ(port.read(0, bytes(length), delay).delay,
                start + ns(10) + std::max(beats, ns(1)) - now)
          << "burst " << i << " of " << length << " bytes";
      ASSERT_EQ(memory_.accesses.back().start, start + ns(10));
      free = start + beats;
      moved += length;
    }
    EXPECT_EQ(bus_.bytes(), moved);
  });
}

TEST_F(BusTest, LetsTheDebuggerThroughWithoutTimeOrCounts) {
  simulate([&] {
    EXPECT_EQ(host_.debug(tlm::TLM_WRITE_COMMAND, 0, bytes(100)), 100U);
    EXPECT_EQ(bus_.bytes(), 0U);
    EXPECT_EQ(load_.read(0, bytes(16)).delay, ns(10 + 2)) << "the bus was not held";
  });
}

TEST_F(BusTest, PassesTheMemorysRefusalOn) {
  simulate([&] {
    memory_.good_accesses = 0;
    memory_.refusal = tlm::TLM_ADDRESS_ERROR_RESPONSE;
    EXPECT_EQ(load_.read(0, bytes(16)).status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  });
}

}  // namespace
}  // namespace systolog::memory::test
