// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "models/user_error.h"
#include "workloads/graph.h"

namespace systolog::workloads {

namespace {

/// a * b, or kMaxElements + 1 where the product is larger than kMaxElements.
std::size_t bounded_product(std::size_t a, std::size_t b) {
  return a != 0 && b > kMaxElements / a ? kMaxElements + 1 : a * b;
}

std::size_t bounded_count(const Shape& s) {
  return bounded_product(bounded_product(s.channels, s.height), s.width);
}

/// One axis of a window, as both output_size and the check for empty windows see it.
struct Axis {
  std::string_view name;
  std::size_t size, kernel, stride, pad_begin, pad_end, dilation;

  std::size_t output() const {
    return output_size(size, kernel, stride, pad_begin, pad_end, dilation);
  }
  /// Every window has a pixel of the image in it.
  bool no_window_is_empty() const {
    for (std::size_t out = 0, count = output(); out < count; ++out) {
      const std::size_t start = out * stride;  // in the padded image
      const std::size_t skipped =              // taps before the image
          start >= pad_begin ? 0 : (pad_begin - start + dilation - 1) / dilation;
      if (skipped >= kernel || start + skipped * dilation >= pad_begin + size) return false;
    }
    return true;
  }
};

bool is_binary(const Operator& op) {
  return std::holds_alternative<Add>(op) || std::holds_alternative<Sub>(op) ||
         std::holds_alternative<Mul>(op);
}

bool is_legal(const Shape& s) {
  return (!s.is_vector || (s.height == 1 && s.width == 1)) && (!s.is_series || s.height == 1);
}

/// Computes one node's shape; each operator() checks its own operator.
class Inference {
 public:
  Inference(const Graph& graph, std::size_t index) : graph_(graph), index_(index) {}

  Shape run() {
    const Node& node = graph_.nodes[index_];
    const bool is_first = index_ == 0;
    if (std::holds_alternative<Input>(node.op) != is_first) {
      fail(is_first ? "the first node must be the input" : "only the first node may be an input");
    }
    const bool reads_none = is_first || std::holds_alternative<ConstantTensor>(node.op);
    const std::size_t arity = reads_none ? 0 : is_binary(node.op) ? 2 : 1;
    const bool takes_more = std::holds_alternative<Concat>(node.op);
    if (takes_more ? node.inputs.empty() : node.inputs.size() != arity) {
      fail("has " + std::to_string(node.inputs.size()) + " inputs, allowed " +
           std::to_string(arity) + (takes_more ? " or more" : ""));
    }
    for (const std::size_t input : node.inputs) {
      if (input >= index_) {
        fail("reads node " + std::to_string(input) + ", allowed an earlier node");
      }
    }
    const Shape shape = std::visit(*this, node.op);
    const std::size_t count = bounded_count(shape);
    if (count == 0 || count > kMaxElements) {
      fail("its output is " + to_string(shape) + ", allowed 1 to " + std::to_string(kMaxElements) +
           " elements");
    }
    return shape;
  }

  Shape operator()(const Input&) const {
    const Shape& shape = graph_.nodes[index_].shape;
    check_legal(shape);
    return shape;
  }

  Shape operator()(const Conv& op) const {
    const Shape& in = image();
    if (op.groups == 0 || op.filters == 0 || in.channels % op.groups != 0 ||
        op.filters % op.groups != 0) {
      fail("cannot split " + std::to_string(in.channels) + " channels and " +
           std::to_string(op.filters) + " filters into " + std::to_string(op.groups) + " groups");
    }
    const Shape out = slide(op.window, op.filters, in);
    const std::size_t taps = bounded_product(op.window.kernel_h, op.window.kernel_w);
    const std::size_t weights =
        bounded_product(bounded_product(op.filters, in.channels / op.groups), taps);
    if (!fits(op.weights.size(), weights)) {
      fail("has " + std::to_string(op.weights.size()) + " weights, but its input " + to_string(in) +
           " with " + std::to_string(op.filters) + " filters of " +
           std::to_string(op.window.kernel_h) + "x" + std::to_string(op.window.kernel_w) + " in " +
           std::to_string(op.groups) + " groups needs " + std::to_string(weights));
    }
    check_size("bias values", op.bias.size(), op.filters, true);
    return out;
  }

  Shape operator()(const Gemm& op) const {
    const Shape& in = vector();
    const std::size_t weights = bounded_product(in.channels, op.features);
    if (!fits(op.weights.size(), weights)) {
      fail("has " + std::to_string(op.weights.size()) + " weights, but its input " + to_string(in) +
           " and " + std::to_string(op.features) + " outputs need " + std::to_string(weights));
    }
    check_size("bias values", op.bias.size(), op.features, true);
    return {.channels = op.features, .is_vector = true};
  }

  Shape operator()(const Relu&) const { return input(); }
  Shape operator()(const MaxPool& op) const { return pool(op.window, /*needs_pixels=*/true); }
  Shape operator()(const AveragePool& op) const {
    const Shape out = pool(op.window, !op.count_include_pad);
    const Window& w = op.window;
    const std::size_t high = input().height + w.pad_top + w.pad_bottom,
                      wide = input().width + w.pad_left + w.pad_right;
    if ((out.height - 1) * w.stride_h + op.beyond_h >= high ||
        (out.width - 1) * w.stride_w + op.beyond_w >= wide) {
      fail("its last window has no pixel that counts");
    }
    return out;
  }
  Shape operator()(const GlobalAveragePool&) const {
    return with_sizes(image(), {image().channels, 1, 1});
  }

  Shape operator()(const Reshape& op) const {
    const Shape& in = input();
    check_legal(op.target);
    if (bounded_count(op.target) != in.count()) {
      fail("cannot reshape " + to_string(in) + " to " + to_string(op.target) + ": " +
           std::to_string(in.count()) + " elements");
    }
    return op.target;
  }

  Shape operator()(const Add&) const { return binary("add"); }
  Shape operator()(const Sub&) const { return binary("subtract"); }
  Shape operator()(const Mul&) const { return binary("multiply"); }
  Shape operator()(const Activate&) const { return input(); }

  Shape operator()(const ConstantTensor& op) const {
    check_legal(op.shape);
    check_size("values", op.values.size(), bounded_count(op.shape), false);
    return op.shape;
  }

  Shape operator()(const Transpose& op) const {
    check_legal(op.target);
    std::size_t count = 1;
    std::vector<bool> named(op.dims.size(), false);
    for (const std::size_t d : op.permutation) {
      if (d < named.size()) named[d] = true;
    }
    for (const std::size_t dim : op.dims) count = bounded_product(count, dim);
    const bool permutes = op.permutation.size() == op.dims.size() &&
                          std::find(named.begin(), named.end(), false) == named.end();
    if (!permutes || count != input().count() || bounded_count(op.target) != count) {
      fail("cannot transpose " + to_string(input()) + " to " + to_string(op.target));
    }
    return op.target;
  }

  Shape operator()(const BatchNorm& op) const {
    const Shape& in = input();
    check_size("scales", op.scale.size(), in.channels, false);
    check_size("shifts", op.shift.size(), in.channels, false);
    return in;
  }

  Shape operator()(const Softmax&) const { return input(); }

  Shape operator()(const Slice& op) const {
    const auto sizes = sizes_of(input());
    for (std::size_t d = 0; d < 3; ++d) {
      const auto step = static_cast<std::ptrdiff_t>(op.step[d]);
      const std::size_t stride = step < 0 ? 0 - op.step[d] : op.step[d];
      const bool inside =
          op.count[d] > 0 && stride > 0 && op.begin[d] < sizes[d] &&
          op.count[d] - 1 <= (step < 0 ? op.begin[d] : sizes[d] - 1 - op.begin[d]) / stride;
      if (!inside) {
        fail("takes " + std::to_string(op.count[d]) + " positions from " +
             std::to_string(op.begin[d]) + " in steps of " + std::to_string(step) + " along the " +
             std::string(kAxes[d]) + " of its input " + to_string(input()));
      }
    }
    return with_sizes(input(), op.count);
  }

  Shape operator()(const Pad& op) const {
    auto sizes = sizes_of(input());
    for (std::size_t d = 0; d < 3; ++d) {
      for (const std::size_t pad : {op.before[d], op.after[d]}) {
        if (pad > kMaxElements || (d > 0 && pad > 0 && input().is_vector)) {
          fail("pad " + std::to_string(pad) + " along the " + std::string(kAxes[d]) +
               " of its input " + to_string(input()));
        }
        if (op.mode == PadMode::kReflect && pad >= sizes_of(input())[d]) {
          fail("mirrors " + std::to_string(pad) + " positions along the " + std::string(kAxes[d]) +
               " of its input " + to_string(input()) + ", allowed fewer than it has");
        }
        sizes[d] += pad;
      }
    }
    return with_sizes(input(), sizes);
  }

  Shape operator()(const Concat& op) const {
    const Node& node = graph_.nodes[index_];
    if (op.axis > 2 || (op.axis > 0 && input().is_vector)) {
      fail("axis " + std::to_string(op.axis) + ", allowed 0" + (input().is_vector ? "" : " to 2"));
    }
    auto sizes = sizes_of(input());
    sizes[op.axis] = 0;
    for (const std::size_t other : node.inputs) {
      const Shape& shape = graph_.nodes[other].shape;
      auto wanted = sizes_of(input());
      wanted[op.axis] = sizes_of(shape)[op.axis];
      if (shape != with_sizes(input(), wanted)) {
        fail("cannot join " + to_string(input()) + " and " + to_string(shape) + " along the " +
             std::string(kAxes[op.axis]));
      }
      // At most kMaxElements each, and protobuf's 2 GiB hold no more than 2^30 names.
      sizes[op.axis] += wanted[op.axis];
    }
    return with_sizes(input(), sizes);
  }

 private:
  Shape binary(const std::string& what) const {
    const Node& node = graph_.nodes[index_];
    const Shape& a = graph_.nodes[node.inputs[0]].shape;
    const Shape& b = graph_.nodes[node.inputs[1]].shape;
    auto sizes = sizes_of(a);
    for (std::size_t d = 0; d < 3; ++d) {
      if (sizes[d] == 1) sizes[d] = sizes_of(b)[d];
    }
    const Shape out = with_sizes(a, sizes);
    for (std::size_t d = 0; d < 3; ++d) {
      const std::size_t size = sizes_of(b)[d];
      if ((size != sizes[d] && size != 1) || with_sizes(b, sizes) != out) {
        fail("cannot " + what + " " + to_string(a) + " and " + to_string(b));
      }
    }
    return out;
  }

  void check_legal(const Shape& shape) const {
    if (!is_legal(shape)) fail("a vector has height and width 1, a series height 1");
  }

  static constexpr std::string_view kAxes[] = {"channels", "height", "width"};

  [[noreturn]] void fail(const std::string& what) const {
    const Node& node = graph_.nodes[index_];
    throw UserError("node '" + node.name + "' (" + std::string(name_of(node.op)) + "): " + what);
  }

  const Shape& input() const { return graph_.nodes[graph_.nodes[index_].inputs[0]].shape; }
  const Shape& image() const {
    if (input().is_vector) {
      fail("its input " + to_string(input()) + " is a vector, allowed [channels, height, width]");
    }
    return input();
  }
  const Shape& vector() const {
    if (!input().is_vector) {
      fail("its input " + to_string(input()) + " is no vector; flatten it first");
    }
    return input();
  }

  bool fits(std::size_t got, std::size_t weights) const {
    if (weights > kMaxElements) {
      fail("needs more than " + std::to_string(kMaxElements) + " weights, which is the most");
    }
    return got == weights || (graph_.shapes_only && got == 0);
  }

  void check_size(std::string_view what, std::size_t got, std::size_t wanted,
                  bool may_be_empty) const {
    if (got == wanted || (may_be_empty && got == 0)) return;
    fail("has " + std::to_string(got) + " " + std::string(what) + ", allowed " +
         std::to_string(wanted) + (may_be_empty ? " or none" : ""));
  }

  static Axis rows(const Window& w, const Shape& in) {
    return {"height", in.height, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom, w.dilation_h};
  }
  static Axis columns(const Window& w, const Shape& in) {
    return {"width", in.width, w.kernel_w, w.stride_w, w.pad_left, w.pad_right, w.dilation_w};
  }

  Shape slide(const Window& w, std::size_t channels, const Shape& in) const {
    for (const Axis& axis : {rows(w, in), columns(w, in)}) {
      for (const std::size_t value : {axis.kernel, axis.stride, axis.dilation}) {
        if (value == 0 || value > kMaxWindow) {
          fail("kernel, stride or dilation " + std::to_string(value) + " along the " +
               std::string(axis.name) + ", allowed 1 to " + std::to_string(kMaxWindow));
        }
      }
      for (const std::size_t pad : {axis.pad_begin, axis.pad_end}) {
        if (pad > kMaxWindow) {
          fail("pad " + std::to_string(pad) + " along the " + std::string(axis.name) +
               ", allowed 0 to " + std::to_string(kMaxWindow));
        }
      }
      if (axis.output() == 0) {
        fail("a kernel of " + std::to_string(axis.kernel) + " with dilation " +
             std::to_string(axis.dilation) + " does not fit the padded " + std::string(axis.name) +
             " " + std::to_string(axis.size + axis.pad_begin + axis.pad_end) + " of its input " +
             to_string(in));
      }
    }
    return with_sizes(in, {channels, rows(w, in).output(), columns(w, in).output()});
  }

  Shape pool(const Window& w, bool needs_pixels) const {
    const Shape& in = image();
    const Shape out = slide(w, in.channels, in);
    for (const Axis& axis : {rows(w, in), columns(w, in)}) {
      if (needs_pixels && !axis.no_window_is_empty()) {
        fail("a window along the " + std::string(axis.name) + " of its input " + to_string(in) +
             " lies wholly in the padding");
      }
    }
    return out;
  }

  const Graph& graph_;
  std::size_t index_;
};

}  // namespace

std::size_t output_size(std::size_t size, std::size_t kernel, std::size_t stride,
                        std::size_t pad_begin, std::size_t pad_end, std::size_t dilation) {
  const std::size_t padded = size + pad_begin + pad_end;
  const std::size_t extent = dilation * (kernel - 1) + 1;
  return extent > padded ? 0 : (padded - extent) / stride + 1;
}

void infer_shape(Graph& graph, std::size_t node) {
  graph.nodes[node].shape = Inference(graph, node).run();
}

void infer_shapes(Graph& graph) {
  if (graph.nodes.empty()) throw UserError("network '" + graph.name + "' has no nodes");
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) infer_shape(graph, i);
}

}  // namespace systolog::workloads
