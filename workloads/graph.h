// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "models/activation.h"

namespace systolog::workloads {

/// What one image's activations look like after a node. A vector of features is channels x 1 x 1
/// with `is_vector` set, a series (sound, say) channels x 1 x width with `is_series`, so that
/// [N, C, 1, 1], [N, C, 1] and [N, C] stay apart for the reader of the output.
struct Shape {
  std::size_t channels = 0, height = 1, width = 1;
  bool is_vector = false, is_series = false;
  std::size_t count() const { return channels * height * width; }
  std::size_t spatial_axes() const { return is_series ? 1 : 2; }
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
/// The same values for every image, in NCHW order: a model's own tensor that meets activations.
struct ConstantTensor {
  Shape shape;
  std::vector<float> values;
};
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
/// Divides by the pixels inside the image, or (count_include_pad) by those of the window with its
/// padding, of which the last `beyond_h` rows and `beyond_w` columns never count: they only make
/// room for an incomplete last window.
struct AveragePool {
  Window window;
  bool count_include_pad = false;
  std::size_t beyond_h = 0, beyond_w = 0;
};
struct GlobalAveragePool {};
/// Changes the shape only; the order of elements is NCHW's. ONNX Flatten and Reshape.
struct Reshape {
  Shape target;
};
/// Sum, difference and product of two activations of one shape, or with sizes of 1 that are
/// repeated.
struct Add {};
struct Sub {};
struct Mul {};
/// A function of each element, with its parameters.
struct Activate {
  models::Activation function;
  float a = 0.0F, b = 0.0F;
};
/// Seen as `dims` (row-major, in NCHW's order of elements), with the axes in another order:
/// dimension i of the result is dimension permutation[i]; its elements row by row are `target`.
struct Transpose {
  std::vector<std::size_t> dims, permutation;
  Shape target;
};
/// out = scale[c] * in + shift[c]: BatchNormalization with its statistics folded into two numbers.
struct BatchNorm {
  std::vector<float> scale, shift;
};
/// Over the channels of each pixel.
struct Softmax {};
/// `count` positions from `begin`, `step` apart (back: modulo 2^64): channels, height, width.
struct Slice {
  std::array<std::size_t, 3> begin = {}, step = {1, 1, 1}, count = {};
};
/// Adds positions before and after, along channels, height and width: of `value`, of the input
/// mirrored at its first and last position (which are not repeated), or of the outermost one.
enum class PadMode { kConstant, kReflect, kEdge };
struct Pad {
  std::array<std::size_t, 3> before = {}, after = {};
  float value = 0.0F;
  PadMode mode = PadMode::kConstant;
};
/// Where along an axis of `size` positions a pad by kReflect or kEdge finds the value of position
/// `at`, counted from the pad's first.
std::size_t padded_from(PadMode mode, std::size_t at, std::size_t before, std::size_t size);
/// One or more activations behind each other along an axis: 0 channels, 1 height, 2 width.
struct Concat {
  std::size_t axis = 0;
};

using Operator = std::variant<Input, Conv, Gemm, Relu, MaxPool, AveragePool, GlobalAveragePool,
                              Reshape, Add, BatchNorm, Softmax, Slice, Pad, Concat, Sub, Mul,
                              Activate, Transpose, ConstantTensor>;

/// "conv", "gemm", ...: the report's `op`.
std::string_view name_of(const Operator& op);

/// One image's shape for messages: "[6, 14, 14]", "[8, 100]" for a series, "[84]" for a vector.
std::string to_string(const Shape& shape);

/// Channels, height, width; and the shape of the same kind that has them.
std::array<std::size_t, 3> sizes_of(const Shape& shape);
/// [N, C, H, W], [N, C, W] of a series or [N, C] of a vector.
std::vector<std::size_t> batch_shape(std::size_t images, const Shape& shape);
Shape with_sizes(const Shape& like, const std::array<std::size_t, 3>& sizes);

struct Node {
  std::string name;
  Operator op;
  std::vector<std::size_t> inputs;  // indices of earlier nodes
  Shape shape;                      // of this node's output, filled by infer_shapes
};

struct GraphOutput {
  std::string name;
  std::size_t node = 0;
};

/// A network: nodes in topological order, node 0 the input.
struct Graph {
  std::string name;
  /// The model itself takes [N, height, width, channels]. Here images are always [N, channels,
  /// height, width].
  bool channels_last_input = false;
  std::vector<Node> nodes;
  bool shapes_only = false;  // the weights of Conv and Gemm are left out
  /// Where there are several; the first is the one that answers are read from. Empty: the last
  /// node.
  std::vector<GraphOutput> outputs;

  const Shape& input_shape() const { return nodes.front().shape; }
  const Shape& output_shape() const {
    return outputs.empty() ? nodes.back().shape : nodes[outputs.front().node].shape;
  }
};

/// All outputs, of a graph of one its last node.
std::vector<GraphOutput> outputs_of(const Graph& graph);
/// How many nodes read each node's values, an output counting as one more.
std::vector<std::size_t> count_readers(const Graph& graph);

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

/// Adds each Pad by zeros along height and width that a Conv alone reads to the Conv's own; the
/// Pad has no reader then.
void fold_padding(Graph& graph);

/// Removes the nodes that no output needs. One output alone is the last node then, and `outputs`
/// empty.
void remove_unread(Graph& graph);

/// Folds each BatchNorm whose only producer is a Conv or Gemm used nowhere else into the
/// weights; the others stay.
void fold_batch_norm(Graph& graph);

}  // namespace systolog::workloads
