// SPDX-License-Identifier: Apache-2.0
// The DMA alone, between recorders: which bytes it moves, in which bursts, when.
#include "memory/dma.h"

#include <cstring>

#include "tests/memory/random_transfer.h"
#include "tests/memory/support.h"

namespace systolog::memory::test {
namespace {

constexpr double kFar = 20, kNear = 3;  // latencies of the bus and of the scratchpads [ns]
constexpr std::size_t kDramBytes = 1 << 14, kLocalBytes = 1 << 14;

/// One burst as the header defines it: never across a run, never longer than burst_bytes.
struct Burst {
  std::uint64_t dram, local, length;
};

std::vector<Burst> bursts_of(const Transfer& t, std::uint64_t burst_bytes) {
  std::vector<Burst> bursts;
  for (std::uint64_t i = 0; i < t.count[0]; ++i) {
    for (std::uint64_t j = 0; j < t.count[1]; ++j) {
      for (std::uint64_t k = 0; k < t.count[2]; ++k) {
        for (std::uint64_t b = 0; b < t.run_bytes; b += burst_bytes) {
          const auto at = [&](const Transfer::Side& side) {
            return side.address + i * side.stride[0] + j * side.stride[1] + k * side.stride[2] + b;
          };
          bursts.push_back({at(t.dram), at(t.local), std::min(burst_bytes, t.run_bytes - b)});
        }
      }
    }
  }
  return bursts;
}

class DmaTest : public testing::Test {
 protected:
  const sc_time period_ = ns(1);
  DmaConfig config_{.burst_bytes = 16, .outstanding_bursts = 4};
  std::optional<Dma> dma_;
  Initiator processor_{"processor"};
  SplitRecorder dram_{"dram", kDramBytes, ns(kFar)};
  Recorder input_{"input", kLocalBytes, ns(kNear)}, weight_{"weight", kLocalBytes, ns(kNear)},
      output_{"output", kLocalBytes, ns(kNear)};

  void build() {
    dma_.emplace("dma", config_, period_);
    processor_.out.bind(dma_->command);
    dma_->bus.bind(dram_.in);
    dma_->input.bind(input_.in);
    dma_->weight.bind(weight_.in);
    dma_->output.bind(output_.in);
  }

  Recorder& local(const Transfer& t) {
    return t.scratchpad == Scratchpad::kInput    ? input_
           : t.scratchpad == Scratchpad::kWeight ? weight_
                                                 : output_;
  }

  /// Sends a command; returns when it ended [absolute]. Waits until then.
  sc_time run(Transfer t) {
    const auto reply = processor_.write(0, std::as_writable_bytes(std::span<Transfer>(&t, 1)));
    EXPECT_EQ(reply.status, tlm::TLM_OK_RESPONSE);
    const sc_time end = sc_core::sc_time_stamp() + reply.delay;
    sc_core::wait(reply.delay);
    return end;
  }
};

TEST_F(DmaTest, MovesTheBytesANestedLoopWouldMoveInBurstsWithinTheRuns) {
  build();
  simulate([&] {
    Draw draw(7);
    for (int n = 0; n < 150; ++n) {
      SCOPED_TRACE("transfer " + std::to_string(n));
      const Transfer t = random_transfer(draw);
      const auto renew = [&](auto& memory) {
        memory.bytes = random_bytes(draw, memory.bytes.size());
        memory.accesses.clear();
      };
      renew(dram_);
      for (Recorder* memory : {&input_, &weight_, &output_}) renew(*memory);
      const bool load = t.direction == Transfer::Direction::kLoad;
      auto dram = dram_.bytes, near = local(t).bytes;
      const auto input = input_.bytes, weight = weight_.bytes, output = output_.bytes;
      const auto bursts = bursts_of(t, 16);
      for (const Burst& b : bursts) {
        for (std::uint64_t i = 0; i < b.length; ++i) {
          load ? near[b.local + i] = dram[b.dram + i] : dram[b.dram + i] = near[b.local + i];
        }
      }
      run(t);
      ASSERT_EQ(dram_.bytes, dram);
      ASSERT_EQ(local(t).bytes, near);
      for (const auto& [recorder, before] :
           {std::pair{&input_, &input}, {&weight_, &weight}, {&output_, &output}}) {
        if (recorder == &local(t)) continue;
        ASSERT_EQ(recorder->bytes, *before) << "another scratchpad changed";
      }
      ASSERT_EQ(dram_.accesses.size(), bursts.size());
      ASSERT_EQ(local(t).accesses.size(), bursts.size());
      for (std::size_t i = 0; i < bursts.size(); ++i) {
        const auto& far = dram_.accesses[i];
        const auto& close = local(t).accesses[i];
        ASSERT_EQ(std::tuple(far.is_write, far.address, far.length),
                  std::tuple(!load, bursts[i].dram, bursts[i].length));
        ASSERT_EQ(std::tuple(close.is_write, close.address, close.length),
                  std::tuple(load, bursts[i].local, bursts[i].length));
      }
    }
  });
}

class DmaWindow : public DmaTest, public testing::WithParamInterface<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Outstanding, DmaWindow, testing::Values(1, 2, 3, 8, 22, 23, 24, 100));

TEST_P(DmaWindow, IssuesABurstACycleWhileThereIsRoomInTheWindow) {
  config_.outstanding_bursts = GetParam();
  build();
  simulate([&] {
    constexpr std::uint64_t kLatency = 23;  // kFar + kNear, cycles of 1 ns
    const std::uint64_t window = GetParam();
    for (const auto direction : {Transfer::Direction::kLoad, Transfer::Direction::kStore}) {
      for (const std::uint64_t count : {1, 2, 7, 23, 60}) {
        Transfer t;
        t.direction = direction;
        t.run_bytes = static_cast<std::uint32_t>(16 * count);
        const sc_time start = sc_core::sc_time_stamp();
        const sc_time end = run(t);
        // Burst i waits for burst i - window. Where the window is shorter than the latency in
        // cycles, bursts go out in groups of `window`, a latency apart.
        const std::uint64_t last = count - 1;
        const std::uint64_t cycles = window >= kLatency
                                         ? last + kLatency
                                         : last / window * kLatency + last % window + kLatency;
        EXPECT_EQ(end - start, ns(static_cast<double>(cycles)))
            << count << " bursts, " << window << " outstanding";
      }
    }
  });
}

TEST_F(DmaTest, AnswersWhatIsNotATransferWithACommandError) {
  build();
  simulate([&] {
    Transfer t;
    t.run_bytes = 16;
    const auto command = std::as_writable_bytes(std::span(&t, 1));
    EXPECT_EQ(processor_.read(0, command).status, tlm::TLM_COMMAND_ERROR_RESPONSE);
    EXPECT_EQ(processor_.write(0, command.first(command.size() - 1)).status,
              tlm::TLM_COMMAND_ERROR_RESPONSE);
    EXPECT_TRUE(dram_.accesses.empty());
  });
}

TEST_F(DmaTest, StopsAtTheFirstBurstThatAMemoryRefusesAndPassesTheStatusOn) {
  build();
  simulate([&] {
    for (const auto direction : {Transfer::Direction::kLoad, Transfer::Direction::kStore}) {
      const auto refuse = [&](auto& refusing) {
        refusing.accesses.clear();
        refusing.good_accesses = 3;
        refusing.refusal = tlm::TLM_ADDRESS_ERROR_RESPONSE;
        Transfer t;
        t.direction = direction;
        t.scratchpad = Scratchpad::kWeight;
        t.run_bytes = 160;
        const auto reply = processor_.write(0, std::as_writable_bytes(std::span(&t, 1)));
        EXPECT_EQ(reply.status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(refusing.accesses.size(), 4U);
        refusing.good_accesses = SIZE_MAX;
        sc_core::wait(reply.delay);
      };
      refuse(dram_);
      refuse(weight_);
    }
  });
}

}  // namespace
}  // namespace systolog::memory::test
