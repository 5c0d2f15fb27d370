// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "tests/workloads/support.h"
#include "workloads/reference.h"

namespace systolog::workloads::test {
namespace {

BatchNorm norm(std::size_t channels, unsigned seed) {
  return {random_values(channels, seed), random_values(channels, seed + 1)};
}

Conv conv(std::size_t filters, std::size_t channels, unsigned seed) {
  return {
      {.kernel_h = 3, .kernel_w = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1},
      1,
      filters,
      random_values(filters * channels * 9, seed),
      {}};
}

std::vector<std::string> names(const Graph& graph) {
  std::vector<std::string> list;
  for (const Node& node : graph.nodes) list.push_back(node.name);
  return list;
}

/// A residual block and a classifier with a BatchNorm in every place where one can stand.
Graph network() {
  Graph g;
  g.name = "net";
  g.nodes.push_back({"in", Input{}, {}, {3, 8, 8}});
  g.nodes.push_back({"bn0", norm(3, 10), {0}, {}});  // behind the input: stays
  g.nodes.push_back({"conv1", conv(4, 3, 20), {1}, {}});
  g.nodes.push_back({"bn1", norm(4, 30), {2}, {}});  // folds, conv1 gets a bias
  g.nodes.push_back({"relu1", Relu{}, {3}, {}});
  g.nodes.push_back({"conv2", conv(4, 4, 40), {4}, {}});
  g.nodes.push_back({"bn2", norm(4, 50), {5}, {}});  // conv2 is read twice: stays
  g.nodes.push_back({"add", Add{}, {5, 6}, {}});
  g.nodes.push_back({"flat", Reshape{{.channels = 256, .is_vector = true}}, {7}, {}});
  g.nodes.push_back({"fc", Gemm{10, random_values(2560, 60), random_values(10, 61)}, {8}, {}});
  g.nodes.push_back({"bn3", norm(10, 70), {9}, {}});   // folds
  g.nodes.push_back({"bn4", norm(10, 80), {10}, {}});  // then this one does
  infer_shapes(g);
  return g;
}

TEST(FoldBatchNorm, RemovesThoseBehindAConvOrGemmThatNothingElseReads) {
  Graph graph = network();
  fold_batch_norm(graph);
  EXPECT_EQ(names(graph), (std::vector<std::string>{"in", "bn0", "conv1", "relu1", "conv2", "bn2",
                                                    "add", "flat", "fc"}));
}

TEST(FoldBatchNorm, KeepsTheFunction) {
  const Tensor images{{8, 3, 8, 8}, random_values(8 * 192, 5)};
  Graph graph = network();
  const Tensor before = run_reference(graph, images);
  fold_batch_norm(graph);
  infer_shapes(graph);
  const Tensor after = run_reference(graph, images);
  ASSERT_EQ(before.shape, after.shape);
  float most = 0.0F;
  for (std::size_t i = 0; i < before.values.size(); ++i) {
    most = std::max(most, std::abs(before.values[i]));
    ASSERT_NEAR(before.values[i], after.values[i], 1e-4) << i;
  }
  EXPECT_GT(most, 1.0F);  // the tolerance is small against the values
}

}  // namespace
}  // namespace systolog::workloads::test
