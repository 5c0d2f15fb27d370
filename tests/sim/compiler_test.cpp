// SPDX-License-Identifier: Apache-2.0
#include "sim/compiler.h"

#include <gtest/gtest.h>

#include <map>

#include "models/user_error.h"
#include "tests/sim/program_oracle.h"
#include "tests/sim/random_network.h"
#include "tests/workloads/support.h"

namespace systolog::sim::test {
namespace {

using workloads::test::expect_parts;
using workloads::test::message_of;

/// A random network in a random arithmetic on an accelerator with scratchpads that hardly do.
struct Compiled {
  Network network;
  AcceleratorConfig config;
  Program program;
};

Compiled random_program(std::uint64_t seed) {
  Draw draw(seed);
  const auto graph = random_graph(draw);
  const auto images = random_images(graph, 2, draw);
  Compiled c;
  c.network = lower_calibrated(graph, draw.of(arithmetic_cases()), images);
  const auto batch = static_cast<std::uint32_t>(draw.between(1, 3));
  c.config = random_accelerator(draw);
  c.config.compiler.objective = draw.of(objectives());
  c.config.compiler.fuse_layers = !draw.one_in(3);
  c.config = with_tight_scratchpads(c.config, c.network, batch, draw);
  c.program = compile(c.network, c.config, batch);
  return c;
}

constexpr std::uint64_t kSeeds = 100;

TEST(Compiler, EveryCommandStaysInsideReadsWhatIsThereAndWaitsForWhatItNeeds) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Compiled c = random_program(seed);
    ASSERT_EQ(wrong_with(c.program, c.config, *c.network.arithmetic), "") << "seed " << seed;
  }
}

TEST(Compiler, ArrayAndVectorUnitStartAGroupOfLayersWhenTheOneBeforeIsStored) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Program program = random_program(seed).program;
    const auto ordered = ordered_before(program);
    for (std::size_t i = 0; i < program.commands.size(); ++i) {
      const Engine engine = engine_of(program.commands[i]);
      if (engine == Engine::kLoad || engine == Engine::kStore) continue;
      for (std::size_t j = 0; j < i; ++j) {
        const auto& group_of = program.group_of;
        if (group_of[program.commands[j].layer] == group_of[program.commands[i].layer]) continue;
        ASSERT_TRUE(ordered[i][j])
            << "seed " << seed << ": command " << i << " of layer " << program.commands[i].layer
            << " may overlap command " << j << " of layer " << program.commands[j].layer;
      }
    }
  }
}

TEST(Compiler, GivesTheSameProgramEachTime) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Compiled c = random_program(seed);
    EXPECT_EQ(describe(compile(c.network, c.config, c.program.batch)), describe(c.program));
  }
}

/// What the tests on random networks rest on: that their scratchpads cut every dimension.
TEST(RandomNetworks, AreTiledInEveryDimensionFusedAndSpilled) {
  std::map<std::string, int> cut, orders, ops, fused, sums;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Compiled c = random_program(seed);
    for (std::size_t l = 0; l < c.network.layers.size(); ++l) {
      const Layer& layer = c.network.layers[l];
      const TilingChoice& t = c.program.tilings[l];
      const auto& in = c.network.values[layer.inputs[0]].shape;
      const auto& out = c.network.values[layer.output].shape;
      const auto* matmul = std::get_if<MatmulLayer>(&layer.work);
      if (c.program.group_of[l] != l) {
        ++fused[layer.op];
        continue;
      }
      sums[t.sums == TilingChoice::Sums::kSpilled ? "spilled" : "held"] +=
          t.sums == TilingChoice::Sums::kSpilled || t.sums == TilingChoice::Sums::kHeld ? 1 : 0;
      const std::uint64_t groups = matmul != nullptr ? matmul->groups : 1;
      const std::uint64_t channels = matmul != nullptr ? matmul->channels : in.channels;
      cut["images"] += t.images < c.program.batch ? 1 : 0;
      cut["rows"] += t.out_rows < out.height ? 1 : 0;
      cut["columns"] += t.out_columns < out.width ? 1 : 0;
      cut[matmul != nullptr ? "matmul channels" : "vector channels"] +=
          t.channels < channels / groups ? 1 : 0;
      if (matmul != nullptr) cut["filters"] += t.filters < matmul->filters / groups ? 1 : 0;
      cut["groups"] += t.groups < groups ? 1 : 0;
      if (t.tiles > 1) ++orders[t.loop_order];
      ++ops[layer.op];
    }
  }
  for (const auto* dimension :
       {"images", "rows", "columns", "matmul channels", "vector channels", "filters", "groups"}) {
    EXPECT_GE(cut[dimension], 5) << dimension;
  }
  EXPECT_GE(orders["groups, filters, pixels, channels"], 5);
  EXPECT_GE(orders["groups, pixels, filters, channels"], 5);
  for (const auto* op : {"relu", "add"}) EXPECT_GE(fused[op], 2) << op;
  EXPECT_GE(fused["max_pool"] + fused["average_pool"], 2);
  for (const auto& [op, count] : fused) ops[op] += count;
  EXPECT_GE(sums["held"], 3);
  EXPECT_GE(sums["spilled"], 3);
  for (const auto* op : {"conv", "gemm", "relu", "max_pool", "average_pool", "global_average_pool",
                         "add", "batch_norm", "softmax"}) {
    EXPECT_GE(ops[op], 3) << op;
  }
}

// --- what does not fit ---------------------------------------------------------------------------

/// A convolution 3x3 in int:8 whose smallest tile is one pixel of one filter from one channel: 9
/// activations (16 with alignment), 9 weights with 4 bytes of bias and 4 of factor, an accumulator
/// of 4 bytes (16 with alignment) and a code.
Network one_conv() {
  workloads::Graph graph;
  graph.name = "net";
  graph.nodes.push_back({"in", workloads::Input{}, {}, {5, 8, 8, false}});
  workloads::Conv conv;
  conv.window = {.kernel_h = 3, .kernel_w = 3};
  conv.filters = 7;
  conv.weights.assign(7 * 5 * 9, 0.5F);
  conv.bias.assign(7, 1.0F);
  graph.nodes.push_back({"features.conv", conv, {0}, {}});
  workloads::infer_shapes(graph);
  const std::vector<Range> ranges(2, {-1.0F, 1.0F});
  return lower(graph, models::make_arithmetic("int:8/exact/int:32"), ranges, {});
}

AcceleratorConfig with_capacities(std::uint64_t input, std::uint64_t weight, std::uint64_t output) {
  AcceleratorConfig config;
  config.input_sram.capacity_bytes = input;
  config.weight_sram.capacity_bytes = weight;
  config.output_sram.capacity_bytes = output;
  return config;
}

TEST(ScratchpadsTooSmall, AreRefusedWithTheSmallestCapacitiesThatWouldDo) {
  const Network network = one_conv();
  EXPECT_NO_THROW(compile(network, with_capacities(16, 17, 17), 1));
  const std::pair<AcceleratorConfig, std::string> cases[] = {
      {with_capacities(15, 17, 17), "16 bytes of /memory/input_sram (has 15"},
      {with_capacities(16, 16, 17), "17 bytes of /memory/weight_sram (has 16"},
      {with_capacities(16, 17, 16), "17 bytes of /memory/output_sram (has 16"}};
  for (const auto& [config, short_of] : cases) {
    const std::string message = message_of([&] { compile(network, config, 1); });
    expect_parts(message, {"net: ", "need " + short_of + "; layer features.conv)"});
    EXPECT_EQ(message.find(','), std::string::npos)
        << "names one that is large enough: " << message;
  }
}

/// The number before " bytes of /memory/NAME".
std::uint64_t needed(const std::string& message, const std::string& memory) {
  const std::size_t end = message.find(" bytes of /memory/" + memory);
  EXPECT_NE(end, std::string::npos) << message;
  const std::size_t begin = message.find_last_of(' ', end - 1) + 1;
  return std::stoull(message.substr(begin, end - begin));
}

TEST(ScratchpadsTooSmall, WhatTheMessageNamesIsEnoughForTheWholeNetworkAndAByteLessIsNot) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Draw draw(seed);
    const auto graph = random_graph(draw);
    const auto images = random_images(graph, 2, draw);
    const Network network = lower_calibrated(graph, draw.of(arithmetic_cases()), images);
    AcceleratorConfig config = random_accelerator(draw);
    if (draw.one_in(2)) config.compiler.objective = Objective::kDramTraffic;
    std::vector<std::pair<std::string, memory::SramConfig*>> srams = {
        {"input_sram", &config.input_sram},
        {"weight_sram", &config.weight_sram},
        {"output_sram", &config.output_sram}};
    if (config.unified_sram) srams = {{"unified_sram", &config.input_sram}};
    for (const auto& [name, sram] : srams) sram->capacity_bytes = 1;
    const std::string message = message_of([&] { compile(network, config, 2); });
    for (const auto& [name, sram] : srams) sram->capacity_bytes = needed(message, name);
    const Program program = compile(network, config, 2);
    if (program.commands.size() < 3000) {
      EXPECT_EQ(wrong_with(program, config, *network.arithmetic), "") << "seed " << seed;
    }
    for (const auto& [name, sram] : srams) {
      if (sram->capacity_bytes == 0) continue;  // nothing has weights
      --sram->capacity_bytes;
      EXPECT_THROW(compile(network, config, 2), UserError) << "seed " << seed << ", " << name;
      ++sram->capacity_bytes;
    }
  }
}

TEST(DramTooSmall, IsRefusedWithWhatIsNeeded) {
  AcceleratorConfig config;
  const Network network = one_conv();
  const std::uint64_t needed = compile(network, config, 3).dram_bytes;
  config.dram = {};
  config.dram.capacity_bytes = needed;
  EXPECT_NO_THROW(compile(network, config, 3));
  config.dram.capacity_bytes = needed - 1;
  expect_parts(
      message_of([&] { compile(network, config, 3); }),
      {"net", std::to_string(needed), "/memory/dram/capacity_bytes", std::to_string(needed - 1)});
}

}  // namespace
}  // namespace systolog::sim::test
