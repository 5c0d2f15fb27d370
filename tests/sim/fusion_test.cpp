// SPDX-License-Identifier: Apache-2.0
// Layers fused into the write-back of the layer before them: the same numbers, less traffic.
#include "sim/fusion.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "sim/compiler.h"
#include "sim/execution.h"
#include "tests/sim/program_oracle.h"
#include "tests/sim/random_network.h"

namespace systolog::sim::test {
namespace {

std::vector<float> run(const Network& network, const AcceleratorConfig& config,
                       const workloads::Tensor& images) {
  const auto compiled = compile_for(network, config, images.shape[0]);
  return execute(network, compiled, config, Fidelity::kFunctional, images).outputs.values;
}

TEST(FusedLayers, GiveTheNumbersOfTheNetworkWithoutFusionBitForBit) {
  std::map<std::string, int> fused;
  for (std::uint64_t seed = 1000; seed < 1080; ++seed) {
    Draw draw(seed);
    const auto graph = random_graph(draw);
    const auto images = random_images(graph, 3, draw);
    const ArithmeticCase& arithmetic = draw.of(arithmetic_cases());
    const Network network = lower_calibrated(graph, arithmetic, images);
    AcceleratorConfig config = random_accelerator(draw);
    config.compiler.batch = 3;
    config.compiler.objective = draw.of(objectives());
    // Sums that are rounded on the way depend on the tiles of channels: then all channels fit.
    if (arithmetic.exact_accumulator) config = with_tight_scratchpads(config, network, 3, draw);
    const auto with = run(network, config, images);
    const auto group_of = compile(network, config, 3).group_of;
    for (std::size_t l = 0; l < group_of.size(); ++l) {
      if (group_of[l] != l) ++fused[network.layers[l].op];
    }
    config.compiler.fuse_layers = false;
    const auto without = run(network, config, images);
    ASSERT_EQ(with.size(), without.size());
    ASSERT_EQ(std::memcmp(with.data(), without.data(), with.size() * sizeof(float)), 0)
        << "seed " << seed << ", " << arithmetic.arithmetic;
  }
  for (const auto* op : {"relu", "add", "max_pool", "average_pool"}) {
    EXPECT_GE(fused[op], 2) << op;
  }
}

TEST(FusedLayers, KeepWhatIsBetweenThemOutOfTheDram) {
  int seen = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Draw draw(seed);
    const auto graph = random_graph(draw);
    const auto images = random_images(graph, 2, draw);
    const Network network = lower_calibrated(graph, draw.of(arithmetic_cases()), images);
    const AcceleratorConfig config =
        with_tight_scratchpads(random_accelerator(draw), network, 2, draw);
    const Program program = compile(network, config, 2);
    // Activations lie behind each other as ActivationMap has them; the input is the first.
    const ActivationMap map(network, 2);
    const std::uint64_t base = program.input_address - (map.address(0) - ActivationMap::kBase);
    for (std::size_t l = 0; l + 1 < network.layers.size(); ++l) {
      if (program.group_of[l + 1] == l + 1) continue;  // not fused behind this one
      ++seen;
      const std::size_t value = network.layers[l].output;
      const std::uint64_t begin = base + map.address(value) - ActivationMap::kBase;
      const std::uint64_t end = begin + map.value_bytes(value);
      for (const Command& command : program.commands) {
        for (const Touch& t : touches(command, *network.arithmetic)) {
          ASSERT_FALSE(t.memory == kDram && t.begin < end && begin < t.end)
              << "seed " << seed << ", output of layer " << network.layers[l].name;
        }
      }
    }
  }
  EXPECT_GE(seen, 10);
}

TEST(FusedLayers, ComputeNothingTwice) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Draw draw(seed);
    const auto graph = random_graph(draw);
    const auto images = random_images(graph, 2, draw);
    const Network network = lower_calibrated(graph, draw.of(arithmetic_cases()), images);
    const AcceleratorConfig config =
        with_tight_scratchpads(random_accelerator(draw), network, 2, draw);
    std::uint64_t expected = 0, got = 0;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) expected += 2 * workloads::macs(graph, n);
    for (const Command& command : compile(network, config, 2).commands) {
      if (const auto* m = std::get_if<pe::Matmul>(&command.work)) got += m->macs();
    }
    ASSERT_EQ(got, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace systolog::sim::test
