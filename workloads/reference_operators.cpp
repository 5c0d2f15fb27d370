// SPDX-License-Identifier: Apache-2.0
#include "workloads/reference_operators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "workloads/reference_convolution.h"

namespace systolog::workloads {

namespace {

struct Range {
  std::size_t begin, end;
};

/// Taps t in [0, kernel) with origin + t * dilation in [pad, pad + size), the image's pixels;
/// `origin` is the window's start in the padded image.
Range taps_inside(std::size_t origin, std::size_t kernel, std::size_t dilation, std::size_t size,
                  std::size_t pad) {
  const std::size_t begin = origin >= pad ? 0 : (pad - origin + dilation - 1) / dilation;
  const std::size_t end = size + pad > origin ? (size + pad - origin - 1) / dilation + 1 : 0;
  return {std::min(begin, kernel), std::clamp(end, std::min(begin, kernel), kernel)};
}

struct Runner {
  const Graph& graph;
  const Node& node;
  std::span<const std::span<const float>> inputs;

  const Shape& in_shape() const { return graph.nodes[node.inputs[0]].shape; }
  std::span<const float> in() const { return inputs[0]; }
  std::vector<float> zeros() const { return std::vector<float>(node.shape.count(), 0.0F); }
  std::vector<float> copy() const { return {in().begin(), in().end()}; }

  std::vector<float> operator()(const Input&) const { return copy(); }
  std::vector<float> operator()(const Reshape&) const { return copy(); }
  std::vector<float> operator()(const ConstantTensor& op) const { return op.values; }

  std::vector<float> operator()(const Conv& op) const {
    return convolve(op, in_shape(), node.shape, in());
  }

  std::vector<float> operator()(const Gemm& op) const {
    std::vector<float> out = zeros();
    const float* row = op.weights.data();
    for (const float x : in()) {
      for (std::size_t n = 0; n < op.features; ++n) out[n] += x * row[n];
      row += op.features;
    }
    for (std::size_t n = 0; n < op.bias.size(); ++n) out[n] += op.bias[n];
    return out;
  }

  std::vector<float> operator()(const Relu&) const {
    std::vector<float> out = copy();
    for (float& x : out) x = x < 0.0F ? 0.0F : x;
    return out;
  }

  std::vector<float> operator()(const MaxPool& op) const {
    return pool(
        op.window, -std::numeric_limits<float>::infinity(),
        [](float most, float x) { return x > most || std::isnan(x) ? x : most; },
        [](float most, std::size_t) { return most; }, {});
  }

  std::vector<float> operator()(const AveragePool& op) const {
    return pool(
        op.window, 0.0F, [](float sum, float x) { return sum + x; },
        [](float sum, std::size_t pixels) { return sum / static_cast<float>(pixels); }, op);
  }

  std::vector<float> operator()(const GlobalAveragePool&) const {
    std::vector<float> out = zeros();
    const std::size_t pixels = in_shape().height * in_shape().width;
    for (std::size_t c = 0; c < out.size(); ++c) {
      for (std::size_t i = 0; i < pixels; ++i) out[c] += in()[c * pixels + i];
      out[c] /= static_cast<float>(pixels);
    }
    return out;
  }

  std::vector<float> operator()(const Add&) const {
    return binary([](float a, float b) { return a + b; });
  }
  std::vector<float> operator()(const Sub&) const {
    return binary([](float a, float b) { return a - b; });
  }
  std::vector<float> operator()(const Mul&) const {
    return binary([](float a, float b) { return a * b; });
  }

  /// An axis of size 1 is repeated.
  template <typename Function>
  std::vector<float> binary(Function function) const {
    std::array<std::array<std::size_t, 3>, 2> stride;
    for (std::size_t i = 0; i < 2; ++i) {
      const Shape& s = graph.nodes[node.inputs[i]].shape;
      stride[i] = {s.channels == 1 ? 0 : s.height * s.width, s.height == 1 ? 0 : s.width,
                   s.width == 1 ? std::size_t{0} : 1};
    }
    std::vector<float> out = zeros();
    std::size_t next = 0;
    for (std::size_t c = 0; c < node.shape.channels; ++c) {
      for (std::size_t y = 0; y < node.shape.height; ++y) {
        const float* const a = &inputs[0][c * stride[0][0] + y * stride[0][1]];
        const float* const b = &inputs[1][c * stride[1][0] + y * stride[1][1]];
        for (std::size_t x = 0; x < node.shape.width; ++x) {
          out[next++] = function(a[x * stride[0][2]], b[x * stride[1][2]]);
        }
      }
    }
    return out;
  }

  std::vector<float> operator()(const Activate& op) const {
    std::vector<float> out = copy();
    for (float& x : out) x = models::activate(op.function, op.a, op.b, x);
    return out;
  }

  std::vector<float> operator()(const Transpose& op) const {
    const std::size_t rank = op.dims.size();
    std::vector<std::size_t> stride(rank, 1), index(rank, 0);
    for (std::size_t d = rank; d-- > 1;) stride[d - 1] = stride[d] * op.dims[d];
    std::vector<float> out;
    out.reserve(in().size());
    std::size_t at = 0;
    while (out.size() < in().size()) {
      out.push_back(in()[at]);
      for (std::size_t i = rank; i-- > 0;) {  // counts up the result's indices
        const std::size_t d = op.permutation[i];
        at += stride[d];
        if (++index[i] < op.dims[d]) break;
        at -= index[i] * stride[d];
        index[i] = 0;
      }
    }
    return out;
  }

  std::vector<float> operator()(const BatchNorm& op) const {
    std::vector<float> out = copy();
    const std::size_t pixels = node.shape.height * node.shape.width;
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = op.scale[i / pixels] * out[i] + op.shift[i / pixels];
    }
    return out;
  }

  /// exp(x - max) / sum of exp(x - max): the shift keeps exp from overflowing.
  std::vector<float> operator()(const Softmax&) const {
    std::vector<float> out = copy();
    const std::size_t pixels = node.shape.height * node.shape.width;
    for (std::size_t p = 0; p < pixels; ++p) {
      float most = out[p], sum = 0.0F;
      for (std::size_t i = p; i < out.size(); i += pixels) most = std::max(most, out[i]);
      for (std::size_t i = p; i < out.size(); i += pixels) sum += out[i] = std::exp(out[i] - most);
      for (std::size_t i = p; i < out.size(); i += pixels) out[i] /= sum;
    }
    return out;
  }

  std::vector<float> operator()(const Slice& op) const {
    const Shape &is = in_shape(), &os = node.shape;
    std::vector<float> out;
    out.reserve(os.count());
    for (std::size_t c = 0; c < os.channels; ++c) {
      for (std::size_t y = 0; y < os.height; ++y) {
        const float* const row =
            &in()[((op.begin[0] + c * op.step[0]) * is.height + op.begin[1] + y * op.step[1]) *
                  is.width];
        for (std::size_t x = 0; x < os.width; ++x) {
          out.push_back(row[op.begin[2] + x * op.step[2]]);
        }
      }
    }
    return out;
  }

  std::vector<float> operator()(const Pad& op) const {
    if (op.mode != PadMode::kConstant) return pad_from_input(op);
    std::vector<float> out(node.shape.count(), op.value);
    place(in(), in_shape(), op.before, out);
    return out;
  }

  std::vector<float> operator()(const Concat& op) const {
    std::vector<float> out = zeros();
    std::array<std::size_t, 3> at = {};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Shape& shape = graph.nodes[node.inputs[i]].shape;
      place(inputs[i], shape, at, out);
      at[op.axis] += sizes_of(shape)[op.axis];
    }
    return out;
  }

  std::vector<float> pad_from_input(const Pad& op) const {
    const Shape &is = in_shape(), &os = node.shape;
    std::vector<float> out;
    out.reserve(os.count());
    for (std::size_t c = 0; c < os.channels; ++c) {
      const std::size_t channel = padded_from(op.mode, c, op.before[0], is.channels);
      for (std::size_t y = 0; y < os.height; ++y) {
        const std::size_t row = padded_from(op.mode, y, op.before[1], is.height);
        const float* const from = &in()[(channel * is.height + row) * is.width];
        for (std::size_t x = 0; x < os.width; ++x) {
          out.push_back(from[padded_from(op.mode, x, op.before[2], is.width)]);
        }
      }
    }
    return out;
  }

  /// Copies a tensor into this node's output, its first element to position `at`.
  void place(std::span<const float> from, const Shape& shape, const std::array<std::size_t, 3>& at,
             std::vector<float>& out) const {
    for (std::size_t c = 0; c < shape.channels; ++c) {
      for (std::size_t y = 0; y < shape.height; ++y) {
        const float* const row = &from[(c * shape.height + y) * shape.width];
        float* const to =
            &out[((at[0] + c) * node.shape.height + at[1] + y) * node.shape.width + at[2]];
        std::copy(row, row + shape.width, to);
      }
    }
  }

  /// Folds the pixels of each window from `start`; `finish` gets the result and the number of
  /// pixels that `counting` counts.
  template <typename Fold, typename Finish>
  std::vector<float> pool(const Window& w, float start, Fold fold, Finish finish,
                          const AveragePool& counting) const {
    const Shape &is = in_shape(), &os = node.shape;
    const std::size_t high = is.height + w.pad_top + w.pad_bottom - counting.beyond_h;
    const std::size_t wide = is.width + w.pad_left + w.pad_right - counting.beyond_w;
    std::vector<float> out = zeros();
    std::size_t next = 0;
    for (std::size_t c = 0; c < os.channels; ++c) {
      const float* const image = &in()[c * is.height * is.width];
      for (std::size_t y = 0; y < os.height; ++y) {
        const std::size_t top = y * w.stride_h;
        const Range kys = taps_inside(top, w.kernel_h, w.dilation_h, is.height, w.pad_top);
        for (std::size_t x = 0; x < os.width; ++x) {
          const std::size_t left = x * w.stride_w;
          const Range kxs = taps_inside(left, w.kernel_w, w.dilation_w, is.width, w.pad_left);
          float value = start;
          for (std::size_t ky = kys.begin; ky < kys.end; ++ky) {
            const float* const row = image + (top + ky * w.dilation_h - w.pad_top) * is.width;
            for (std::size_t kx = kxs.begin; kx < kxs.end; ++kx) {
              value = fold(value, row[left + kx * w.dilation_w - w.pad_left]);
            }
          }
          std::size_t counted = (kys.end - kys.begin) * (kxs.end - kxs.begin);
          if (counting.count_include_pad) {
            counted = taps_inside(top, w.kernel_h, w.dilation_h, high, 0).end *
                      taps_inside(left, w.kernel_w, w.dilation_w, wide, 0).end;
          }
          out[next++] = finish(value, counted);
        }
      }
    }
    return out;
  }
};

}  // namespace

std::vector<float> run_operator(const Graph& graph, const Node& node,
                                std::span<const std::span<const float>> inputs) {
  return std::visit(Runner{graph, node, inputs}, node.op);
}

}  // namespace systolog::workloads
