// SPDX-License-Identifier: Apache-2.0
#include "memory/dram.h"

#include <cmath>

#include "tests/memory/storage_rules.h"

namespace systolog::memory::test {
namespace {

class DramTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kCapacity = 1 << 20;
  std::optional<Dram> dram_;
  Initiator host_{"host"};
  std::vector<std::byte> data_{4096};

  void build(double bandwidth_gb_per_s, double latency_ns) {
    dram_.emplace("dram", DramConfig{.capacity_bytes = kCapacity,
                                     .bandwidth_gb_per_s = bandwidth_gb_per_s,
                                     .latency_ns = latency_ns});
    host_.out.bind(dram_->in);
  }
  std::span<std::byte> bytes(std::size_t length) { return std::span(data_).first(length); }
};

TEST_F(DramTest, ABurstTakesItsLengthOverTheBandwidthAndThenTheLatency) {
  build(10.0, 30.0);  // 100 ps a byte
  simulate([&] {
    for (std::size_t length : {1, 2, 63, 64, 256, 4096}) {
      sc_core::wait(ns(1000));  // idle again
      EXPECT_EQ(host_.read(64, bytes(length), ns(3)).delay,
                ns(3) + ns(0.1) * static_cast<double>(length) + ns(30))
          << length << " bytes";
    }
  });
}

TEST_F(DramTest, ABurstWaitsForTheTransferBeforeItButNotForItsLatency) {
  build(10.0, 30.0);
  simulate([&] {
    sc_core::wait(ns(100));
    EXPECT_EQ(host_.write(0, bytes(200)).delay, ns(20 + 30));
    EXPECT_EQ(host_.read(0, bytes(100)).delay, ns(20 + 10 + 30));
    // One that comes while the channel is busy, by its annotated delay, waits for the rest.
    EXPECT_EQ(host_.read(0, bytes(100), ns(25)).delay, ns(20 + 10 + 10 + 30));
    // One that comes later than that does not.
    EXPECT_EQ(host_.read(0, bytes(100), ns(41)).delay, ns(41 + 10 + 30));
    EXPECT_EQ(sc_core::sc_time_stamp(), ns(100)) << "a DRAM never waits";
  });
}

class Bandwidths : public DramTest, public testing::WithParamInterface<double> {};
INSTANTIATE_TEST_SUITE_P(GigabytesPerSecond, Bandwidths,
                         testing::Values(0.001, 1.0, 19.2, 25.6, 700.0, 900.0),
                         [](const auto& bandwidth) { return std::to_string(bandwidth.index); });

TEST_P(Bandwidths, AreKeptToThePicosecondOfABurst) {
  build(GetParam(), 0.0);
  simulate([&] {
    constexpr int kBursts = 100;
    sc_time end;
    for (int i = 0; i < kBursts; ++i) end = host_.read(0, bytes(256)).delay;
    const double exact_ps = kBursts * 256 / GetParam() * 1e3;
    EXPECT_NEAR(end.to_seconds() * 1e12, exact_ps, 0.5 * kBursts + 1e-6 * exact_ps);
  });
}

TEST_F(DramTest, CountsWhatItMovesAndKeepsIt) {
  build(19.2, 30.0);
  simulate([&] {
    Draw draw(3);
    auto data = random_bytes(draw, 1000);
    EXPECT_EQ(host_.write(kCapacity - 1000, data).status, tlm::TLM_OK_RESPONSE);
    std::vector<std::byte> back(1000);
    EXPECT_EQ(host_.read(kCapacity - 1000, std::span(back).first(600)).status,
              tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(host_.debug(tlm::TLM_READ_COMMAND, kCapacity - 1000, back), 1000U);
    EXPECT_EQ(back, data);
    EXPECT_EQ(dram_->bytes_written(), 1000U);
    EXPECT_EQ(dram_->bytes_read(), 600U) << "debug accesses do not count";
  });
}

TEST_F(DramTest, RefusesWhatItCannotDoWithAResponseStatus) {
  build(19.2, 30.0);
  simulate([&] {
    expect_refusals(host_, kCapacity);
    EXPECT_EQ(dram_->bytes_read() + dram_->bytes_written(), 0U);
  });
}

}  // namespace
}  // namespace systolog::memory::test
