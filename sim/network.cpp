// SPDX-License-Identifier: Apache-2.0
// Lowering: from the FP32 layer graph to encoded layers over NHWC tensors.
#include "sim/network.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "models/user_error.h"
#include "sim/graph_readers.h"
#include "sim/host_io.h"
#include "sim/layer_moves.h"
#include "sim/matmul_encoder.h"
#include "sim/packing.h"
#include "sim/placement.h"
#include "sim/quantisation_rules.h"
#include "sim/weight_codes.h"

namespace systolog::sim {
namespace {

using workloads::Graph;
using workloads::Node;
using workloads::Shape;

class Lowering {
 public:
  Lowering(const Graph& graph, const LayerArithmetics& arithmetics, const Calibration& calibration,
           const QuantisationConfig& config)
      : graph_(graph),
        readers_(graph),
        calibration_(calibration),
        config_(config),
        encoder_(graph, calibration, config, arithmetics.plan()),
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
  using Sizes = std::array<std::size_t, 3>;

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

  models::Quantisation quantisation_of(std::size_t node) const {
    if (arithmetic().is_quantised() && network_.has_values) {
      return quantise_range(calibration_.range(node, arithmetic().bits()), arithmetic().bits(),
                            config_.activations);
    }
    if (!has_power_of_two_scales(arithmetic(), config_, graph_)) return {};
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
    layer.filters = static_cast<std::uint32_t>(weights.filters);
    if (const auto* clip = std::get_if<workloads::Activate>(&graph_.nodes[last].op)) {
      layer.clip = {clip->a, clip->b};
    } else {
      layer.relu = last != n;
    }
    const std::size_t output = add_value(last, graph_.nodes[n].shape, quantisation_of(last));
    placed_[n] = placed_[last] = {output, nullptr};
    encoder_.encode(n, arithmetic(), weights, bias,
                    {network_.values[input].quantisation, network_.values[output].quantisation},
                    layer);
    add_layer(node.name, workloads::name_of(node.op), {input}, output, std::move(layer));
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
    const std::size_t value = add_value(from.node, node.shape, from.quantisation);
    MoveLayer layer{repeat_moves(from.shape, node.shape)};
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
    const std::size_t input = image_input(node, 0);
    const Value& from = network_.values[input];
    add_move(n, {input}, from.quantisation,
             {slice_moves(std::get<workloads::Slice>(node.op), from.shape, node.shape)});
  }

  void lower_pad(std::size_t n) {
    const Node& node = graph_.nodes[n];
    const auto& pad = std::get<workloads::Pad>(node.op);
    const std::size_t input = image_input(node, 0);
    const Value& from = network_.values[input];
    MoveLayer layer{pad_moves(pad, from.shape, node.shape)};
    // Zero is a code of every quantisation; another value may lie outside of the input's.
    const bool fills = pad.mode == workloads::PadMode::kConstant;
    const models::Quantisation q =
        fills && pad.value != 0.0F ? quantisation_of(n) : from.quantisation;
    if (fills) {
      arithmetic().encode({&pad.value, 1}, q, reinterpret_cast<std::byte*>(&layer.fill_code));
    }
    add_move(n, {input}, q, std::move(layer));
  }

  void lower_concat(std::size_t n) {
    const Node& node = graph_.nodes[n];
    std::vector<std::size_t> inputs;
    std::vector<Shape> shapes;
    bool one_quantisation = true;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      inputs.push_back(image_input(node, i));
      const Value& value = network_.values[inputs[i]];
      shapes.push_back(value.shape);
      const models::Quantisation& first = network_.values[inputs[0]].quantisation;
      one_quantisation = one_quantisation && value.quantisation.scale == first.scale &&
                         value.quantisation.zero_point == first.zero_point;
    }
    const auto q = one_quantisation ? network_.values[inputs[0]].quantisation : quantisation_of(n);
    add_move(n, std::move(inputs), q,
             {concat_moves(std::get<workloads::Concat>(node.op), shapes, node.shape)});
  }

  const Graph& graph_;
  Readers readers_;
  const Calibration& calibration_;
  const QuantisationConfig& config_;
  MatmulEncoder encoder_;
  std::map<std::string, std::size_t> arithmetic_of_;  // layers that have another than the base
  std::size_t current_ = 0;                           // arithmetic
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
