// SPDX-License-Identifier: Apache-2.0
// When things happen on the SystemC platform, and what its modules count meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "sim/host_io.h"
#include "sim/platform.h"
#include "sim/statistics.h"
#include "tests/sim/port_oracle.h"
#include "tests/sim/program_oracle.h"
#include "tests/sim/random_network.h"

namespace systolog::sim::test {
namespace {

using Spans = std::vector<CommandProcessor::Span>;

/// A random network compiled for as many images as one batch takes.
class Schedule : public testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    Draw draw(GetParam());
    const auto graph = random_graph(draw);
    const std::size_t count = draw.between(1, 3);
    images_ = random_images(graph, count, draw);
    network_ = lower_calibrated(graph, draw.of(arithmetic_cases()), images_);
    config_ = random_accelerator(draw);
    config_.clock_mhz = static_cast<double>(draw.of<std::uint64_t>({100, 500, 700}));
    config_.compiler.batch = static_cast<std::uint32_t>(count);
    config_.compiler.objective = draw.of(objectives());
    config_ = with_tight_scratchpads(config_, network_, config_.compiler.batch, draw);
    compiled_ = compile_for(network_, config_, count);
  }

  const Program& program() const { return compiled_.full; }
  const Command& command(std::size_t i) const { return program().commands[i]; }

  /// The Program on a platform; when each command ran.
  Spans run(Platform& platform) const {
    platform.write_dram(0, program().constants);
    platform.write_dram(program().input_address,
                        encode_images(network_, images_, 0, program().batch));
    return platform.processor.run(program());
  }

  /// Those there are: three, or one.
  static std::vector<memory::Sram*> scratchpads(Platform& platform) {
    if (&platform.input_sram == &platform.weight_sram) return {&platform.input_sram};
    return {&platform.input_sram, &platform.weight_sram, &platform.output_sram};
  }

  workloads::Tensor images_;
  Network network_;
  AcceleratorConfig config_;
  CompiledNetwork compiled_;
};
INSTANTIATE_TEST_SUITE_P(Networks, Schedule,
                         testing::Range(std::uint64_t{400}, std::uint64_t{412}));

/// Words so narrow, and ports so few, that engines wait for each other.
class NarrowSchedule : public Schedule {
 protected:
  void SetUp() override {
    Schedule::SetUp();
    Draw draw(GetParam());
    for (auto* sram : {&config_.input_sram, &config_.weight_sram, &config_.output_sram}) {
      sram->port_width_bytes = static_cast<std::uint32_t>(draw.between(1, 3));
      sram->banks = static_cast<std::uint32_t>(draw.between(1, 4));
      sram->ports = static_cast<std::uint32_t>(draw.between(1, 4));
    }
    unify(config_);
  }
};
INSTANTIATE_TEST_SUITE_P(Networks, NarrowSchedule,
                         testing::Range(std::uint64_t{500}, std::uint64_t{530}));

TEST_P(Schedule, ACommandStartsWhenItsEngineIsFreeAndWhatItWaitsForHasEnded) {
  Platform platform("platform", config_, *network_.arithmetic);
  Spans spans;
  platform.run([&] { spans = run(platform); });
  ASSERT_EQ(spans.size(), program().commands.size());
  std::array<std::uint64_t, kEngines> free{};
  for (std::size_t i = 0; i < spans.size(); ++i) {
    auto& engine_free = free[static_cast<std::size_t>(engine_of(command(i)))];
    std::uint64_t earliest = engine_free;
    for (const std::uint32_t j : command(i).after) earliest = std::max(earliest, spans[j].end);
    ASSERT_EQ(spans[i].start, earliest) << "command " << i;
    ASSERT_GT(spans[i].end, spans[i].start) << "command " << i;
    engine_free = spans[i].end;
  }
}

TEST_P(NarrowSchedule, MatmulsAndVectorOperationsEndWhenTheirUnitsAndTheScratchpadsPortsAreDone) {
  Platform platform("platform", config_, *network_.arithmetic);
  PortTraffic traffic;
  const auto srams = scratchpads(platform);
  for (std::size_t s = 0; s < srams.size(); ++s) {
    srams[s]->observe([&, s](const memory::Occupancy& burst) { traffic[s].push_back(burst); });
  }
  Spans spans;
  platform.run([&] { spans = run(platform); });
  ASSERT_EQ(spans.size(), program().commands.size());
  const auto ends = expected_ends(program(), spans, traffic, config_, *network_.arithmetic);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (std::holds_alternative<memory::Transfer>(command(i).work)) continue;
    ASSERT_EQ(spans[i].end, ends[i]) << "command " << i << " from " << spans[i].start;
  }
}

/// On a bus and a DRAM where a burst hardly meets another. A command that ends earlier may still
/// move a burst into the time of one that has fewer slots to spare.
TEST_P(NarrowSchedule, OnePortMoreMakesNoRunLongerByAPercent) {
  config_.bus = {.width_bytes = 4096, .latency_cycles = 0};
  config_.dram_choice.preset = DramChoice::kSimple;
  config_.dram = {};
  config_.dram.bandwidth_gb_per_s = 1e5;
  config_.dram.latency_ns = 0;
  std::vector<std::unique_ptr<Platform>> platforms;
  std::vector<Spans> spans(memory::kMostPorts);
  for (std::uint32_t ports = 1; ports <= memory::kMostPorts; ++ports) {
    for (auto* sram : {&config_.input_sram, &config_.weight_sram, &config_.output_sram}) {
      sram->ports = ports;
    }
    const std::string name = "ports" + std::to_string(ports);
    platforms.push_back(std::make_unique<Platform>(name.c_str(), config_, *network_.arithmetic));
    sc_core::sc_spawn([&, ports] { spans[ports - 1] = run(*platforms[ports - 1]); });
  }
  sc_core::sc_start();
  const auto cycles = [](const Spans& s) {
    std::uint64_t last = 0;
    for (const auto& span : s) last = std::max(last, span.end);
    return last;
  };
  for (std::size_t p = 1; p < spans.size(); ++p) {
    ASSERT_EQ(spans[p].size(), program().commands.size());
    EXPECT_LE(100 * cycles(spans[p]), 101 * cycles(spans[p - 1])) << p + 1 << " ports";
  }
}

TEST_P(Schedule, NoTransferBeatsTheBandwidthOfBusAndDram) {
  Platform platform("platform", config_, *network_.arithmetic);
  Spans spans;
  platform.run([&] { spans = run(platform); });
  const double period_ns = 1e3 / config_.clock_mhz;
  std::uint64_t moved = 0, last = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    last = std::max(last, spans[i].end);
    const auto* t = std::get_if<memory::Transfer>(&command(i).work);
    if (t == nullptr) continue;
    const std::uint64_t bytes =
        std::uint64_t{t->count[0]} * t->count[1] * t->count[2] * t->run_bytes;
    moved += bytes;
    const std::uint64_t took = spans[i].end - spans[i].start;
    EXPECT_GE(took, bytes / config_.bus.width_bytes);
    double least_ns = static_cast<double>(bytes) / config_.dram.bandwidth_gb_per_s;
    if (const auto& d = config_.dram.device) {
      // No faster than back-to-back bursts on all channels; a write need not wait for them.
      const auto& o = d->device.organisation;
      const bool load = t->direction == memory::Transfer::Direction::kLoad;
      least_ns = load ? static_cast<double>(bytes) / (o.channels * o.burst_bytes()) *
                            d->device.timing.nbl * d->device.timing.tck_ps / 1e3
                      : 0;
    } else {
      least_ns += config_.dram.latency_ns;
    }
    EXPECT_GE(static_cast<double>(took) * period_ns, least_ns);
  }
  EXPECT_GE(last, moved / config_.bus.width_bytes) << "both channels share the bus";
}

TEST_P(Schedule, TheModulesCountTheBytesOfTheCommands) {
  Platform platform("platform", config_, *network_.arithmetic);
  platform.run([&] { run(platform); });
  LayerCounts counted;
  for (const LayerCounts& layer : count_layers(network_, compiled_, config_)) counted += layer;
  EXPECT_EQ(platform.dram.bytes_read(), counted.dram_read_bytes);
  EXPECT_EQ(platform.dram.bytes_written(), counted.dram_write_bytes);
  EXPECT_EQ(platform.bus.bytes(), counted.dram_read_bytes + counted.dram_write_bytes);
  EXPECT_EQ(platform.array.macs(), counted.macs);
  // A scratchpad sees each operand of a command once: what the array reads of it again and again
  // as it streams is counted, not moved (statistics.h).
  const auto srams = scratchpads(platform);
  std::array<std::uint64_t, kDram + 1> read{}, written{};
  for (const Command& c : program().commands) {
    for (const Touch& t : touches(c, *network_.arithmetic)) {
      const bool in_the_one = srams.size() == 1 && t.memory != kDram;
      (t.write ? written : read)[in_the_one ? 0 : t.memory] += t.end - t.begin;
    }
  }
  for (std::size_t s = 0; s < srams.size(); ++s) {
    EXPECT_EQ(srams[s]->bytes_read(), read[s]) << "scratchpad " << s;
    EXPECT_EQ(srams[s]->bytes_written(), written[s]) << "scratchpad " << s;
  }
  EXPECT_EQ(platform.dram.bytes_read(), read[kDram]);
  EXPECT_EQ(platform.dram.bytes_written(), written[kDram]);
}

TEST_P(Schedule, WhatLeavesTheDramArrivesInTheScratchpadsAndBackByTensorAndLayer) {
  Platform platform("platform", config_, *network_.arithmetic);
  platform.run([&] { run(platform); });
  std::uint64_t loaded = 0, stored = 0;
  for (const auto* sram : scratchpads(platform)) {
    loaded += sram->bytes_loaded();
    stored += sram->bytes_stored();
  }
  EXPECT_EQ(platform.dram.bytes_read(), loaded);
  EXPECT_EQ(platform.dram.bytes_written(), stored);
  EXPECT_EQ(platform.bus.bytes(), loaded + stored);
  // What the report says, tensor by tensor, adds up to what the modules saw.
  LayerCounts all;
  for (const LayerCounts& layer : count_layers(network_, compiled_, config_)) {
    LevelBytes sum;
    for (const LevelBytes& t : layer.tensors) {
      sum.dram_read += t.dram_read;
      sum.dram_written += t.dram_written;
      sum.scratchpad_read += t.scratchpad_read;
      sum.scratchpad_written += t.scratchpad_written;
    }
    EXPECT_EQ(sum.dram_read, layer.dram_read_bytes);
    EXPECT_EQ(sum.dram_written, layer.dram_write_bytes);
    const auto total = [](const auto& list) {
      return std::accumulate(list.begin(), list.end(), std::uint64_t{0});
    };
    EXPECT_EQ(sum.scratchpad_read, total(layer.sram_read_bytes));
    EXPECT_EQ(sum.scratchpad_written, total(layer.sram_written_bytes));
    all += layer;
  }
  EXPECT_EQ(all.dram_read_bytes, loaded);
  EXPECT_EQ(all.dram_write_bytes, stored);
  if (!config_.unified_sram) {
    EXPECT_EQ(all.of(Tensor::kInput).dram_read, platform.input_sram.bytes_loaded());
    EXPECT_EQ(all.of(Tensor::kWeight).dram_read, platform.weight_sram.bytes_loaded());
    EXPECT_EQ(all.of(Tensor::kPartialSums).dram_read, platform.output_sram.bytes_loaded());
  }
  EXPECT_EQ(all.of(Tensor::kPartialSums).dram_read, all.of(Tensor::kPartialSums).dram_written)
      << "spilled sums come back";
  EXPECT_EQ(all.of(Tensor::kInput).dram_written + all.of(Tensor::kWeight).dram_written +
                all.of(Tensor::kOutput).dram_read,
            0U);
  // A device moves whole bursts, each of them for a layer.
  if (const auto use = platform.dram.finish()) {
    memory::DramCommands sum;
    for (const memory::DramCommands& layer : use->streams) sum += layer;
    EXPECT_EQ(sum.activates, use->counts.activates);
    EXPECT_EQ(sum.reads, use->counts.reads);
    EXPECT_EQ(sum.writes, use->counts.writes);
    const std::uint64_t burst = config_.dram.device->device.organisation.burst_bytes();
    EXPECT_GE((use->counts.reads + use->counts.forwarded_reads) * burst, loaded);
    EXPECT_GE(use->counts.writes * burst, stored);
  } else {
    EXPECT_FALSE(config_.dram.device);
  }
}

/// What the engines did in each cycle of a layer, apart from any attribution.
struct LayerTrace {
  std::uint64_t start = 0, end = 0;
  std::vector<bool> main, vector, transfer;  // busy, from cycle 0 of the run
  std::uint64_t count(const std::vector<bool>& busy, const std::vector<bool>& but_not) const {
    std::uint64_t cycles = 0;
    for (std::uint64_t c = start; c < end; ++c) cycles += busy[c] && !but_not[c] ? 1 : 0;
    return cycles;
  }
};

std::vector<LayerTrace> trace_layers(const Program& program, const Spans& spans,
                                     std::size_t layers) {
  std::vector<LayerTrace> traces(layers);
  std::vector<bool> transfer;  // of any layer: loads run ahead
  std::uint64_t end = 0;
  for (const auto& span : spans) end = std::max(end, span.end);
  transfer.resize(end);
  const auto fill = [](std::vector<bool>& busy, const CommandProcessor::Span& span) {
    std::fill(busy.begin() + static_cast<std::ptrdiff_t>(span.start),
              busy.begin() + static_cast<std::ptrdiff_t>(span.end), true);
  };
  std::vector<bool> has_matmul(layers);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const Command& c = program.commands[i];
    if (engine_of(c) == Engine::kArray) has_matmul[program.group_of[c.layer]] = true;
    if (std::holds_alternative<memory::Transfer>(c.work)) fill(transfer, spans[i]);
  }
  std::uint64_t start = 0;
  for (std::size_t l = 0; l < layers; ++l) {
    LayerTrace& t = traces[l];
    t.start = t.end = start;
    t.main.resize(end);
    t.vector.resize(end);
    t.transfer = transfer;
    for (std::size_t i = 0; i < spans.size(); ++i) {
      if (program.group_of[program.commands[i].layer] != l) continue;
      const Engine engine = engine_of(program.commands[i]);
      t.end = std::max(t.end, spans[i].end);
      if (engine == Engine::kVector) fill(t.vector, spans[i]);
      if (engine == (has_matmul[l] ? Engine::kArray : Engine::kVector)) fill(t.main, spans[i]);
    }
    start = t.end;
  }
  return traces;
}

TEST_P(Schedule, EachLayersCyclesAreComputeAndStallsByCauseAndAddUpToTheWholeRun) {
  // A twin of the executor's platform in the same simulation shows the commands' times.
  Platform twin("twin", config_, *network_.arithmetic);
  Spans spans;
  sc_core::sc_spawn([&] { spans = run(twin); });
  const auto layers = execute(network_, compiled_, config_, Fidelity::kTransaction, images_).layers;
  ASSERT_EQ(spans.size(), program().commands.size()) << "the twin has ended";
  auto traces = trace_layers(program(), spans, layers.size());
  // The last layer waits until the writes that the DRAM has queued are in its banks.
  std::uint64_t run_end = 0, drained = 0;
  for (const auto& span : spans) run_end = std::max(run_end, span.end);
  if (const auto use = twin.dram.finish()) {
    const std::uint64_t period = twin.processor.clock_period().value();
    drained = (use->drained_ps + period - 1) / period;
  }
  LayerTrace& last = traces.at(program().group_of[program().commands.back().layer]);
  ASSERT_EQ(last.end, run_end);
  const std::uint64_t drain = drained > run_end ? drained - run_end : 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    LayerCycles cycles = layers[l];
    if (&traces[l] == &last) {
      cycles.total -= drain;
      cycles.stalls.dram -= drain;
    }
    const StallCycles& s = cycles.stalls;
    const LayerTrace& t = traces[l];
    const std::vector<bool> never(t.main.size());
    EXPECT_EQ(cycles.total, t.end - t.start) << "layer " << l;
    // Of a vector operation that the array waits for, the scratchpads' part is theirs.
    EXPECT_GE(cycles.compute + s.scratchpads, t.count(t.main, never)) << "layer " << l;
    EXPECT_LE(cycles.compute, t.count(t.main, never)) << "layer " << l;
    EXPECT_EQ(
        cycles.compute + s.weights + s.inputs + s.outputs + s.dram + s.vector_unit + s.scratchpads,
        cycles.total)
        << "layer " << l;
    // A cycle is only ever given to an engine that was busy in it.
    EXPECT_LE(s.vector_unit, t.count(t.vector, t.main)) << "layer " << l;
    EXPECT_LE(s.weights + s.inputs + s.outputs + s.dram, t.count(t.transfer, t.main))
        << "layer " << l;
  }
}

TEST_P(Schedule, TwoPlatformsThatTheKernelRunsInTurnsTakeTheSameCycles) {
  Platform first("first", config_, *network_.arithmetic),
      second("second", config_, *network_.arithmetic);
  Spans a, b;
  sc_core::sc_spawn([&] { a = run(first); });
  second.run([&] {
    b = run(second);
    sc_core::wait(1, sc_core::SC_NS);  // for the other's end
  });
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].start, b[i].start) << "command " << i;
    ASSERT_EQ(a[i].end, b[i].end) << "command " << i;
  }
}

}  // namespace
}  // namespace systolog::sim::test
