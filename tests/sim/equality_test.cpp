// SPDX-License-Identifier: Apache-2.0
// One Program, two fidelities, the same bits: on random networks, arithmetics, batches and
// scratchpads that force tiles. One case a process, as SystemC elaborates once.
#include <gtest/gtest.h>

#include <cstring>

#include "sim/execution.h"
#include "tests/sim/random_network.h"
#include "workloads/reference.h"

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

/// in -> mirrored pad -> 3x3 convolution -> relu -> times a picture of factors, beside it constant
/// channels; the convolution itself and all channels are outputs.
workloads::Graph with_two_outputs(Draw& draw) {
  workloads::Graph graph;
  graph.name = "two outputs";
  const auto values = [&](std::size_t count) {
    std::vector<float> list;
    for (std::size_t i = 0; i < count; ++i) list.push_back(draw.value());
    return list;
  };
  workloads::Conv conv;
  conv.window.kernel_h = conv.window.kernel_w = 3;
  conv.filters = 3;
  conv.weights = values(3 * 2 * 9);
  const workloads::Shape out{3, 5, 4};
  graph.nodes.push_back({"in", workloads::Input{}, {}, {2, 5, 4}});
  graph.nodes.push_back(
      {"rows", workloads::Pad{{0, 1, 0}, {0, 1, 0}, 0, workloads::PadMode::kReflect}, {0}, {}});
  graph.nodes.push_back(
      {"columns", workloads::Pad{{0, 0, 2}, {0, 0, 0}, 0, workloads::PadMode::kEdge}, {1}, {}});
  graph.nodes.push_back({"conv", conv, {2}, {}});
  graph.nodes.push_back({"relu", workloads::Relu{}, {3}, {}});
  graph.nodes.push_back({"factors", workloads::ConstantTensor{out, values(out.count())}, {}, {}});
  graph.nodes.push_back({"product", workloads::Mul{}, {4, 5}, {}});
  graph.nodes.push_back({"beside", workloads::ConstantTensor{{1, 5, 4}, values(20)}, {}, {}});
  graph.nodes.push_back({"all", workloads::Concat{0}, {6, 7}, {}});
  graph.outputs = {{"all", 8}, {"conv", 3}};
  workloads::infer_shapes(graph);
  return graph;
}

TEST(SeveralOutputs, AreThoseOfTheGraphAtEveryFidelity) {
  Draw draw(7);
  workloads::Graph graph = with_two_outputs(draw);
  const std::size_t count = 5;
  const auto images = random_images(graph, count, draw);
  const Network network = lower_calibrated(graph, {"fp32/exact/fp32", {}}, images);
  AcceleratorConfig config = random_accelerator(draw);
  config.compiler.batch = 2;  // and a rest
  const CompiledNetwork compiled = compile_for(network, config, count);
  const Execution functional = execute(network, compiled, config, Fidelity::kFunctional, images);
  const Execution timed = execute(network, compiled, config, Fidelity::kTransaction, images);
  EXPECT_EQ(timed.outputs.values, functional.outputs.values);
  ASSERT_EQ(functional.more_outputs.size(), 1U);
  EXPECT_EQ(timed.more_outputs.at(0).values, functional.more_outputs[0].values);

  const auto near = [](const workloads::Tensor& got, const workloads::Tensor& wanted) {
    ASSERT_EQ(got.shape, wanted.shape);
    for (std::size_t i = 0; i < got.values.size(); ++i) {
      ASSERT_NEAR(got.values[i], wanted.values[i], 1e-5) << i;
    }
  };
  near(functional.outputs, workloads::run_reference(graph, images));
  graph.outputs = {{"conv", 3}};
  near(functional.more_outputs[0], workloads::run_reference(graph, images));
}

}  // namespace
}  // namespace systolog::sim::test
