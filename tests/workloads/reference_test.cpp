// SPDX-License-Identifier: Apache-2.0
#include "workloads/reference.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/workloads/support.h"

namespace systolog::workloads::test {
namespace {

using Values = std::vector<float>;

Values run(Shape input, Operator op, Values values) {
  Graph graph = one_node(input, std::move(op));
  infer_shapes(graph);
  std::vector<std::size_t> shape = {1, input.channels, input.height, input.width};
  if (input.is_vector) shape.resize(2);
  return run_reference(graph, {shape, std::move(values)}).values;
}

constexpr Shape kThree{1, 3, 3};
const Values kNine = {1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST(Reference, ConvolutionCorrelatesAndAddsTheBias) {
  const Conv conv{{.kernel_h = 2, .kernel_w = 2}, 1, 1, {1, 10, 100, 1000}, {0.5F}};
  EXPECT_EQ(run(kThree, conv, kNine), (Values{5421.5F, 6532.5F, 8754.5F, 9865.5F}));
}

TEST(Reference, ConvolutionPadsEachSideOnItsOwn) {
  const Conv top{{.kernel_h = 2, .kernel_w = 1, .pad_top = 1}, 1, 1, {10, 1}, {}};
  EXPECT_EQ(run(kThree, top, kNine), (Values{1, 2, 3, 14, 25, 36, 47, 58, 69}));
  const Conv right{{.kernel_h = 1, .kernel_w = 2, .pad_right = 1}, 1, 1, {10, 1}, {}};
  EXPECT_EQ(run(kThree, right, kNine), (Values{12, 23, 30, 45, 56, 60, 78, 89, 90}));
}

TEST(Reference, ConvolutionStridesAndDilates) {
  const Conv corners{{.kernel_h = 2, .kernel_w = 2, .dilation_h = 2, .dilation_w = 2},
                     1,
                     1,
                     {1, 10, 100, 1000},
                     {}};
  EXPECT_EQ(run(kThree, corners, kNine), (Values{1 + 30 + 700 + 9000}));
  const Conv sparse{{.stride_h = 2, .stride_w = 2}, 1, 1, {1}, {}};
  EXPECT_EQ(run(kThree, sparse, kNine), (Values{1, 3, 7, 9}));
}

TEST(Reference, GroupsSeeTheirOwnChannels) {
  const Conv grouped{{}, 2, 2, {1, 10, 100, 1000}, {}};
  EXPECT_EQ(run({4, 1, 1}, grouped, {1, 2, 3, 4}), (Values{21, 4300}));
  const Conv depthwise{{}, 3, 6, {1, 2, 3, 4, 5, 6}, {}};  // two filters a channel
  EXPECT_EQ(run({3, 1, 1}, depthwise, {1, 10, 100}), (Values{1, 2, 30, 40, 500, 600}));
}

TEST(Reference, ConvolutionEqualsItsDefinitionOnRandomShapes) {
  std::mt19937 random(7);
  const auto pick = [&](std::size_t least, std::size_t most) {
    return least + random() % (most - least + 1);
  };
  for (int i = 0; i < 300; ++i) {
    Conv conv;
    conv.groups = pick(1, 3);
    conv.filters = conv.groups * pick(1, 3);
    const Shape in{conv.groups * pick(1, 3), pick(1, 9), pick(1, 9)};
    Window& w = conv.window;
    w = {pick(1, 4), pick(1, 4), pick(1, 3), pick(1, 3), pick(0, 5),
         pick(0, 5), pick(0, 5), pick(0, 5), pick(1, 3), pick(1, 3)};
    const std::size_t depth = in.channels / conv.groups;
    conv.weights = random_values(conv.filters * depth * w.kernel_h * w.kernel_w, random());
    conv.bias = random_values(conv.filters, random());
    const Values image = random_values(in.count(), random());
    Graph graph = one_node(in, conv);
    try {
      infer_shapes(graph);
    } catch (const UserError&) {
      continue;  // the kernel does not fit
    }
    const Shape out = graph.output_shape();
    const Values got = run(in, conv, image);
    std::size_t next = 0;
    for (std::size_t f = 0; f < out.channels; ++f) {
      for (std::size_t y = 0; y < out.height; ++y) {
        for (std::size_t x = 0; x < out.width; ++x, ++next) {
          double sum = conv.bias[f];
          for (std::size_t c = 0; c < depth; ++c) {
            for (std::size_t ky = 0; ky < w.kernel_h; ++ky) {
              for (std::size_t kx = 0; kx < w.kernel_w; ++kx) {
                const auto iy = static_cast<long>(y * w.stride_h + ky * w.dilation_h) -
                                static_cast<long>(w.pad_top);
                const auto ix = static_cast<long>(x * w.stride_w + kx * w.dilation_w) -
                                static_cast<long>(w.pad_left);
                if (iy < 0 || ix < 0 || iy >= static_cast<long>(in.height) ||
                    ix >= static_cast<long>(in.width)) {
                  continue;
                }
                const std::size_t channel = f / (conv.filters / conv.groups) * depth + c;
                sum += double{conv.weights[((f * depth + c) * w.kernel_h + ky) * w.kernel_w + kx]} *
                       image[(channel * in.height + static_cast<std::size_t>(iy)) * in.width +
                             static_cast<std::size_t>(ix)];
              }
            }
          }
          ASSERT_NEAR(got[next], sum, 1e-5) << "case " << i << " output " << next;
        }
      }
    }
  }
}

TEST(Reference, GemmMultipliesByInFeaturesTimesOutFeatures) {
  const Gemm gemm{3, {1, 10, 100, 2, 20, 200}, {0.5F, 0, -1}};
  EXPECT_EQ(run({.channels = 2, .is_vector = true}, gemm, {1, 3}), (Values{7.5F, 70, 699}));
}

TEST(Reference, SumsAreFp32FromZeroInAscendingOrderAndTheBiasComesLast) {
  // 2^24 + 1 is not FP32: a 1 is lost behind 2^24, two of them before it are kept.
  const float big = 0x1p24F;
  const Shape three{.channels = 3, .is_vector = true};
  for (const float bias : {0.0F, -big}) {  // before the sum, -2^24 would save the ones
    const Gemm gemm{1, {1, 1, 1}, {bias}};
    EXPECT_EQ(run(three, gemm, {1, 1, big}), (Values{big + 2 + bias}));
    EXPECT_EQ(run(three, gemm, {big, 1, 1}), (Values{big + bias}));
    const Conv conv{{.kernel_w = 3}, 1, 1, {1, 1, 1}, {bias}};
    EXPECT_EQ(run({1, 1, 3}, conv, {1, 1, big}), (Values{big + 2 + bias}));
    EXPECT_EQ(run({1, 1, 3}, conv, {big, 1, 1}), (Values{big + bias}));
  }
}

TEST(Reference, MaxPoolTakesTheLargestPixelOfTheImage) {
  const MaxPool pool{{.kernel_h = 2,
                      .kernel_w = 2,
                      .stride_h = 2,
                      .stride_w = 2,
                      .pad_bottom = 1,
                      .pad_right = 1}};
  EXPECT_EQ(run(kThree, pool, kNine), (Values{5, 6, 8, 9}));
  EXPECT_EQ(run(kThree, pool, {-1, -2, -3, -4, -5, -6, -7, -8, -9}), (Values{-1, -3, -7, -9}));
}

TEST(Reference, AveragePoolDividesByPixelsOrByTheWindow) {
  AveragePool pool{{.kernel_h = 2,
                    .kernel_w = 2,
                    .stride_h = 2,
                    .stride_w = 2,
                    .pad_bottom = 1,
                    .pad_right = 1}};
  EXPECT_EQ(run(kThree, pool, kNine), (Values{3, 4.5F, 7.5F, 9}));
  pool.count_include_pad = true;
  EXPECT_EQ(run(kThree, pool, kNine), (Values{3, 2.25F, 3.75F, 2.25F}));
}

TEST(Reference, TheOtherOperators) {
  EXPECT_EQ(run(kThree, GlobalAveragePool{}, kNine), (Values{5}));
  EXPECT_EQ(run(kThree, Reshape{{9, 1, 1}}, kNine), kNine);
  EXPECT_EQ(run(kThree, Add{}, kNine), (Values{2, 4, 6, 8, 10, 12, 14, 16, 18}));
  EXPECT_EQ(run({2, 1, 2}, BatchNorm{{2, -1}, {1, 0.5F}}, {1, 2, 3, 4}),
            (Values{3, 5, -2.5F, -3.5F}));
  EXPECT_EQ(run({1, 1, 3}, Relu{}, {-1, 0, 2}), (Values{0, 0, 2}));
  const Values p = run({.channels = 3, .is_vector = true}, Softmax{}, {1000, 1000, 999});
  EXPECT_NEAR(p[0], 1 / (2 + std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(p[2], 1 / (2 * std::exp(1.0) + 1), 1e-6);
}

TEST(Reference, NanSurvivesReluAndMaxPool) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(run({1, 1, 1}, Relu{}, {nan})[0]));
  for (const Values& row : {Values{nan, 1}, Values{1, nan}}) {
    EXPECT_TRUE(std::isnan(run({1, 1, 2}, MaxPool{{.kernel_w = 2}}, row)[0]));
  }
}

/// in -> conv -> relu -> add(conv, relu) -> flatten -> gemm: a value that two nodes read.
Graph branched() {
  Graph graph;
  graph.name = "branched";
  graph.nodes.push_back({"in", Input{}, {}, {2, 6, 6}});
  graph.nodes.push_back(
      {"conv",
       Conv{{.kernel_h = 3, .kernel_w = 3}, 1, 4, random_values(72, 1), random_values(4, 2)},
       {0},
       {}});
  graph.nodes.push_back({"relu", Relu{}, {1}, {}});
  graph.nodes.push_back({"add", Add{}, {1, 2}, {}});
  graph.nodes.push_back({"flat", Reshape{{.channels = 64, .is_vector = true}}, {3}, {}});
  graph.nodes.push_back({"fc", Gemm{5, random_values(320, 3), {}}, {4}, {}});
  infer_shapes(graph);
  return graph;
}

Tensor images(std::size_t count) { return {{count, 2, 6, 6}, random_values(count * 72, 4)}; }

TEST(Reference, DoesNotDependOnTheThreadCount) {
  const Tensor many = run_reference(branched(), images(100));
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  const Tensor single = run_reference(branched(), images(100));
  EXPECT_EQ(many.shape, (std::vector<std::size_t>{100, 5}));
  EXPECT_EQ(std::memcmp(many.values.data(), single.values.data(), 500 * sizeof(float)), 0);
}

TEST(Reference, TheObserverSeesImagesThenNodesInOrder) {
  const Graph graph = branched();
  std::vector<std::size_t> seen;
  Values relu, add, conv, last;
  const Tensor out = run_reference(graph, images(2), [&](std::size_t n, std::span<const float> v) {
    seen.push_back(n);
    EXPECT_EQ(v.size(), graph.nodes[n].shape.count());
    if (seen.size() > graph.nodes.size()) return;  // the first image's values are enough
    if (n == 1) conv.assign(v.begin(), v.end());
    if (n == 2) relu.assign(v.begin(), v.end());
    if (n == 3) add.assign(v.begin(), v.end());
    if (n == 5) last.assign(v.begin(), v.end());
  });
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}));
  for (std::size_t i = 0; i < add.size(); ++i) EXPECT_EQ(add[i], conv[i] + relu[i]);
  EXPECT_EQ(last, Values(out.values.begin(), out.values.begin() + 5));
}

TEST(Reference, RefusesImagesOfAnotherShape) {
  const Graph graph = branched();
  expect_parts(message_of([&] {
                 run_reference(graph, {{1, 6, 6, 2}, Values(72)});
               }),
               {"branched", "[1, 6, 6, 2]", "[N, 2, 6, 6]"});
  expect_parts(message_of([&] {
                 run_reference(graph, {{2, 2, 6, 6}, Values(72)});
               }),
               {"72 values"});
}

}  // namespace
}  // namespace systolog::workloads::test
