// SPDX-License-Identifier: Apache-2.0
// DMA channels on the real bus, DRAM and scratchpads: latency bounds few outstanding bursts, the
// slower of bus and DRAM many.
#include <optional>

#include "memory/bus.h"
#include "memory/dma.h"
#include "memory/dram.h"
#include "memory/sram.h"
#include "tests/memory/support.h"

namespace systolog::memory::test {
namespace {

constexpr std::uint32_t kBurst = 256;
// With a clock of 1 ns: a cycle to the grant and 4 of bus latency, 256 B / 8 GB/s, 30 ns of DRAM
// latency, and 1 + 256/64 cycles of the scratchpad.
constexpr double kBus = 5, kTransfer = 32, kDram = 30, kSram = 5;

class DmaOnBus : public testing::Test {
 protected:
  const sc_time period_ = ns(1);
  Dram dram_{
      "dram",
      {.capacity_bytes = 1 << 20, .bandwidth_gb_per_s = 8.0, .latency_ns = kDram, .device = {}}};
  std::optional<Bus> bus_;
  std::optional<Dma> load_, store_;
  const SramConfig sram_{.capacity_bytes = 1 << 16};
  Sram input_{"input", sram_, period_}, weight_{"weight", sram_, period_},
      output_{"output", sram_, period_};
  Initiator host_{"host"}, load_commands_{"load_commands"}, store_commands_{"store_commands"};
  // Ports nobody uses here.
  Initiator idle_[6] = {Initiator("a"), Initiator("b"), Initiator("c"),
                        Initiator("d"), Initiator("e"), Initiator("f")};

  void build(std::uint32_t bus_width_bytes, std::uint32_t outstanding) {
    const DmaConfig dma{.burst_bytes = kBurst, .outstanding_bursts = outstanding};
    bus_.emplace("bus", BusConfig{.width_bytes = bus_width_bytes, .latency_cycles = 4}, period_);
    load_.emplace("load", dma, period_);
    store_.emplace("store", dma, period_);
    load_commands_.out.bind(load_->command);
    store_commands_.out.bind(store_->command);
    host_.out.bind(bus_->host);
    load_->bus.bind(bus_->load);
    store_->bus.bind(bus_->store);
    bus_->out.bind(dram_.in);
    std::size_t next = 0;
    for (const auto& [sram, load, store] : {std::tuple{&input_, &load_->input, &store_->input},
                                            {&weight_, &load_->weight, &store_->weight},
                                            {&output_, &load_->output, &store_->output}}) {
      load->bind(sram->load);
      store->bind(sram->store);
      idle_[next++].out.bind(sram->array);
      idle_[next++].out.bind(sram->vector);
    }
  }

  /// Moves `bursts` bursts; returns how long it took [ns].
  static double move(Initiator& channel, Transfer::Direction direction, std::uint32_t bursts) {
    Transfer t;
    t.direction = direction;
    t.run_bytes = kBurst * bursts;
    const sc_time start = sc_core::sc_time_stamp();
    const auto reply = channel.write(0, std::as_writable_bytes(std::span(&t, 1)));
    EXPECT_EQ(reply.status, tlm::TLM_OK_RESPONSE);
    sc_core::wait(reply.delay);
    return (sc_core::sc_time_stamp() - start).to_seconds() * 1e9;
  }
};

TEST_F(DmaOnBus, WithOneOutstandingEveryBurstPaysTheWholeLatency) {
  build(/*bus_width_bytes=*/32, /*outstanding=*/1);
  simulate([&] {
    for (const std::uint32_t bursts : {1U, 2U, 50U}) {
      const double latency = kBus + kTransfer + kDram + kSram;
      EXPECT_DOUBLE_EQ(move(load_commands_, Transfer::Direction::kLoad, bursts), bursts * latency);
      EXPECT_DOUBLE_EQ(move(store_commands_, Transfer::Direction::kStore, bursts),
                       bursts * latency);
    }
  });
}

TEST_F(DmaOnBus, WithManyOutstandingTheDramsBandwidthBounds) {
  build(32, 8);
  simulate([&] {
    for (const std::uint32_t bursts : {1U, 2U, 8U, 9U, 100U}) {
      EXPECT_DOUBLE_EQ(move(load_commands_, Transfer::Direction::kLoad, bursts),
                       kBus + bursts * kTransfer + kDram + kSram);
    }
  });
}

TEST_F(DmaOnBus, WithANarrowBusTheBusBounds) {
  build(/*bus_width_bytes=*/4, 8);  // 64 cycles a burst
  simulate([&] {
    for (const std::uint32_t bursts : {1U, 2U, 8U, 9U, 100U}) {
      // The last burst's bytes reach the DRAM as they come: it ends kTransfer + kDram after it
      // started, or with the last beat, whichever is later.
      const double last = kBus + std::max(kTransfer + kDram, 64.0) + kSram;
      EXPECT_DOUBLE_EQ(move(load_commands_, Transfer::Direction::kLoad, bursts),
                       (bursts - 1) * 64.0 + last);
    }
  });
}

TEST_F(DmaOnBus, TwoChannelsShareTheBandwidth) {
  build(32, 8);
  constexpr std::uint32_t kBursts = 50;
  double loaded = 0, stored = 0;
  sc_core::sc_spawn([&] { stored = move(store_commands_, Transfer::Direction::kStore, kBursts); });
  simulate([&] { loaded = move(load_commands_, Transfer::Direction::kLoad, kBursts); });
  const double both = 2 * kBursts * kTransfer;
  EXPECT_GE(std::max(loaded, stored), both);
  EXPECT_LE(std::max(loaded, stored), both + kBus + kDram + 2 * kSram + kTransfer);
  EXPECT_GE(std::min(loaded, stored), 0.9 * both) << "neither channel starves the other";
  EXPECT_EQ(bus_->bytes(), 2U * kBursts * kBurst);
  EXPECT_EQ(dram_.bytes_read(), kBursts * kBurst);
  EXPECT_EQ(dram_.bytes_written(), kBursts * kBurst);
}

}  // namespace
}  // namespace systolog::memory::test
