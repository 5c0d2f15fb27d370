// SPDX-License-Identifier: Apache-2.0
// What the accelerator computes, against the FP32 reference, which knows nothing of tiles, layouts
// or folds; and what its outputs must not depend on.
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>

#include "sim/execution.h"
#include "tests/sim/random_network.h"
#include "workloads/reference.h"

namespace systolog::sim::test {
namespace {

constexpr std::size_t kImages = 4;

std::vector<float> run(const Network& network, const AcceleratorConfig& config,
                       const workloads::Tensor& images) {
  return execute(network, compile_for(network, config, kImages), config, Fidelity::kFunctional,
                 images)
      .outputs.values;
}

struct AgainstReference {
  ArithmeticCase arithmetic;
  float tolerance;  // of the outputs' largest magnitude, or of 1 where that is less
};
std::ostream& operator<<(std::ostream& out, const AgainstReference& a) {
  return out << a.arithmetic.arithmetic;
}
class Reference : public testing::TestWithParam<AgainstReference> {};
INSTANTIATE_TEST_SUITE_P(
    Arithmetics, Reference,
    testing::Values(AgainstReference{{"fp32/exact/fp32", {}}, 2e-6F},
                    AgainstReference{{"posit:32,2/exact/quire", {}}, 2e-6F},
                    AgainstReference{{"fixed:32,16/exact/fixed:32,16", {}}, 2e-2F},
                    AgainstReference{{"bf16/exact/fp32", {}}, 2e-2F},
                    AgainstReference{{"int:12/exact/int:32", {}}, 4e-3F},
                    AgainstReference{{"int:12/exact/int:32",
                                      {ActivationScheme::kAffine, WeightScheme::kPerChannel}},
                                     4e-3F},
                    AgainstReference{{"int:16/exact/int:64", {}}, 5e-4F}),
    [](const auto& arithmetic) { return std::to_string(arithmetic.index); });

TEST_P(Reference, IsReachedWithinTheArithmeticsPrecision) {
  float worst = 0.0F;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Draw draw(seed);
    workloads::Graph graph = random_graph(draw);
    const auto images = random_images(graph, kImages, draw);
    const auto reference = workloads::run_reference(graph, images).values;
    if (draw.one_in(2)) workloads::fold_batch_norm(graph);
    const Network network = lower_calibrated(graph, GetParam().arithmetic, images);
    AcceleratorConfig config = random_accelerator(draw);
    config.compiler.batch = static_cast<std::uint32_t>(draw.between(1, 3));
    config = with_tight_scratchpads(config, network, config.compiler.batch, draw);
    const auto outputs = run(network, config, images);
    ASSERT_EQ(outputs.size(), reference.size());
    float largest = 1.0F, error = 0.0F;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      largest = std::max(largest, std::abs(reference[i]));
      error = std::max(error, std::abs(outputs[i] - reference[i]));
    }
    worst = std::max(worst, error / largest);
    ASSERT_LE(error, GetParam().tolerance * largest) << "seed " << seed;
  }
  RecordProperty("worst", std::to_string(worst));
}

class ExactAccumulators : public testing::TestWithParam<std::size_t> {};
std::vector<std::size_t> exact_cases() {
  std::vector<std::size_t> exact;
  for (std::size_t a = 0; a < arithmetic_cases().size(); ++a) {
    if (arithmetic_cases()[a].exact_accumulator) exact.push_back(a);
  }
  return exact;
}
INSTANTIATE_TEST_SUITE_P(Arithmetics, ExactAccumulators, testing::ValuesIn(exact_cases()));

TEST_P(ExactAccumulators, GiveOutputsThatDoNotDependOnScratchpadsArrayOrBatch) {
  for (std::uint64_t seed = 200; seed < 215; ++seed) {
    Draw draw(seed);
    const workloads::Graph graph = random_graph(draw);
    const auto images = random_images(graph, kImages, draw);
    const Network network = lower_calibrated(graph, arithmetic_cases()[GetParam()], images);
    const auto expected = run(network, AcceleratorConfig(), images);
    for (int i = 0; i < 3; ++i) {
      AcceleratorConfig config = random_accelerator(draw);
      config.compiler.batch = static_cast<std::uint32_t>(draw.between(1, kImages));
      config = with_tight_scratchpads(config, network, config.compiler.batch, draw);
      ASSERT_EQ(run(network, config, images), expected) << "seed " << seed;
    }
  }
}

TEST(Outputs, DoNotDependOnTheThreads) {
  for (std::uint64_t seed = 300; seed < 320; ++seed) {
    Draw draw(seed);
    const workloads::Graph graph = random_graph(draw);
    const auto images = random_images(graph, kImages, draw);
    const Network network = lower_calibrated(graph, arithmetic_cases()[0], images);  // fp32
    const AcceleratorConfig config = random_accelerator(draw);
    const auto expected = run(network, config, images);
    for (const std::size_t threads : {1, 2, 5}) {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
      ASSERT_EQ(run(network, config, images), expected) << threads << " threads, seed " << seed;
    }
  }
}

}  // namespace
}  // namespace systolog::sim::test
