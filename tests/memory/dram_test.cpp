// SPDX-License-Identifier: Apache-2.0
// The DRAM as a TLM target: the simple model's law, and that a device behind the socket answers
// when `systolog dram` says it does.
#include "memory/dram.h"

#include <cmath>
#include <numeric>

#include "memory/dram/trace.h"
#include "tests/memory/storage_rules.h"

namespace systolog::memory::test {
namespace {

using Burst = SplitInitiator::Burst;
using dram::Cycle;
using dram::Kind;

class DramTest : public testing::Test {
 protected:
  std::optional<Dram> dram_;
  std::optional<SplitInitiator> split_;  // either of them is there
  std::optional<Initiator> host_;

  void build_simple(double bandwidth_gb_per_s, double latency_ns) {
    DramConfig config;
    config.capacity_bytes = kCapacity;
    config.bandwidth_gb_per_s = bandwidth_gb_per_s;
    config.latency_ns = latency_ns;
    dram_.emplace("dram", config);
  }
  void build_device(const dram::Device& device) {
    DramDevice standard;
    standard.device = device;
    dram_.emplace("dram", config_of(standard));
  }
  void connect_split() {
    split_.emplace("split");
    split_->out.bind(dram_->in);
  }
  void connect_host() {
    host_.emplace("host");
    host_->out.bind(dram_->in);
  }
  static constexpr std::uint64_t kCapacity = 1 << 20;
  static constexpr double kTck = 0.833;  // ns

  static Burst read(std::uint64_t address, std::size_t length, sc_time at) {
    return {tlm::TLM_READ_COMMAND, address, length, at};
  }
  static Burst write(std::uint64_t address, std::size_t length, sc_time at) {
    return {tlm::TLM_WRITE_COMMAND, address, length, at};
  }
  /// When memory cycle `cycle` begins.
  static sc_time at_cycle(Cycle cycle) { return ns(kTck) * static_cast<double>(cycle); }

  /// Answers of bursts sent all by themselves.
  std::vector<sc_time> answers(const std::vector<Burst>& bursts, double wait_ns = 1e6) {
    std::vector<sc_time> list;
    simulate([&] {
      split_->send(bursts);
      sc_core::wait(ns(wait_ns));
      for (const auto& reply : split_->replies) {
        EXPECT_EQ(reply.status, tlm::TLM_OK_RESPONSE);
        list.push_back(reply.at);
      }
    });
    return list;
  }
};

TEST_F(DramTest, TheSimpleModelTakesLengthOverBandwidthAndThenTheLatency) {
  build_simple(10.0, 30.0);  // 100 ps a byte
  connect_split();
  const auto at = answers(
      {write(0, 200, ns(100)), read(0, 100, ns(100)), read(64, 1, ns(125)), read(0, 256, ns(500))});
  EXPECT_EQ(at[0], ns(100 + 20 + 30));
  EXPECT_EQ(at[1], ns(100 + 20 + 10 + 30)) << "behind the transfer before, not its latency";
  EXPECT_EQ(at[2], ns(130.1 + 30));
  EXPECT_EQ(at[3], ns(500 + 25.6 + 30));
}

class Bandwidths : public DramTest, public testing::WithParamInterface<double> {};
INSTANTIATE_TEST_SUITE_P(GigabytesPerSecond, Bandwidths,
                         testing::Values(0.001, 1.0, 19.2, 25.6, 700.0, 900.0),
                         [](const auto& bandwidth) { return std::to_string(bandwidth.index); });

TEST_P(Bandwidths, AreKeptToThePicosecondOfABurst) {
  build_simple(GetParam(), 0.0);
  connect_split();
  constexpr int kBursts = 100;
  const auto at = answers(std::vector(kBursts, read(0, 256, ns(0))), 1e8);
  const double exact_ps = kBursts * 256 / GetParam() * 1e3;
  EXPECT_NEAR(at.back().to_seconds() * 1e12, exact_ps, 0.5 * kBursts + 1e-6 * exact_ps);
}

TEST_F(DramTest, ABlockingInitiatorWaitsUntilTheAnswer) {
  build_simple(10.0, 30.0);
  connect_host();
  simulate([&] {
    std::vector<std::byte> data(100);
    EXPECT_EQ(host_->read(0, data, ns(5)).delay, sc_core::SC_ZERO_TIME);
    EXPECT_EQ(sc_core::sc_time_stamp(), ns(5 + 10 + 30));
  });
}

TEST_F(DramTest, CountsWhatItMovesAndKeepsIt) {
  build_device({});
  connect_host();
  simulate([&] {
    Draw draw(3);
    const std::uint64_t address = dram::Organisation{}.capacity_bytes() - 1000;
    auto data = random_bytes(draw, 1000);
    EXPECT_EQ(host_->write(address, data).status, tlm::TLM_OK_RESPONSE);
    std::vector<std::byte> back(1000);
    EXPECT_EQ(host_->read(address, std::span(back).first(600)).status, tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(host_->debug(tlm::TLM_READ_COMMAND, address, back), 1000U);
    EXPECT_EQ(back, data);
    EXPECT_EQ(dram_->bytes_written(), 1000U);
    EXPECT_EQ(dram_->bytes_read(), 600U) << "debug accesses do not count";
  });
}

TEST_F(DramTest, RefusesWhatItCannotDoWithAResponseStatus) {
  build_simple(19.2, 30.0);
  connect_host();
  simulate([&] {
    expect_refusals(*host_, kCapacity);
    EXPECT_EQ(dram_->bytes_read() + dram_->bytes_written(), 0U);
  });
}

// Closed forms of DDR4-2400: nCL + nBL = 20 of an open row, nRCD = 16 more of a closed bank, nRP =
// 16 more of another row. A burst comes in the first memory cycle that does not begin before it.
TEST_F(DramTest, IdleReadsOfADeviceTakeTheClosedForms) {
  build_device({});
  connect_split();
  const auto at =
      answers({read(0, 64, at_cycle(0)), read(64, 64, at_cycle(500)),
               read(131'072, 64, at_cycle(1000)), read(131'072, 64, at_cycle(1500) + ns(0.001))});
  EXPECT_EQ(at[0], at_cycle(36));
  EXPECT_EQ(at[1], at_cycle(500 + 20));
  EXPECT_EQ(at[2], at_cycle(1000 + 52));
  EXPECT_EQ(at[3], at_cycle(1501 + 20));
}

TEST_F(DramTest, ABurstOfSeveralOfTheDevicesIsAnsweredWithTheLast) {
  build_device({});
  connect_split();
  // 256 bytes from the middle of one burst on touch five; a row's next read nCCD_L = 6 later.
  const auto at = answers({read(32, 256, at_cycle(0)), read(256, 256, at_cycle(500))});
  EXPECT_EQ(at[0], at_cycle(36 + 4 * 6));
  EXPECT_EQ(at[1], at_cycle(520 + 3 * 6));
}

TEST_F(DramTest, AWriteIsAnsweredWhenItIsQueuedAndALaterReadFindsItThere) {
  build_device({});
  connect_split();
  const auto at = answers({write(0, 64, at_cycle(10)), read(0, 64, at_cycle(11))});
  EXPECT_EQ(at[0], at_cycle(10));
  EXPECT_EQ(at[1], at_cycle(11 + 4)) << "a burst of nBL";
}

/// The devices' own latencies, cycle for cycle, by the trace of the command line's tool.
class Traces : public DramTest, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Patterns, Traces, testing::Range(0, 5));

TEST_P(Traces, BehindTheSocketTakeTheCyclesThatTheDramAloneTakes) {
  dram::Device device;
  if (GetParam() == 4) {  // queues that overflow, several channels
    device.organisation.channels = 4;
    device.policy.read_queue = 3;
    device.policy.write_queue = 4;
    device.policy.write_high = 3;
    device.policy.write_low = 1;
  }
  build_device(device);
  connect_split();
  Draw draw(static_cast<std::uint64_t>(GetParam()));
  std::vector<dram::TraceRequest> requests;
  std::vector<Burst> bursts;
  Cycle cycle = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const bool conflict = GetParam() == 0, saturated = GetParam() < 3;
    const std::uint64_t address = conflict          ? i % 1024 * 131'072
                                  : GetParam() == 1 ? i * 64
                                                    : draw.below(1 << 24) * 64;
    cycle += saturated ? 0 : static_cast<Cycle>(draw.below(20));
    const bool writes = GetParam() >= 2 && draw.one_in(3);
    requests.push_back({cycle, writes ? Kind::kWrite : Kind::kRead, address});
    bursts.push_back(writes ? write(address, 64, at_cycle(cycle))
                            : read(address, 64, at_cycle(cycle)));
  }
  std::size_t next = 0;
  const auto alone = dram::run_trace(device, [&]() -> std::optional<dram::TraceRequest> {
    if (next == requests.size()) return std::nullopt;
    return requests[next++];
  });
  simulate([&] {
    split_->send(bursts);
    sc_core::wait(ns(1e6));
    const DramUse use = dram_->finish().value();
    Cycle last = 0;
    for (std::size_t i = 0; i < bursts.size(); ++i) {
      if (requests[i].kind == Kind::kWrite) continue;
      last = std::max(last, static_cast<Cycle>(split_->replies[i].at / ns(kTck) + 0.5));
    }
    EXPECT_LE(last, alone.cycles);
    if (GetParam() < 2) {
      EXPECT_EQ(last, alone.cycles) << "reads only: the last one ends the run";
    }
    // The same commands but for refreshes, which go on while this test waits.
    EXPECT_EQ(use.counts.activates, alone.counts.activates);
    EXPECT_EQ(use.counts.reads, alone.counts.reads);
    EXPECT_EQ(use.counts.writes, alone.counts.writes);
    EXPECT_EQ(use.counts.row_hits, alone.counts.row_hits);
    EXPECT_EQ(use.counts.row_misses, alone.counts.row_misses);
    EXPECT_EQ(use.counts.row_conflicts, alone.counts.row_conflicts);
    EXPECT_EQ(use.counts.forwarded_reads, alone.counts.forwarded_reads);
  });
}

TEST_F(DramTest, CountsCommandsForTheStreamThatNeedsThem) {
  build_device({});
  connect_split();
  answers({read(0, 256, at_cycle(0)), write(131'072, 128, at_cycle(500))});
  const DramUse use = dram_->finish().value();
  ASSERT_EQ(use.streams.size(), 1U);  // payloads without a Stream
  EXPECT_EQ(use.streams[0].reads, 4U);
  EXPECT_EQ(use.streams[0].writes, 2U);
  EXPECT_EQ(use.streams[0].activates, 2U);
  EXPECT_EQ(use.counts.activates, 2U);
  EXPECT_GT(use.counts.refreshes, 0U) << "time has passed";
}

}  // namespace
}  // namespace systolog::memory::test
