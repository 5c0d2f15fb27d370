// SPDX-License-Identifier: Apache-2.0
// One Program, two fidelities, the same bits: on random networks, arithmetics, batches and
// scratchpads that force tiles. One case a process, as SystemC elaborates once.
#include <gtest/gtest.h>

#include <cstring>

#include "sim/execution.h"
#include "tests/sim/random_network.h"

namespace systolog::sim::test {
namespace {

struct EqualityCase {
  std::size_t arithmetic;  // of arithmetic_cases(), or behind them: one a layer
  std::uint64_t seed;
};
std::ostream& operator<<(std::ostream& out, const EqualityCase& c) {
  const bool mixed = c.arithmetic == arithmetic_cases().size();
  return out << (mixed ? "mixed" : arithmetic_cases()[c.arithmetic].arithmetic) << ", seed "
             << c.seed;
}

std::vector<EqualityCase> equality_cases() {
  constexpr std::uint64_t kNetworks = 5;  // for each arithmetic
  std::vector<EqualityCase> cases;
  for (std::size_t a = 0; a <= arithmetic_cases().size(); ++a) {
    for (std::uint64_t n = 0; n < kNetworks; ++n) cases.push_back({a, 100 + kNetworks * a + n});
  }
  return cases;
}

class Fidelities : public testing::TestWithParam<EqualityCase> {};
INSTANTIATE_TEST_SUITE_P(Networks, Fidelities, testing::ValuesIn(equality_cases()),
                         [](const auto& network) { return std::to_string(network.index); });

TEST_P(Fidelities, GiveTheSameBits) {
  Draw draw(GetParam().seed);
  workloads::Graph graph = random_graph(draw);
  if (draw.one_in(3)) workloads::fold_batch_norm(graph);
  const std::size_t count = draw.between(1, 5);
  const auto images = random_images(graph, count, draw);
  const std::size_t arithmetic = GetParam().arithmetic;
  const Network network = arithmetic == arithmetic_cases().size()
                              ? lower_mixed(graph, images, draw)
                              : lower_calibrated(graph, arithmetic_cases()[arithmetic], images);
  AcceleratorConfig config = random_accelerator(draw);
  config.compiler.batch = static_cast<std::uint32_t>(draw.between(1, 3));  // and a rest
  config.compiler.objective = draw.of(objectives());
  config = with_tight_scratchpads(config, network, config.compiler.batch, draw);
  const CompiledNetwork compiled = compile_for(network, config, count);

  const Execution functional = execute(network, compiled, config, Fidelity::kFunctional, images);
  const Execution timed = execute(network, compiled, config, Fidelity::kTransaction, images);
  ASSERT_EQ(timed.outputs.shape, functional.outputs.shape);
  ASSERT_EQ(timed.outputs.values.size(), count * graph.output_shape().count());
  EXPECT_EQ(std::memcmp(timed.outputs.values.data(), functional.outputs.values.data(),
                        timed.outputs.values.size() * sizeof(float)),
            0);
  EXPECT_TRUE(functional.layers.empty());
  ASSERT_EQ(timed.layers.size(), network.layers.size());
  for (std::size_t l = 0; l < timed.layers.size(); ++l) {
    const LayerCycles& layer = timed.layers[l];
    if (compiled.full.group_of[l] != l) continue;  // fused: the cycles stand with another
    EXPECT_GT(layer.compute, 0U);
    EXPECT_LT(layer.compute, layer.total) << "a layer also loads and stores";
  }
}

}  // namespace
}  // namespace systolog::sim::test
