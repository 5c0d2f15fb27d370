// SPDX-License-Identifier: Apache-2.0
#include "memory/bus.h"

#include <map>

#include "tests/memory/support.h"

namespace systolog::memory::test {
namespace {

using Burst = SplitInitiator::Burst;

class BusTest : public testing::Test {
 protected:
  const sc_time period_ = ns(2);
  BusConfig config_{.width_bytes = 16, .latency_cycles = 5};
  std::optional<Bus> bus_;
  SplitInitiator load_{"load"}, store_{"store"};
  Initiator host_{"host"};
  SplitRecorder memory_{"memory", 1 << 16, ns(1)};

  void build(Arbitration arbitration = Arbitration::kRoundRobin) {
    config_.arbitration = arbitration;
    bus_.emplace("bus", config_, period_);
    load_.out.bind(bus_->load);
    store_.out.bind(bus_->store);
    host_.out.bind(bus_->host);
    bus_->out.bind(memory_.in);
  }
  static Burst read(std::uint64_t address, std::size_t length, double at_ns) {
    return {tlm::TLM_READ_COMMAND, address, length, ns(at_ns)};
  }
  static Burst write(std::uint64_t address, std::size_t length, double at_ns) {
    return {tlm::TLM_WRITE_COMMAND, address, length, ns(at_ns)};
  }
};

TEST_F(BusTest, GrantsInTheNextCycleReachesTheMemoryALatencyLaterAndHoldsTheBusForItsBeats) {
  build();
  simulate([&] {
    // 33 bytes are three beats of two nanoseconds: longer than the memory's own nanosecond.
    load_.send({read(64, 33, 104), read(0, 1, 200)});
    store_.send({write(0, 16, 106)});
    sc_core::wait(ns(300));
    ASSERT_EQ(memory_.accesses.size(), 3U);
    EXPECT_EQ(memory_.accesses[0], (Recorder::Access{false, 64, 33, ns(104 + 2 + 10)}));
    EXPECT_EQ(load_.replies[0].at, ns(106 + 10 + 6)) << "with its last beat";
    // Meanwhile the other channel: it is granted when the beats are over, not a cycle earlier.
    EXPECT_EQ(memory_.accesses[1], (Recorder::Access{true, 0, 16, ns(106 + 6 + 10)}));
    EXPECT_EQ(store_.replies[0].at, ns(112 + 10 + 2));
    EXPECT_EQ(memory_.accesses[2].start, ns(200 + 2 + 10));
    EXPECT_EQ(bus_->bytes(), 50U);
  });
}

/// Who got each grant, of `each` bursts a port that all wait from time 0 on.
std::string order_of(SplitRecorder& memory) {
  std::string order;
  for (const auto& access : memory.accesses) order += access.is_write ? 's' : 'l';
  return order;
}

TEST_F(BusTest, InRoundRobinTheChannelsTakeTurnsWhoeverCameFirst) {
  build();
  simulate([&] {
    store_.send(std::vector(3, write(0, 64, 0)));
    load_.send(std::vector(4, read(0, 64, 0)));
    sc_core::wait(ns(500));
    EXPECT_EQ(order_of(memory_), "lslslsl");
  });
}

TEST_F(BusTest, WithFixedPriorityLoadsGoFirstWhoeverCameFirst) {
  build(Arbitration::kFixedPriority);
  simulate([&] {
    store_.send(std::vector(3, write(0, 64, 0)));
    load_.send(std::vector(4, read(0, 64, 0)));
    sc_core::wait(ns(500));
    EXPECT_EQ(order_of(memory_), "llllsss");
  });
}

TEST_F(BusTest, NeverCarriesTwoBurstsAtATimeAndIsNeverIdleWhileOneWaits) {
  build();
  simulate([&] {
    Draw draw(4);
    std::map<SplitInitiator*, std::vector<Burst>> sent;
    std::uint64_t moved = 0;
    for (SplitInitiator* port : {&load_, &store_}) {
      double at = 0;
      for (int i = 0; i < 300; ++i) {
        at += 2.0 * static_cast<double>(draw.one_in(8) ? draw.below(200) : draw.below(10));
        const std::size_t length = draw.between(1, 300);
        sent[port].push_back(port == &load_ ? read(0, length, at) : write(0, length, at));
        moved += length;
      }
      port->send(sent[port]);
    }
    sc_core::wait(ns(100'000));
    EXPECT_EQ(bus_->bytes(), moved);
    ASSERT_EQ(memory_.accesses.size(), 600U);
    sc_time free;
    std::size_t next[2] = {0, 0};
    sc_time taken[2];  // when the port's burst before was granted
    for (const auto& access : memory_.accesses) {
      const std::size_t p = access.is_write ? 1 : 0;
      const Burst& burst = sent[p == 0 ? &load_ : &store_][next[p]++];
      const sc_time grant = access.start - ns(10);
      ASSERT_EQ(access.length, burst.length);
      ASSERT_GE(grant, free);
      const sc_time asked = std::max(burst.at, taken[p]) + period_;
      ASSERT_GE(grant, asked);
      if (grant > free) {
        ASSERT_EQ(grant, asked);
      }
      taken[p] = grant;
      free = grant + period_ * static_cast<double>((burst.length + 15) / 16);
    }
  });
}

TEST_F(BusTest, ServesASimpleInitiatorThatBlocks) {
  build();
  simulate([&] {
    std::vector<std::byte> data(33);
    EXPECT_EQ(host_.read(64, data, ns(4)).status, tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(sc_core::sc_time_stamp(), ns(4 + 2 + 10 + 6));
  });
}

TEST_F(BusTest, LetsTheDebuggerThroughWithoutTimeOrCounts) {
  build();
  simulate([&] {
    std::vector<std::byte> data(100);
    EXPECT_EQ(host_.debug(tlm::TLM_WRITE_COMMAND, 0, data), 100U);
    EXPECT_EQ(bus_->bytes(), 0U);
    EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME);
  });
}

TEST_F(BusTest, PassesTheMemorysRefusalOn) {
  build();
  simulate([&] {
    memory_.good_accesses = 0;
    memory_.refusal = tlm::TLM_ADDRESS_ERROR_RESPONSE;
    load_.send({read(0, 16, 0), read(0, 16, 0)});
    sc_core::wait(ns(200));
    EXPECT_EQ(load_.replies[0].status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(load_.replies[1].status, tlm::TLM_OK_RESPONSE);
  });
}

}  // namespace
}  // namespace systolog::memory::test
