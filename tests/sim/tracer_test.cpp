// SPDX-License-Identifier: Apache-2.0
// The timeline of a run: what a viewer relies on, and that it tells what the report tells.
#include "sim/tracer.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "sim/execution.h"
#include "tests/sim/random_network.h"
#include "tests/workloads/support.h"

namespace systolog::sim::test {
namespace {

using workloads::test::Folder;

struct TrackEvents {
  double end_us = 0;
  std::uint64_t slices = 0, cycles = 0, bytes = 0, macs = 0;
};

class Trace : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Networks, Trace, testing::Range(std::uint64_t{700}, std::uint64_t{706}));

TEST_P(Trace, HasOrderedSlicesThatDoNotOverlapAndAddUpToTheReport) {
  Draw draw(GetParam());
  const auto graph = random_graph(draw);
  const auto images = random_images(graph, 3, draw);
  const Network network = lower_calibrated(graph, draw.of(arithmetic_cases()), images);
  AcceleratorConfig config = random_accelerator(draw);
  config.clock_mhz = static_cast<double>(draw.of<std::uint64_t>({100, 500, 700, 940}));
  config.compiler.batch = 2;  // and a rest
  config = with_tight_scratchpads(config, network, 2, draw);
  const CompiledNetwork compiled = compile_for(network, config, 3);
  const Folder folder;
  const auto file = folder.path() / "trace.json";
  Execution execution;
  {
    Tracer tracer(file, network, config);
    execution = execute(network, compiled, config, Fidelity::kTransaction, images, {}, &tracer);
    EXPECT_FALSE(std::filesystem::exists(file)) << "before it is whole";
    tracer.close();
  }
  const Json trace = read_json_file(file);  // valid JSON
  std::map<int, std::string> names;
  std::map<std::string, TrackEvents> tracks;
  std::map<std::string, double> counter_at;
  for (const Json& event : trace.at("traceEvents")) {
    const auto phase = event.at("ph").get<std::string>();
    if (phase == "M") {
      if (event.at("name") == "thread_name") names[event.at("tid")] = event.at("args").at("name");
    } else if (phase == "X") {
      TrackEvents& track = tracks[names.at(event.at("tid"))];
      const double ts = event.at("ts"), dur = event.at("dur");
      constexpr double kExact = 1e-9;  // whole nanoseconds, as doubles
      ASSERT_GE(ts + kExact, track.end_us) << event.dump();
      ASSERT_GE(dur, 0) << event.dump();
      track.end_us = ts + dur;
      ++track.slices;
      const Json& args = event.at("args");
      track.cycles += args.value("cycles", std::uint64_t{0});
      track.bytes += args.value("bytes", std::uint64_t{0});
      track.macs += args.value("macs", std::uint64_t{0});
    } else {
      ASSERT_EQ(phase, "C");
      const std::string name = event.at("name");
      ASSERT_GE(event.at("ts").get<double>(), counter_at[name]) << name;
      counter_at[name] = event.at("ts");
      const double value = event.at("args").at("value");
      ASSERT_GE(value, 0) << name;
      double peak = config.dram.bandwidth_gb_per_s;
      if (const auto& d = config.dram.device) {
        const auto& o = d->device.organisation;
        peak =
            o.channels * o.burst_bytes() / (d->device.timing.nbl * d->device.timing.tck_ps / 1e3);
      }
      const double most = name == "array utilisation %" ? 100.0 : peak * 1.01;
      ASSERT_LE(value, most + 1e-6) << name;
    }
  }
  EXPECT_EQ(counter_at.size(), 3U);
  std::uint64_t loaded = 0, stored = 0, macs = 0, commands = 0, computed = 0;
  const auto add = [&](const Program& program) {
    commands += program.commands.size();
    for (const Command& command : program.commands) {
      if (const auto* m = std::get_if<pe::Matmul>(&command.work)) macs += m->macs();
      if (const auto* t = std::get_if<memory::Transfer>(&command.work)) {
        (t->direction == memory::Transfer::Direction::kLoad ? loaded : stored) += t->bytes();
      }
    }
  };
  add(compiled.full);
  add(compiled.rest.value());
  std::uint64_t array_cycles = 0;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    computed += execution.layers[l].compute;
    if (std::holds_alternative<MatmulLayer>(network.layers[l].work)) {
      array_cycles += execution.layers[l].compute;
    }
  }
  EXPECT_EQ(tracks["array"].cycles, array_cycles);
  EXPECT_EQ(tracks["array"].macs, macs);
  EXPECT_GE(tracks["array"].cycles + tracks["vector unit"].cycles, computed);
  EXPECT_EQ(tracks["DMA load"].bytes, loaded);
  EXPECT_EQ(tracks["DMA store"].bytes, stored);
  EXPECT_EQ(tracks["bus"].bytes, loaded + stored);
  std::uint64_t at_dram = 0;
  for (const auto& [name, track] : tracks) {
    if (name.starts_with("DRAM channel")) at_dram += track.bytes;
  }
  if (!config.dram.device) {
    EXPECT_EQ(at_dram, loaded + stored);
  } else {
    const auto& c = execution.dram.value().counts;
    EXPECT_EQ(at_dram,
              (c.reads + c.writes) * config.dram.device->device.organisation.burst_bytes());
  }
  EXPECT_EQ(tracks["array"].slices + tracks["vector unit"].slices + tracks["DMA load"].slices +
                tracks["DMA store"].slices,
            commands);
}

TEST(TraceFile, ThatIsNotClosedLeavesNothing) {
  const Folder folder;
  { TraceFile file(folder.path() / "trace.json"); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(TraceFile, ThatCannotBeWrittenIsTheUsersMistake) {
  const Folder folder;
  EXPECT_THROW(TraceFile(folder.path()), UserError);
  folder.write("file", "");
  EXPECT_THROW(TraceFile(folder.path() / "file" / "trace.json"), UserError);
}

}  // namespace
}  // namespace systolog::sim::test
