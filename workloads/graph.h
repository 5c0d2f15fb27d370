// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace systolog::workloads {

/// What one image's activations look like after a node. A vector of features is channels x 1 x 1
/// with `is_vector` set, so that [N, C, 1, 1] and [N, C] stay apart for the reader of the output.
struct Shape {
  std::size_t channels = 0, height = 1, width = 1;
  bool is_vector = false;
  std::size_t count() const { return channels * height * width; }
  bool operator==(const Shape&) const = default;
};

/// Kernel, stride, padding and dilation of a convolution or pooling window.
struct Window {
  std::size_t kernel_h = 1, kernel_w = 1;
  std::size_t stride_h = 1, stride_w = 1;
  std::size_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  std::size_t dilation_h = 1, dilation_w = 1;
};

// --- operators: each has the parameters its ONNX namesake has --------------------------------
struct Input {};
/// weights [filters, channels / groups, kernel_h, kernel_w], bias [filters] or empty.
struct Conv {
  Window window;
  std::size_t groups = 1, filters = 0;
  std::vector<float> weights, bias;
};
/// out = in * weights + bias, weights [in features, out features]; ONNX Gemm and MatMul by a
/// constant. The input is a vector.
struct Gemm {
  std::size_t features = 0;
  std::vector<float> weights, bias;
};
struct Relu {};
struct MaxPool {
  Window window;
};
/// Divides by the whole window (count_include_pad) or by the pixels inside the image.
struct AveragePool {
  Window window;
  bool count_include_pad = false;
};
struct GlobalAveragePool {};
/// Changes the shape only; the order of elements is NCHW's. ONNX Flatten and Reshape.
struct Reshape {
  Shape target;
};
/// Sum of two activations of one shape.
struct Add {};
/// out = scale[c] * in + shift[c]: BatchNormalization with its statistics folded into two numbers.
struct BatchNorm {
  std::vector<float> scale, shift;
};
/// Over channels, of a vector.
struct Softmax {};
/// Every step-th of `count` positions from `begin`, along channels, height and width.
struct Slice {
  std::array<std::size_t, 3> begin = {}, step = {1, 1, 1}, count = {};
};
/// Adds positions of `value` before and after, along channels, height and width.
struct Pad {
  std::array<std::size_t, 3> before = {}, after = {};
  float value = 0.0F;
};
/// One or more activations behind each other along an axis: 0 channels, 1 height, 2 width.
struct Concat {
  std::size_t axis = 0;
};

using Operator = std::variant<Input, Conv, Gemm, Relu, MaxPool, AveragePool, GlobalAveragePool,
                              Reshape, Add, BatchNorm, Softmax, Slice, Pad, Concat>;

/// "conv", "gemm", ...: the report's `op`.
std::string_view name_of(const Operator& op);

/// One image's shape for messages: "[6, 14, 14]", or "[84]" for a vector.
std::string to_string(const Shape& shape);

/// Channels, height, width; and the shape of the same kind that has them.
std::array<std::size_t, 3> sizes_of(const Shape& shape);
Shape with_sizes(const Shape& like, const std::array<std::size_t, 3>& sizes);

struct Node {
  std::string name;
  Operator op;
  std::vector<std::size_t> inputs;  // indices of earlier nodes
  Shape shape;                      // of this node's output, filled by infer_shapes
};

/// A network: nodes in topological order, node 0 the input. One input, one output (the last
/// node).
struct Graph {
  std::string name;
  std::vector<Node> nodes;
  bool shapes_only = false;  // the weights of Conv and Gemm are left out

  const Shape& input_shape() const { return nodes.front().shape; }
  const Shape& output_shape() const { return nodes.back().shape; }
};

/// Largest number of elements of one image's activations, and of one weight tensor: 1 GiB of
/// FP32. What lies above is taken for a mistake rather than for a network.
inline constexpr std::size_t kMaxElements = std::size_t{1} << 28;
/// Largest kernel, stride, pad or dilation of a window.
inline constexpr std::size_t kMaxWindow = std::size_t{1} << 16;

/// Output pixels along one axis:
/// floor((size + pads - (dilation (kernel - 1) + 1)) / stride) + 1; 0 where the window does not
/// fit.
std::size_t output_size(std::size_t size, std::size_t kernel, std::size_t stride,
                        std::size_t pad_begin, std::size_t pad_end, std::size_t dilation);

/// Fills every node's shape from node 0's. Throws UserError naming the node and the two shapes
/// that do not fit each other.
void infer_shapes(Graph& graph);

/// The same for one node, whose inputs have their shapes already.
void infer_shape(Graph& graph, std::size_t node);

/// Multiply-accumulates of one image through one node (Conv, Gemm; 0 for the others).
std::uint64_t macs(const Graph& graph, std::size_t node);

/// Weights, biases, scales and shifts of a node.
std::uint64_t parameters(const Graph& graph, std::size_t node);

/// Folds each BatchNorm whose only producer is a Conv or Gemm used nowhere else into the
/// weights; the others stay.
void fold_batch_norm(Graph& graph);

}  // namespace systolog::workloads
