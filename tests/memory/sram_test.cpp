// SPDX-License-Identifier: Apache-2.0
#include "memory/sram.h"

#include "tests/memory/storage_rules.h"

namespace systolog::memory::test {
namespace {

class Scratchpads : public testing::Test {
 protected:
  static constexpr std::uint64_t kCapacity = 1000;
  const sc_time period_ = ns(2);
  const SramConfig config_{.capacity_bytes = kCapacity,
                           .port_width_bytes = 8,
                           .access_latency_cycles = 3,
                           .banks = 2,
                           .ports = 1};
  Sram sram_{"sram", config_, period_};
  Initiator load_{"load"}, store_{"store"}, array_{"array"}, vector_{"vector"};
  const std::vector<Initiator*> ports_{&load_, &store_, &array_, &vector_};

  void SetUp() override {
    load_.out.bind(sram_.load);
    store_.out.bind(sram_.store);
    array_.out.bind(sram_.array);
    vector_.out.bind(sram_.vector);
  }
};

TEST_F(Scratchpads, GiveBackWhatWasWrittenThroughAnyPort) {
  simulate([&] {
    Draw draw(1);
    std::vector<std::byte> expected(kCapacity);  // all zero at the start
    std::uint64_t read = 0, written = 0;
    for (int i = 0; i < 3000; ++i) {
      const std::uint64_t address = draw.below(kCapacity);
      const std::uint64_t length = draw.between(1, kCapacity - address);
      Initiator& port = *ports_[draw.below(ports_.size())];
      const auto stored = std::span(expected).subspan(address, length);
      if (draw.one_in(2)) {
        auto data = random_bytes(draw, length);
        ASSERT_EQ(port.write(address, data).status, tlm::TLM_OK_RESPONSE);
        std::copy(data.begin(), data.end(), stored.begin());
        written += length;
      } else {
        std::vector<std::byte> data(length);
        ASSERT_EQ(port.read(address, data).status, tlm::TLM_OK_RESPONSE);
        ASSERT_TRUE(std::equal(data.begin(), data.end(), stored.begin()))
            << length << " bytes from " << address;
        read += length;
      }
    }
    EXPECT_EQ(sram_.bytes_read(), read);
    EXPECT_EQ(sram_.bytes_written(), written);
  });
}

TEST_F(Scratchpads, TakeTheirLatencyAndACycleForAWordOfEachBank) {
  simulate([&] {
    std::vector<std::byte> data(kCapacity);
    for (std::size_t length = 1; length <= 100; ++length) {
      const auto cycles = 3.0 + static_cast<double>((length + 15) / 16);
      const auto reply = load_.write(0, std::span(data).first(length), ns(5));
      ASSERT_EQ(reply.delay, ns(5) + period_ * cycles) << length << " bytes";
      ASSERT_EQ(array_.read(0, std::span(data).first(length)).delay, period_ * cycles);
    }
    EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME) << "a scratchpad never waits";
  });
}

TEST(PortLedger, CountsAWordOnceItHasMovedAndNotBefore) {
  PortLedger ledger;
  Draw draw(3);
  std::vector<std::uint64_t> before(4000);  // words that move in each cycle
  std::uint64_t sum = 0;
  for (std::uint64_t now = 0; now < 3000; ++now) {
    ASSERT_EQ(ledger.moved(now), sum) << "cycle " << now;
    if (draw.one_in(5)) {
      const std::uint64_t begin = now + draw.below(20), cycles = draw.between(1, 50),
                          words = draw.below(200);
      ledger.book(begin, cycles, words);
      for (std::uint64_t c = 0; c < cycles; ++c) {
        before[begin + c] += words * (c + 1) / cycles - words * c / cycles;
      }
    }
    sum += before[now];
  }
}

TEST_F(Scratchpads, OfFewPortsBookTheWordsOfTheDmasBurstsBehindTheirLatency) {
  simulate([&] {
    std::vector<std::byte> data(100);
    load_.write(0, std::span(data).first(33), ns(3));  // from 9 ns on: the 5th edge
    store_.read(0, std::span(data).first(8));          // cycle 3
    array_.read(0, data);
    vector_.write(0, data);
    std::vector<std::uint64_t> moved;
    for (std::uint64_t cycle = 0; cycle < 10; ++cycle) {
      moved.push_back(sram_.dma_words.moved(cycle));
    }
    EXPECT_EQ(moved, (std::vector<std::uint64_t>{0, 0, 0, 0, 1, 1, 2, 4, 6, 6}));
    EXPECT_EQ(sram_.vector_words.moved(10), 0U) << "the vector unit's are booked by its commands";
  });
}

TEST_F(Scratchpads, RefuseWhatTheyCannotDoWithAResponseStatus) {
  simulate([&] {
    for (Initiator* port : ports_) expect_refusals(*port, kCapacity);
    EXPECT_EQ(sram_.bytes_read() + sram_.bytes_written(), 0U);
  });
}

TEST_F(Scratchpads, LetTheDebuggerInWithoutTimeOrCounts) {
  simulate([&] {
    Draw draw(2);
    auto data = random_bytes(draw, 300);
    EXPECT_EQ(vector_.debug(tlm::TLM_WRITE_COMMAND, 700, data), 300U);
    std::vector<std::byte> back(300);
    EXPECT_EQ(store_.debug(tlm::TLM_READ_COMMAND, 700, back), 300U);
    EXPECT_EQ(back, data);
    EXPECT_EQ(sram_.bytes_read() + sram_.bytes_written(), 0U);
    EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME);
  });
}

}  // namespace
}  // namespace systolog::memory::test
