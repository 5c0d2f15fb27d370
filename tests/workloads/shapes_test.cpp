// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/workloads/support.h"

namespace systolog::workloads::test {
namespace {

Shape output_of(Shape input, Operator op) {
  Graph graph = one_node(input, std::move(op));
  infer_shapes(graph);
  return graph.output_shape();
}

std::string refusal(Shape input, Operator op) {
  return message_of([&] { output_of(input, std::move(op)); });
}

constexpr Shape kImage{3, 32, 24};
constexpr Shape kVector{.channels = 10, .is_vector = true};

Conv conv(Window window, std::size_t filters, std::size_t channels, std::size_t groups = 1) {
  const std::size_t weights = filters * (channels / groups) * window.kernel_h * window.kernel_w;
  return {window, groups, filters, std::vector<float>(weights), {}};
}

TEST(OutputSize, CountsTheWindowsThatFit) {
  for (std::size_t size = 1; size <= 12; ++size) {
    for (std::size_t kernel = 1; kernel <= 4; ++kernel) {
      for (std::size_t stride = 1; stride <= 3; ++stride) {
        for (std::size_t dilation = 1; dilation <= 3; ++dilation) {
          for (std::size_t pads = 0; pads <= 4; ++pads) {
            std::size_t fitting = 0;
            for (std::size_t start = 0; start + dilation * (kernel - 1) < size + pads;
                 start += stride) {
              ++fitting;
            }
            ASSERT_EQ(output_size(size, kernel, stride, pads / 2, pads - pads / 2, dilation),
                      fitting)
                << size << " kernel " << kernel << " stride " << stride << " pads " << pads
                << " dilation " << dilation;
          }
        }
      }
    }
  }
}

TEST(Shapes, ConvolutionSlidesOverThePaddedImage) {
  EXPECT_EQ(output_of(kImage, conv({.kernel_h = 5, .kernel_w = 3}, 8, 3)), (Shape{8, 28, 22}));
  EXPECT_EQ(output_of(kImage, conv({.kernel_h = 3,
                                    .kernel_w = 3,
                                    .stride_h = 2,
                                    .stride_w = 2,
                                    .pad_top = 1,
                                    .pad_left = 1},
                                   8, 3)),
            (Shape{8, 16, 12}));  // (32 + 1 - 3) / 2 + 1, (24 + 1 - 3) / 2 + 1
  EXPECT_EQ(output_of(kImage,
                      conv({.kernel_h = 3, .kernel_w = 3, .dilation_h = 4, .dilation_w = 2}, 2, 3)),
            (Shape{2, 24, 20}));
  EXPECT_EQ(output_of(kImage, conv({.kernel_h = 1, .kernel_w = 1}, 6, 3, 3)), (Shape{6, 32, 24}));
}

TEST(Shapes, OfTheOtherOperators) {
  const Window half{.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2};
  EXPECT_EQ(output_of(kImage, MaxPool{half}), (Shape{3, 16, 12}));
  EXPECT_EQ(output_of(kImage, AveragePool{half}), (Shape{3, 16, 12}));
  EXPECT_EQ(output_of(kImage, GlobalAveragePool{}), (Shape{3, 1, 1}));
  EXPECT_EQ(output_of(kImage, Relu{}), kImage);
  EXPECT_EQ(output_of(kImage, Add{}), kImage);
  EXPECT_EQ(output_of(kImage, BatchNorm{{1, 1, 1}, {0, 0, 0}}), kImage);
  EXPECT_EQ(output_of(kImage, Reshape{{6, 16, 24}}), (Shape{6, 16, 24}));
  EXPECT_EQ(output_of(kVector, Reshape{{5, 2, 1}}), (Shape{5, 2, 1}));
  EXPECT_EQ(output_of(kVector, Softmax{}), kVector);
  EXPECT_EQ(output_of(kVector, Gemm{4, std::vector<float>(40), {}}),
            (Shape{.channels = 4, .is_vector = true}));
}

TEST(Shapes, AVectorAndAnImageOfOnePixelDiffer) {
  const Shape pixel{10, 1, 1};
  EXPECT_NE(pixel, kVector);
  EXPECT_EQ(to_string(pixel), "[10, 1, 1]");
  EXPECT_EQ(to_string(kVector), "[10]");
}

TEST(Shapes, RefusalsNameTheNodeAndTheShapes) {
  expect_parts(refusal(kVector, conv({}, 1, 10)), {"'op' (conv)", "[10]", "vector"});
  expect_parts(refusal(kImage, conv({}, 4, 3, 2)), {"3 channels", "4 filters", "2 groups"});
  expect_parts(refusal(kImage, conv({}, 4, 5)), {"20 weights", "[3, 32, 24]", "12"});
  expect_parts(refusal(kImage, conv({.kernel_h = 33}, 4, 3)), {"33", "height 32"});
  expect_parts(refusal(kImage, conv({.stride_h = 0}, 4, 3)), {"stride", "0", "allowed 1 to"});
  expect_parts(refusal(kImage, conv({.pad_left = kMaxWindow + 1}, 4, 3)), {"pad", "65537"});
  expect_parts(refusal(kImage, Gemm{4, {}, {}}), {"'op' (gemm)", "[3, 32, 24]", "flatten"});
  expect_parts(refusal(kVector, Gemm{4, std::vector<float>(39), {}}), {"39", "40"});
  expect_parts(refusal(kVector, Gemm{4, std::vector<float>(40), {1, 2}}), {"2 bias", "allowed 4"});
  expect_parts(refusal(kImage, BatchNorm{{1}, {0}}), {"1 scales", "allowed 3"});
  expect_parts(refusal(kImage, Reshape{{7, 7, 7}}), {"[3, 32, 24]", "[7, 7, 7]", "2304"});
  expect_parts(refusal({0, 4, 4}, Relu{}), {"'in' (input)", "[0, 4, 4]"});
  expect_parts(refusal({1U << 20, 1U << 20, 1U << 30}, Relu{}), {"'in' (input)", "elements"});
}

TEST(Shapes, AWindowWhollyInThePaddingIsRefusedWherePixelsAreNeeded) {
  const Window outside{.kernel_h = 2, .kernel_w = 1, .pad_top = 2};
  expect_parts(refusal(kImage, MaxPool{outside}), {"height", "padding"});
  expect_parts(refusal(kImage, AveragePool{outside}), {"height", "padding"});
  EXPECT_EQ(output_of(kImage, AveragePool{outside, /*count_include_pad=*/true}),
            (Shape{3, 33, 24}));
  // Taps at -2 and 1 of a row of one pixel: both beside it, though the pads are small.
  const Window astride{.kernel_w = 2, .pad_left = 2, .pad_right = 1, .dilation_w = 3};
  expect_parts(refusal({1, 1, 1}, MaxPool{astride}), {"width", "padding"});
}

TEST(Shapes, NodesReadEarlierNodesOnly) {
  Graph graph = one_node(kImage, Relu{});
  graph.nodes[1].inputs = {1};
  expect_parts(message_of([&] { infer_shapes(graph); }), {"'op'", "earlier"});
  graph.nodes[1].inputs = {0, 0};
  expect_parts(message_of([&] { infer_shapes(graph); }), {"2 inputs", "allowed 1"});
  Graph two_inputs = one_node(kImage, Input{});
  two_inputs.nodes[1].inputs = {};
  expect_parts(message_of([&] { infer_shapes(two_inputs); }), {"first node"});
  Graph empty;
  expect_parts(message_of([&] { infer_shapes(empty); }), {"no nodes"});
}

TEST(Macs, AreOneForEachWeightAndOutputThatMeet) {
  Graph graph = one_node(kImage, conv({.kernel_h = 5, .kernel_w = 3}, 9, 3, 3));
  infer_shapes(graph);
  EXPECT_EQ(macs(graph, 1), 9U * 28 * 22 * (5 * 3 * 1));
  Graph dense = one_node(kVector, Gemm{4, std::vector<float>(40), {}});
  infer_shapes(dense);
  EXPECT_EQ(macs(dense, 1), 40U);
  EXPECT_EQ(macs(dense, 0), 0U);
}

}  // namespace
}  // namespace systolog::workloads::test
