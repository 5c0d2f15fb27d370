// SPDX-License-Identifier: Apache-2.0
// Lowering: from the FP32 layer graph to encoded layers over NHWC tensors.
#include "sim/network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "models/user_error.h"
#include "sim/host_io.h"
#include "sim/moves.h"
#include "sim/packing.h"
#include "sim/placement.h"
#include "sim/quantisation_rules.h"
#include "sim/weight_codes.h"

namespace systolog::sim {
namespace {

using workloads::Graph;
using workloads::Node;
using workloads::Shape;

bool has_weights(const Node& node) {
  return std::holds_alternative<workloads::Conv>(node.op) ||
         std::holds_alternative<workloads::Gemm>(node.op);
}

bool only_looks_otherwise(const Node& node) {
  return std::holds_alternative<workloads::Reshape>(node.op) ||
         std::holds_alternative<workloads::Transpose>(node.op);
}

/// Who reads whom.
class Readers {
 public:
  explicit Readers(const Graph& graph) : graph_(graph), readers_(graph.nodes.size()) {
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      for (const std::size_t input : graph.nodes[n].inputs) readers_[input].push_back(n);
    }
    for (const auto& output : workloads::outputs_of(graph)) is_output_.insert(output.node);
  }

  /// The ReLU or Clip that is the only reader of a node, or the node itself.
  std::size_t sole_clamp_after(std::size_t n) const {
    if (readers_[n].size() != 1 || is_output_.contains(n)) return n;
    const workloads::Operator& next = graph_.nodes[readers_[n][0]].op;
    const auto* activate = std::get_if<workloads::Activate>(&next);
    const bool clamps = std::holds_alternative<workloads::Relu>(next) ||
                        (activate != nullptr && activate->function == models::Activation::kClip);
    return clamps ? readers_[n][0] : n;
  }

  /// The first node that computes with a node's values; the node itself where none does.
  std::size_t first_after(std::size_t n) const {
    if (readers_[n].empty()) return n;
    const std::size_t next = readers_[n][0];
    return only_looks_otherwise(graph_.nodes[next]) ? first_after(next) : next;
  }

 private:
  const Graph& graph_;
  std::vector<std::vector<std::size_t>> readers_;
  std::set<std::size_t> is_output_;
};

/// Images and constants: what no layer makes.
bool is_given(const Node& node) {
  return std::holds_alternative<workloads::Input>(node.op) ||
         std::holds_alternative<workloads::ConstantTensor>(node.op);
}

/// Throws UserError where one of the names is that of no layer.
void check_names(const Graph& graph, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return;
  const Readers readers(graph);
  std::vector<std::string> names;
  std::vector<bool> fused(graph.nodes.size(), false);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (has_weights(node) && readers.sole_clamp_after(n) != n) {
      fused[readers.sole_clamp_after(n)] = true;
    }
    if (!is_given(node) && !only_looks_otherwise(node) && !fused[n]) names.push_back(node.name);
  }
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::string list;
    for (const std::string& other : names) list += (list.empty() ? "" : ", ") + other;
    throw UserError("/layers/" + name + ": " + graph.name + " has no such layer, allowed " + list);
  }
}

class Lowering {
 public:
  Lowering(const Graph& graph, const LayerArithmetics& arithmetics, const Calibration& calibration,
           const QuantisationConfig& config)
      : graph_(graph),
        readers_(graph),
        calibration_(calibration),
        config_(config),
        placed_(graph.nodes.size()) {
    network_.name = graph.name;
    network_.arithmetic = arithmetics.base;
    network_.plan = arithmetics.plan().name();
    network_.has_values = !graph.shapes_only;
    std::vector<std::string> names;
    for (const auto& [layer, arithmetic] : arithmetics.layers) {
      names.push_back(layer);
      arithmetic_of_[layer] = number_of(arithmetic);
    }
    check_names(graph, names);
    if (config.compensate_bias) mean_errors_ = mean_product_errors(arithmetics.plan());
  }

  Network run() {
    std::vector<bool> fused(graph_.nodes.size(), false);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (fused[n]) continue;
      const Node& node = graph_.nodes[n];
      // Images and constants come in the format of who reads them first.
      choose_arithmetic(is_given(node) ? graph_.nodes[readers_.first_after(n)].name : node.name);
      if (is_given(node)) {
        placed_[n] = {add_value(n, node.shape, quantisation_of(n)), nullptr};
        feed_constant(node, placed_[n].value);
      } else if (only_looks_otherwise(node)) {
        see_otherwise(n);
      } else if (has_weights(node)) {
        const std::size_t last = readers_.sole_clamp_after(n);
        lower_matmul(n, last);
        if (last != n) fused[last] = true;
      } else if (std::holds_alternative<workloads::Slice>(node.op)) {
        lower_slice(n);
      } else if (std::holds_alternative<workloads::Pad>(node.op)) {
        lower_pad(n);
      } else if (std::holds_alternative<workloads::Concat>(node.op)) {
        lower_concat(n);
      } else if (std::holds_alternative<workloads::Relu>(node.op) ||
                 std::holds_alternative<workloads::Activate>(node.op)) {
        lower_activation(n);
      } else if (std::holds_alternative<workloads::Add>(node.op)) {
        lower_binary(n, pe::VectorOpcode::kAdd);
      } else if (std::holds_alternative<workloads::Sub>(node.op)) {
        lower_binary(n, pe::VectorOpcode::kSub);
      } else if (std::holds_alternative<workloads::Mul>(node.op)) {
        lower_binary(n, pe::VectorOpcode::kMul);
      } else {
        lower_vector(n);
      }
    }
    for (const auto& [name, node] : workloads::outputs_of(graph_)) {
      const Placement& placed = placed_[node];
      network_.outputs.push_back({name, placed.value, graph_.nodes[node].shape, {}});
      if (placed.order) network_.outputs.back().order = *placed.order;
    }
    pack_codes(network_);
    return std::move(network_);
  }

 private:
  /// A box in the order of a Shape (channels, height, width) in that of memory.
  using Sizes = std::array<std::size_t, 3>;
  static Box box(const Sizes& begin, const Sizes& step, const Sizes& count) {
    return {{begin[1], begin[2], begin[0]},
            {step[1], step[2], step[0]},
            {count[1], count[2], count[0]}};
  }
  static constexpr Sizes kOnes = {1, 1, 1};

  /// Of the layer that is being lowered.
  const models::Arithmetic& arithmetic() const { return network_.arithmetic_at(current_); }

  void choose_arithmetic(const std::string& layer) {
    const auto own = arithmetic_of_.find(layer);
    current_ = own == arithmetic_of_.end() ? 0 : own->second;
  }

  std::size_t number_of(const std::shared_ptr<const models::Arithmetic>& arithmetic) {
    if (arithmetic == network_.arithmetic) return 0;
    auto& others = network_.others;
    const auto known = std::find(others.begin(), others.end(), arithmetic);
    if (known == others.end()) {
      others.push_back(arithmetic);
      return others.size();
    }
    return static_cast<std::size_t>(known - others.begin()) + 1;
  }

  bool has_power_of_two_scales() const {
    return config_.power_of_two && network_.has_values && takes_power_of_two(arithmetic());
  }

  models::Quantisation quantisation_of(std::size_t node) const {
    if (arithmetic().is_quantised() && network_.has_values) {
      return quantise_range(calibration_.range(node, arithmetic().bits()), arithmetic().bits(),
                            config_.activations);
    }
    if (!has_power_of_two_scales()) return {};
    return {power_of_two_scale(calibration_.whole_range(node), arithmetic())};
  }

  std::size_t add_value(std::size_t node, const Shape& shape, models::Quantisation q) {
    network_.values.push_back({graph_.nodes[node].name, shape, q, {}, current_, node});
    return network_.values.size() - 1;
  }

  void feed_constant(const Node& node, std::size_t value) {
    const auto* constant = std::get_if<workloads::ConstantTensor>(&node.op);
    if (constant == nullptr || !network_.has_values) return;
    const workloads::Tensor one{workloads::batch_shape(1, node.shape), constant->values};
    network_.fed.push_back({value, encode_value(network_, value, one, 0, 1), true});
  }

  void add_layer(const std::string& name, std::string_view op, std::vector<std::size_t> inputs,
                 std::size_t output, decltype(Layer::work) work) {
    network_.layers.push_back({name, std::string(op), std::move(inputs), output, std::move(work),
                               network_.values[output].arithmetic});
  }

  static std::string_view format_of(const models::Arithmetic& arithmetic) {
    const std::string_view name = arithmetic.name();
    return name.substr(0, name.find('/'));
  }

  /// A value in the format of the current layer, which reads it: the value itself, or what a
  /// conversion makes of it, once for all readers.
  std::size_t in_format(std::size_t value) {
    const Value held = network_.values[value];
    if (format_of(network_.arithmetic_of(held)) == format_of(arithmetic())) return value;
    const auto [known, is_new] = converted_.try_emplace({value, format_of(arithmetic())});
    if (is_new) {
      known->second = add_value(held.node, held.shape, quantisation_of(held.node));
      VectorLayer layer;
      layer.opcode = pe::VectorOpcode::kCopy;
      add_layer(held.name + " to " + std::string(format_of(arithmetic())), "convert", {value},
                known->second, std::move(layer));
    }
    return known->second;
  }

  /// A reshape or transpose: the same bytes, found otherwise.
  void see_otherwise(std::size_t n) {
    const Node& node = graph_.nodes[n];
    const std::size_t from = node.inputs[0];
    const Placement& before = placed_[from];
    const auto* transpose = std::get_if<workloads::Transpose>(&node.op);
    const Shape &was = graph_.nodes[from].shape, &is = node.shape;
    if (transpose == nullptr && workloads::sizes_of(was) == workloads::sizes_of(is)) {
      placed_[n] = before;
      return;
    }
    const Order order = before.order ? *before.order : nhwc_order(was);
    placed_[n] = {before.value, std::make_shared<const Order>(
                                    transpose != nullptr ? transposed(order, *transpose) : order)};
  }

  /// The value of a node's input as [height, width, channels] of the shape the node sees. Where
  /// it lies otherwise, a layer is added that moves it.
  std::size_t image_input(const Node& node, std::size_t i) {
    const std::size_t producer = node.inputs[i];
    Placement& placed = placed_[producer];
    if (!placed.order) return in_format(placed.value);
    const Node& from = graph_.nodes[producer];
    const Order positions = reading_order(*placed.order, from.shape);
    const Value held = network_.values[placed.value];
    const std::size_t value = add_value(producer, from.shape, held.quantisation);
    network_.values[value].arithmetic = held.arithmetic;
    if (is_identity(positions)) {
      network_.values[value].same_bytes_as =
          held.same_bytes_as ? *held.same_bytes_as : placed.value;
    } else {
      MoveLayer layer;
      layer.moves = gathering_moves(positions);
      add_layer(from.name, workloads::name_of(from.op), {placed.value}, value, std::move(layer));
    }
    placed = {value, nullptr};
    return in_format(value);
  }

  void lower_matmul(std::size_t n, std::size_t last) {
    const Node& node = graph_.nodes[n];
    MatmulLayer layer;
    LayerWeights weights;
    std::span<const float> bias;
    std::size_t input = 0;
    if (const auto* conv = std::get_if<workloads::Conv>(&node.op)) {
      input = image_input(node, 0);
      layer.window = conv->window;
      layer.groups = static_cast<std::uint32_t>(conv->groups);
      layer.channels = static_cast<std::uint32_t>(network_.values[input].shape.channels);
      weights = weights_of(*conv, layer.channels / conv->groups);
      bias = conv->bias;
    } else {
      const auto& gemm = std::get<workloads::Gemm>(node.op);
      const Placement& placed = placed_[node.inputs[0]];
      input = in_format(placed.value);
      weights = weights_of(gemm, network_.values[input].shape.count(), placed.order.get());
      layer.channels = static_cast<std::uint32_t>(weights.k);
      bias = gemm.bias;
    }
    const std::vector<float> compensated = with_bias_compensated(weights.values);
    if (!compensated.empty()) weights.values = compensated;
    layer.filters = static_cast<std::uint32_t>(weights.filters);
    if (const auto* clip = std::get_if<workloads::Activate>(&graph_.nodes[last].op)) {
      layer.clip = {clip->a, clip->b};
    } else {
      layer.relu = last != n;
    }
    const std::size_t output = add_value(last, graph_.nodes[n].shape, quantisation_of(last));
    placed_[n] = placed_[last] = {output, nullptr};
    encode(n, weights, bias, network_.values[input].quantisation,
           network_.values[output].quantisation, layer);
    add_layer(node.name, workloads::name_of(node.op), {input}, output, std::move(layer));
  }

  /// Products come out 1 + error times as large on average, so weights go in that much smaller or
  /// larger; the bias is no product and stays. Empty where there is nothing to compensate.
  std::vector<float> with_bias_compensated(std::span<const float> weights) const {
    std::vector<float> compensated;
    const auto error = mean_errors_.find(arithmetic().name());
    if (error == mean_errors_.end()) return compensated;
    for (const float weight : weights) {
      compensated.push_back(static_cast<float>(weight / (1 + error->second)));
    }
    return compensated;
  }

  void encode(std::size_t node, const LayerWeights& weights, std::span<const float> bias,
              models::Quantisation in, models::Quantisation out, MatmulLayer& layer) const {
    const models::Arithmetic& a = arithmetic();
    // With zero points there is a bias, whatever their values: a Program does not depend on them.
    const bool has_bias =
        !bias.empty() || (a.is_quantised() && config_.activations == ActivationScheme::kAffine);
    if (!network_.has_values) {
      if (a.is_quantised()) layer.requantise.assign(weights.filters, 1.0F);
      if (has_bias) layer.bias.resize(weights.filters * a.bias_bytes());
      return;
    }
    const std::vector<float> scales = weight_scales(node, weights, bias, in.scale);
    layer.weights = encode_weights(weights, a, scales);
    const float zero = 0.0F;
    a.encode({&zero, 1}, in, reinterpret_cast<std::byte*>(&layer.zero_code));
    if (a.is_quantised()) {
      for (const float s : scales) layer.requantise.push_back(in.scale * s / out.scale);
    } else {
      layer.shift = std::ilogb(in.scale) + std::ilogb(scales.front()) - std::ilogb(out.scale);
    }
    if (!has_bias) return;
    const std::vector<float> zeros(weights.filters, 0.0F);
    layer.bias.resize(weights.filters * a.bias_bytes());
    a.encode_bias(bias.empty() ? std::span<const float>(zeros) : bias, in, scales,
                  layer.bias.data());
    if (!a.is_quantised()) return;
    std::vector<std::int64_t> code_sums(weights.filters, 0);
    if (in.zero_point != 0) code_sums = sums_of_codes(layer);
    for (std::size_t f = 0; f < weights.filters; ++f) {
      const double code = bias.empty() ? 0.0 : double{bias[f]} / (double{in.scale} * scales[f]);
      check_bias(graph_.nodes[node].name, f,
                 code - in.zero_point * static_cast<double>(code_sums[f]));
    }
    if (in.zero_point != 0) subtract_zero_point(in.zero_point, code_sums, layer.bias);
  }

  /// int:B biases are 32 bits wide whatever the accumulator: a saturated one would be a wrong sum.
  void check_bias(const std::string& name, std::size_t filter, double code) const {
    if (std::abs(code) <= std::numeric_limits<std::int32_t>::max()) return;
    throw UserError(graph_.name + ": node " + name + ": the bias of filter " +
                    std::to_string(filter) + " with the activations' zero point is 2^" +
                    std::to_string(std::ilogb(code)) + " in " + arithmetic().name() +
                    ", allowed 32 bits; fewer bits or symmetric activations make it smaller");
  }

  /// sum (a - z) w = sum a w - z sum w: the second term is a constant of the filter.
  static void subtract_zero_point(std::int32_t zero_point, std::span<const std::int64_t> sums,
                                  std::vector<std::byte>& bias) {
    for (std::size_t f = 0; f < sums.size(); ++f) {
      std::int32_t code = 0;
      std::memcpy(&code, bias.data() + f * sizeof code, sizeof code);
      code = static_cast<std::int32_t>(code - zero_point * sums[f]);
      std::memcpy(bias.data() + f * sizeof code, &code, sizeof code);
    }
  }

  /// Of each filter.
  std::vector<std::int64_t> sums_of_codes(const MatmulLayer& layer) const {
    const std::size_t bytes = arithmetic().code_bytes(), per_group = layer.filters / layer.groups;
    const std::size_t codes = layer.weights.size() / bytes, per_group_codes = codes / layer.groups;
    std::vector<std::int64_t> sums(layer.filters, 0);
    for (std::size_t i = 0; i < codes; ++i) {
      sums[i / per_group_codes * per_group + i % per_group] +=
          signed_code(layer.weights.data() + i * bytes);
    }
    return sums;
  }

  std::int64_t signed_code(const std::byte* at) const {
    std::uint32_t code = 0;
    std::memcpy(&code, at, arithmetic().code_bytes());
    const int unused = 32 - arithmetic().bits();
    return static_cast<std::int32_t>(code << unused) >> unused;
  }

  /// The filter's largest weight gets the largest code; where the weights are so small that the
  /// bias, in units of the product's scale, would leave its 32 bits, the scale is as large as the
  /// bias needs (half of the range: sums are still to be added).
  std::vector<float> weight_scales(std::size_t node, const LayerWeights& weights,
                                   std::span<const float> bias, float activation_scale) const {
    std::vector<float> scales(weights.filters, 1.0F);
    if (has_power_of_two_scales()) {
      const float scale = power_of_two_weight_scale(
          {range_of(weights.values), range_of(bias), calibration_.whole_range(node)},
          activation_scale, arithmetic());
      std::fill(scales.begin(), scales.end(), scale);
    }
    if (!arithmetic().is_quantised()) return scales;
    constexpr float kLargestBias = 0x1p30F;
    Range all;
    float needed = 0.0F;
    const std::vector<Range> ranges = filter_ranges(weights);
    for (std::size_t f = 0; f < weights.filters; ++f) {
      const Range& range = ranges[f];
      all = {std::min(all.lowest, range.lowest), std::max(all.highest, range.highest)};
      const float for_bias =
          bias.empty() ? 0.0F : std::abs(bias[f]) / activation_scale / kLargestBias;
      needed = std::max(needed, for_bias);
      scales[f] = std::max(weight_scale(range), for_bias);
    }
    if (config_.weights == WeightScheme::kPerTensor) {
      std::fill(scales.begin(), scales.end(), std::max(weight_scale(all), needed));
    }
    return scales;
  }

  float weight_scale(Range range) const {
    return quantise_range(range, arithmetic().bits(), ActivationScheme::kSymmetric).scale;
  }

  void lower_vector(std::size_t n) {
    const Node& node = graph_.nodes[n];
    VectorLayer layer;
    bool keeps_codes = false;
    if (const auto* max_pool = std::get_if<workloads::MaxPool>(&node.op)) {
      layer.opcode = pe::VectorOpcode::kMaxPool;
      layer.window = max_pool->window;
      keeps_codes = true;
    } else if (const auto* average = std::get_if<workloads::AveragePool>(&node.op)) {
      layer.opcode = pe::VectorOpcode::kAveragePool;
      layer.window = average->window;
      layer.count_include_pad = average->count_include_pad;
      layer.beyond_h = average->beyond_h;
      layer.beyond_w = average->beyond_w;
    } else if (std::holds_alternative<workloads::GlobalAveragePool>(node.op)) {
      const Shape& in = graph_.nodes[node.inputs[0]].shape;
      layer.opcode = pe::VectorOpcode::kAveragePool;
      layer.window.kernel_h = in.height;
      layer.window.kernel_w = in.width;
    } else if (std::holds_alternative<workloads::Softmax>(node.op)) {
      layer.opcode = pe::VectorOpcode::kSoftmax;
    } else {
      const auto& norm = std::get<workloads::BatchNorm>(node.op);
      layer.opcode = pe::VectorOpcode::kBatchNorm;
      layer.parameters = norm.scale;
      layer.parameters.insert(layer.parameters.end(), norm.shift.begin(), norm.shift.end());
    }
    const std::size_t input = image_input(node, 0);
    const auto q = keeps_codes ? network_.values[input].quantisation : quantisation_of(n);
    add_vector(n, std::move(layer), {input}, node.shape, q, nullptr);
  }

  void add_vector(std::size_t n, VectorLayer layer, std::vector<std::size_t> inputs,
                  const Shape& shape, models::Quantisation q, std::shared_ptr<const Order> order) {
    const Node& node = graph_.nodes[n];
    const std::size_t output = add_value(n, shape, q);
    placed_[n] = {output, std::move(order)};
    add_layer(node.name, workloads::name_of(node.op), std::move(inputs), output, std::move(layer));
  }

  /// Element by element: the result lies as the input does.
  void lower_activation(std::size_t n) {
    const Node& node = graph_.nodes[n];
    VectorLayer layer;
    bool keeps_codes = true;
    if (const auto* activate = std::get_if<workloads::Activate>(&node.op)) {
      layer.opcode = pe::VectorOpcode::kActivate;
      layer.activation = activate->function;
      layer.a = activate->a;
      layer.b = activate->b;
      keeps_codes = activate->function == models::Activation::kClip;
    } else {
      layer.opcode = pe::VectorOpcode::kRelu;
    }
    const Placement in = placed_[node.inputs[0]];
    const std::size_t input = in_format(in.value);
    const Value value = network_.values[input];
    add_vector(n, std::move(layer), {input}, value.shape,
               keeps_codes ? value.quantisation : quantisation_of(n), in.order);
  }

  /// Two operands that lie alike are taken as they lie. Otherwise as images, of which the second
  /// may have one pixel that is repeated; an operand that is smaller in another way is repeated in
  /// memory before.
  void lower_binary(std::size_t n, pe::VectorOpcode opcode) {
    const Node& node = graph_.nodes[n];
    VectorLayer layer;
    layer.opcode = opcode;
    const Placement a = placed_[node.inputs[0]], b = placed_[node.inputs[1]];
    const auto seen = [&](std::size_t i) {
      return workloads::sizes_of(graph_.nodes[node.inputs[i]].shape);
    };
    const Sizes whole = workloads::sizes_of(node.shape);
    const bool alike = seen(0) == whole && seen(1) == whole &&
                       (a.order == b.order || (a.order && b.order && *a.order == *b.order));
    if (alike) {
      const Shape shape = network_.values[a.value].shape;
      if (workloads::sizes_of(shape) == workloads::sizes_of(network_.values[b.value].shape)) {
        return add_vector(n, std::move(layer), {in_format(a.value), in_format(b.value)}, shape,
                          quantisation_of(n), a.order);
      }
    }
    std::vector<std::size_t> inputs = {image_input(node, 0), image_input(node, 1)};
    Sizes first = seen(0), second = seen(1);
    const Sizes one_pixel = {whole[0], 1, 1};
    if (first != whole && second == whole && opcode != pe::VectorOpcode::kSub) {
      std::swap(inputs[0], inputs[1]);
      std::swap(first, second);
    }
    if (first != whole) inputs[0] = repeated(n, inputs[0]);
    if (second != whole) {
      layer.second_per_channel = second == one_pixel;
      if (!layer.second_per_channel) inputs[1] = repeated(n, inputs[1]);
    }
    add_vector(n, std::move(layer), std::move(inputs), node.shape, quantisation_of(n), nullptr);
  }

  /// A value with its axes of size 1 repeated to the node's shape, by a layer that moves it.
  std::size_t repeated(std::size_t n, std::size_t input) {
    const Node& node = graph_.nodes[n];
    const Value from = network_.values[input];
    const Sizes sizes = workloads::sizes_of(from.shape), whole = workloads::sizes_of(node.shape);
    Sizes step = kOnes;
    for (std::size_t d = 0; d < 3; ++d) {
      if (sizes[d] != whole[d]) step[d] = 0;
    }
    const std::size_t value = add_value(from.node, node.shape, from.quantisation);
    MoveLayer layer;
    layer.moves.push_back(
        move_box(0, from.shape, box({}, step, whole), node.shape, box({}, kOnes, whole)));
    add_layer(node.name, "repeat", {input}, value, std::move(layer));
    return value;
  }

  // --- movement: codes stay as they are ---------------------------------------------------------

  void add_move(std::size_t n, std::vector<std::size_t> inputs, models::Quantisation q,
                MoveLayer layer) {
    const Node& node = graph_.nodes[n];
    placed_[n] = {add_value(n, node.shape, q), nullptr};
    add_layer(node.name, workloads::name_of(node.op), std::move(inputs), placed_[n].value,
              std::move(layer));
  }

  void lower_slice(std::size_t n) {
    const Node& node = graph_.nodes[n];
    const auto& slice = std::get<workloads::Slice>(node.op);
    const std::size_t input = image_input(node, 0);
    const Shape& in = network_.values[input].shape;
    MoveLayer layer;
    // Transfers go forward: each position of an axis that is read backwards is a move of its own.
    Sizes step = slice.step, count = slice.count;
    std::vector<std::pair<Sizes, Sizes>> begins = {{slice.begin, {}}};  // from, to
    for (std::size_t d = 0; d < 3; ++d) {
      if (static_cast<std::ptrdiff_t>(step[d]) > 0) continue;
      std::vector<std::pair<Sizes, Sizes>> apart;
      for (auto [from, to] : begins) {
        for (to[d] = 0; to[d] < count[d]; ++to[d], from[d] += step[d]) apart.emplace_back(from, to);
      }
      begins = std::move(apart);
      step[d] = count[d] = 1;
    }
    for (const auto& [from, to] : begins) {
      layer.moves.push_back(
          move_box(0, in, box(from, step, count), node.shape, box(to, kOnes, count)));
    }
    add_move(n, {input}, network_.values[input].quantisation, std::move(layer));
  }

  /// The image in the middle, and at each side of each axis a box of the pad's value, which spans
  /// the axes before it wholly.
  void lower_pad(std::size_t n) {
    const Node& node = graph_.nodes[n];
    const auto& pad = std::get<workloads::Pad>(node.op);
    const std::size_t input = image_input(node, 0);
    const Shape& in = network_.values[input].shape;
    const Sizes inside = workloads::sizes_of(in), whole = workloads::sizes_of(node.shape);
    MoveLayer layer;
    layer.moves.push_back(
        move_box(0, in, box({}, kOnes, inside), node.shape, box(pad.before, kOnes, inside)));
    if (pad.mode != workloads::PadMode::kConstant) {
      take_from_input(pad, in, node.shape, layer);
      return add_move(n, {input}, network_.values[input].quantisation, std::move(layer));
    }
    Sizes begin = pad.before, count = inside;
    for (std::size_t d = 0; d < 3; ++d) {
      const auto fill = [&](std::size_t first, std::size_t positions) {
        if (positions == 0) return;
        Sizes at = begin, size = count;
        at[d] = first;
        size[d] = positions;
        Move move = move_box(0, node.shape, box({}, kOnes, size), node.shape, box(at, kOnes, size));
        move.fills = true;
        layer.moves.push_back(std::move(move));
      };
      fill(0, pad.before[d]);
      fill(pad.before[d] + inside[d], pad.after[d]);
      begin[d] = 0;
      count[d] = whole[d];
    }
    // Zero is a code of every quantisation; another value may lie outside of the input's.
    const models::Quantisation q =
        pad.value == 0.0F ? network_.values[input].quantisation : quantisation_of(n);
    arithmetic().encode({&pad.value, 1}, q, reinterpret_cast<std::byte*>(&layer.fill_code));
    add_move(n, {input}, q, std::move(layer));
  }

  /// Each padded position of the one axis that is padded, from where it comes.
  static void take_from_input(const workloads::Pad& pad, const Shape& in, const Shape& out,
                              MoveLayer& layer) {
    const Sizes inside = workloads::sizes_of(in), whole = workloads::sizes_of(out);
    for (std::size_t d = 0; d < 3; ++d) {
      for (std::size_t at = 0; at < whole[d]; ++at) {
        if (at == pad.before[d]) at += inside[d];
        if (at >= whole[d]) break;
        Sizes from = {}, to = {}, count = inside;
        from[d] = workloads::padded_from(pad.mode, at, pad.before[d], inside[d]);
        to[d] = at;
        count[d] = 1;
        layer.moves.push_back(move_box(0, in, box(from, kOnes, count), out, box(to, kOnes, count)));
      }
    }
  }

  void lower_concat(std::size_t n) {
    const Node& node = graph_.nodes[n];
    const std::size_t axis = std::get<workloads::Concat>(node.op).axis;
    std::vector<std::size_t> inputs;
    MoveLayer layer;
    Sizes at = {};
    bool one_quantisation = true;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      inputs.push_back(image_input(node, i));
      const Value& value = network_.values[inputs[i]];
      const Sizes sizes = workloads::sizes_of(value.shape);
      layer.moves.push_back(
          move_box(i, value.shape, box({}, kOnes, sizes), node.shape, box(at, kOnes, sizes)));
      at[axis] += sizes[axis];
      const models::Quantisation& first = network_.values[inputs[0]].quantisation;
      one_quantisation = one_quantisation && value.quantisation.scale == first.scale &&
                         value.quantisation.zero_point == first.zero_point;
    }
    const auto q = one_quantisation ? network_.values[inputs[0]].quantisation : quantisation_of(n);
    add_move(n, std::move(inputs), q, std::move(layer));
  }

  const Graph& graph_;
  Readers readers_;
  const Calibration& calibration_;
  const QuantisationConfig& config_;
  std::map<std::string, std::size_t> arithmetic_of_;  // layers that have another than the base
  std::size_t current_ = 0;                           // arithmetic
  std::map<std::string, double> mean_errors_;         // to compensate, of arithmetics by name
  std::vector<Placement> placed_;                     // of each node
  std::map<std::pair<std::size_t, std::string_view>, std::size_t> converted_;  // value, format
  Network network_;
};

}  // namespace

Network lower(const Graph& graph, const LayerArithmetics& arithmetics,
              const Calibration& calibration, const QuantisationConfig& quantisation) {
  return Lowering(graph, arithmetics, calibration, quantisation).run();
}

void check_layers(const ArithmeticPlan& plan, const Graph& graph) {
  std::vector<std::string> names;
  for (const auto& [layer, arithmetic] : plan.layers) names.push_back(layer);
  check_names(graph, names);
}

}  // namespace systolog::sim
