// SPDX-License-Identifier: Apache-2.0
#include "sim/statistics.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <memory>

#include "models/sram_cost.h"
#include "models/user_error.h"

namespace systolog::sim {
namespace {

/// A convolution of 4x4x2 with three filters of 3x3 in int:8, with bias: M = 4, K = 18, N = 3.
Network one_conv() {
  workloads::Graph graph;
  graph.name = "net";
  graph.nodes.push_back({"in", workloads::Input{}, {}, {2, 4, 4, false}});
  workloads::Conv conv;
  conv.window = {.kernel_h = 3, .kernel_w = 3};
  conv.filters = 3;
  conv.weights.assign(3 * 2 * 9, 0.5F);
  conv.bias.assign(3, 1.0F);
  graph.nodes.push_back({"conv", conv, {0}, {}});
  workloads::infer_shapes(graph);
  const std::vector<Range> ranges(2, {-1.0F, 1.0F});
  return lower(graph, models::make_arithmetic("int:8/exact/int:32"), ranges, {});
}

/// On four rows and two columns: 5 folds of K, 2 of N.
AcceleratorConfig four_by_two() {
  AcceleratorConfig config;
  config.array = {.rows = 4, .columns = 2};
  config.clock_mhz = 200;
  return config;
}

/// One tile; what the tiling may choose else would change the counts.
CompiledNetwork one_tile(const Network& network, const AcceleratorConfig& config,
                         std::size_t images) {
  CompiledNetwork compiled = compile_for(network, config, images);
  EXPECT_EQ(compiled.full.tilings.at(0).tiles, 1U);
  return compiled;
}

TEST(LayerCounts, OfAConvolutionAreThoseCountedByHand) {
  const Network network = one_conv();
  const auto config = four_by_two();
  const auto layers = count_layers(network, one_tile(network, config, 1), config);
  ASSERT_EQ(layers.size(), 1U);
  const LayerCounts& c = layers[0];
  EXPECT_EQ(c.macs, 4U * 18 * 3);
  EXPECT_EQ(c.folds, 10U);
  EXPECT_EQ(c.mapped_pes, 18U * 3);
  EXPECT_EQ(c.input_reads, 4U * 18 * 2) << "M K, once a block of columns";
  // Each activation through its columns; each weight down to its row (1 + 2 + 3 + 4 shifts of the
  // rows of a fold, 1 + 2 of the last), then swapped in.
  EXPECT_EQ(c.operand_register_writes, 216U + 3 * (4 * 10 + 3) + 18 * 3);
  EXPECT_EQ(c.sum_register_writes, 4U * 3 * 5 * 4) << "a sum passes four rows a fold";
  EXPECT_EQ(c.weight_reads, 18U * 3 + 3 * 2) << "and a bias and a factor a filter";
  EXPECT_EQ(c.output_reads, 4U * 3 * 4 + 4 * 3) << "partial sums, then the write-back";
  EXPECT_EQ(c.output_writes, 4U * 3 * 5 + 4 * 3);
  EXPECT_EQ(c.dram_read_bytes, 4U * 4 * 2 + 18 * 3 + 3 * 8);
  EXPECT_EQ(c.dram_write_bytes, 4U * 3);
  using Bytes = decltype(c.sram_read_bytes);
  EXPECT_EQ(c.sram_read_bytes, (Bytes{144, 54 + 24, 48 * 4 + 12 * 4 + 12}));
  EXPECT_EQ(c.sram_written_bytes, (Bytes{32, 54 + 24, 60 * 4 + 12}));
  const auto expect = [&](Tensor tensor, std::array<std::uint64_t, 4> bytes) {
    const LevelBytes& t = c.tensors[static_cast<std::size_t>(tensor)];
    EXPECT_EQ((std::array{t.dram_read, t.dram_written, t.scratchpad_read, t.scratchpad_written}),
              bytes);
  };
  expect(Tensor::kInput, {32, 0, 144, 32});
  expect(Tensor::kWeight, {54 + 24, 0, 54 + 24, 54 + 24});
  expect(Tensor::kOutput, {0, 12, 12, 12});
  expect(Tensor::kPartialSums, {0, 0, 48 * 4 + 12 * 4, 60 * 4});
}

TEST(LayerCounts, OfManyBatchesAreTheirSum) {
  const Network network = one_conv();
  auto config = four_by_two();
  config.compiler.batch = 2;
  const auto one = count_layers(network, compile_for(network, config, 1), config).at(0);
  const auto two = count_layers(network, compile_for(network, config, 2), config).at(0);
  const auto seven = count_layers(network, compile_for(network, config, 7), config).at(0);
  EXPECT_EQ(seven.macs, 7 * one.macs);
  EXPECT_EQ(seven.macs, 3 * two.macs + one.macs);
  EXPECT_EQ(seven.input_reads, 3 * two.input_reads + one.input_reads);
  EXPECT_EQ(seven.dram_read_bytes, 3 * two.dram_read_bytes + one.dram_read_bytes);
  EXPECT_EQ(seven.sram_read_bytes[2], 3 * two.sram_read_bytes[2] + one.sram_read_bytes[2]);
}

models::CostTable round_figures() {
  models::CostTable table;
  table.multipliers = {{"int", "exact", {{{8, 0.5}}}, {{{8, 200}}}, "multiplier"}};
  table.accumulators = {{"", "int", {{{32, 0.25}}}, {{{32, 100}}}, "accumulator"}};
  table.register_pj_per_bit = 0.125;
  auto sram = std::make_shared<models::SramTable>();
  sram->add({65'536, 512, 64 * 2.0, 64 * 3.0, 3.0, 1000.0});  // 2 and 3 pJ a byte
  table.sram = sram;
  table.dram_pj_per_64_bit = 1600.0;
  return table;
}

TEST(Energy, IsEveryCountTimesItsFigure) {
  const Network network = one_conv();
  auto config = four_by_two();
  config.dram = {};  // the simple model
  const auto counts = count_layers(network, one_tile(network, config, 1), config);
  const std::vector<LayerCycles> cycles = {{.compute = 300, .stalls = {}, .total = 1000}};
  const Costs costs = roll_up(network, config, round_figures(), counts, cycles);
  ASSERT_EQ(costs.layers.size(), 1U);
  const LayerEnergy& e = costs.layers[0];
  EXPECT_DOUBLE_EQ(e.mac.value(), 216 * 0.75);
  EXPECT_DOUBLE_EQ(e.register_, ((216 + 129 + 54) * 8 + 240 * 32) * 0.125);
  EXPECT_DOUBLE_EQ(e.sram, (144 + 78 + 252) * 2.0 + (32 + 78 + 252) * 3.0);
  EXPECT_DOUBLE_EQ(e.dram.value(), (110 + 12) * 200.0);
  // Three scratchpads of 3 mW for 1000 cycles of 5 ns.
  EXPECT_DOUBLE_EQ(e.static_.value(), 9e-3 * 5e-6 * 1e12);
  EXPECT_DOUBLE_EQ(e.total().value(), *e.mac + e.register_ + e.sram + *e.dram + *e.static_);
  EXPECT_DOUBLE_EQ(costs.area_um2.value(), 8 * 300.0 + 3 * 1000.0);
}

TEST(Energy, OfADeviceIsThatOfTheCommandsOfEachLayerAndItsShareOfTime) {
  const Network network = one_conv();
  const auto config = four_by_two();
  const auto counts = count_layers(network, one_tile(network, config, 1), config);
  memory::DramUse use;
  use.counts.activates = 3;
  use.counts.reads = 10;
  use.counts.writes = 5;
  use.counts.refreshes = 2;
  use.counts.active_cycles = 600;
  use.cycles = 1000;
  use.streams = {{3, 10, 5}};
  const Costs costs = roll_up(network, config, round_figures(), counts,
                              {{.compute = 300, .stalls = {}, .total = 1000}}, use);
  const memory::dram::Energy e = costs.layers[0].dram_by.value();
  // DDR4-2400: eight devices of 1.2 V, cycles of 0.833 ns; mA V ns are pJ.
  const double pj = 8 * 1.2 * 0.833;
  EXPECT_NEAR(e.activate, 3 * pj * (60 * 55 - 60 * 39 - 45 * 16), 1e-6);
  EXPECT_NEAR(e.read, 10 * pj * (145 - 60) * 4, 1e-6);
  EXPECT_NEAR(e.write, 5 * pj * (175 - 60) * 4, 1e-6);
  EXPECT_NEAR(e.refresh, 2 * pj * (175 - 60) * 313, 1e-6);
  EXPECT_NEAR(e.background, pj * (60 * 600 + 45 * 400), 1e-6);
  EXPECT_DOUBLE_EQ(costs.layers[0].dram.value(), e.total());
  EXPECT_FALSE(roll_up(network, config, round_figures(), counts, {}).layers[0].dram)
      << "nothing was simulated";
}

TEST(Energy, WithoutAFigureOrWithoutCyclesIsMissingNotZero) {
  const Network network = one_conv();
  const auto config = four_by_two();
  const auto counts = count_layers(network, one_tile(network, config, 1), config);
  auto table = round_figures();
  const Costs untimed = roll_up(network, config, table, counts, {});
  EXPECT_TRUE(untimed.layers[0].mac);
  EXPECT_FALSE(untimed.layers[0].static_);
  EXPECT_FALSE(untimed.layers[0].total());
  table.multipliers.clear();
  const Costs unknown =
      roll_up(network, config, table, counts, {{.compute = 1, .stalls = {}, .total = 2}});
  EXPECT_FALSE(unknown.layers[0].mac);
  EXPECT_FALSE(unknown.layers[0].total());
  EXPECT_FALSE(unknown.area_um2);
}

}  // namespace
}  // namespace systolog::sim
