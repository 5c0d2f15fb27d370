// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/random_network.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "models/user_error.h"
#include "sim/compiler.h"

namespace systolog::sim::test {
namespace {

using workloads::Graph;
using workloads::Operator;
using workloads::Shape;
using workloads::Window;

class Builder {
 public:
  explicit Builder(Draw& draw) : draw_(draw) { graph_.name = "random"; }

  Graph run() {
    const bool is_vector = draw_.one_in(8);
    Shape input{draw_.between(1, 6), draw_.between(3, 9), draw_.between(3, 9), false};
    if (is_vector) input = {draw_.between(1, 40), 1, 1, true};
    graph_.nodes.push_back({"input", workloads::Input{}, {}, input});
    if (!is_vector) {
      for (std::uint64_t left = draw_.between(2, 5); left > 0; --left) image_layer();
      if (draw_.one_in(6)) append(workloads::Softmax{});
      if (draw_.one_in(4)) return std::move(graph_);
      if (draw_.one_in(3)) append(workloads::GlobalAveragePool{});
      append(workloads::Reshape{{shape().count(), 1, 1, true}});
      // What works element by element may stand between a flattened image and its reader.
      if (draw_.one_in(4)) append(workloads::Relu{});
    }
    for (std::uint64_t left = draw_.between(1, 2); left > 0; --left) {
      append(random_gemm());
      if (draw_.one_in(2)) append(workloads::Relu{});
      if (draw_.one_in(4)) append(random_activation());
    }
    if (draw_.one_in(3)) append(workloads::Softmax{});
    return std::move(graph_);
  }

 private:
  const Shape& shape() const { return graph_.nodes.back().shape; }
  std::size_t last() const { return graph_.nodes.size() - 1; }

  void append(Operator op) { append(std::move(op), {last()}); }
  void append(Operator op, std::vector<std::size_t> inputs) {
    const std::string name =
        std::string(workloads::name_of(op)) + "_" + std::to_string(graph_.nodes.size());
    graph_.nodes.push_back({name, std::move(op), std::move(inputs), {}});
    try {
      workloads::infer_shape(graph_, last());
    } catch (...) {
      graph_.nodes.pop_back();
      throw;
    }
  }
  /// Appends what `make` draws; draws again where the window does not fit the image.
  template <typename Make>
  void append_that_fits(Make make) {
    while (true) {
      try {
        return append(make());
      } catch (const UserError&) {
        continue;
      }
    }
  }

  void image_layer() {
    switch (draw_.below(16)) {
      case 0:
        return append_that_fits([&] { return Operator(workloads::MaxPool{random_window()}); });
      case 1:
        return append_that_fits([&] {
          return Operator(workloads::AveragePool{random_window(), draw_.one_in(2)});
        });
      case 2:
        return append(workloads::BatchNorm{values(shape().channels, 0.5F, 1.0F),
                                           values(shape().channels, 0.5F, 0.0F)});
      case 3:
        return append(workloads::Relu{});
      case 4:
        return residual();
      case 5:
        return append(random_slice());
      case 6:
        return append(random_pad());
      case 7:
        return branches();
      case 8:
        return append(random_activation());
      case 9:
        return squeeze_and_excite();
      case 10:
        return binary();
      case 11:
        return shuffle();
      case 12:
        return append_that_fits([&] { return Operator(rounded_up_average()); });
      default:
        return append_that_fits([&] { return Operator(random_conv()); });
    }
  }

  workloads::Activate random_activation() {
    using models::Activation;
    switch (draw_.below(7)) {
      case 0:
        return {Activation::kLeakyRelu, 0.1F, 0.0F};
      case 1:
        return {Activation::kElu, 1.0F, 0.0F};
      case 2:
        return {Activation::kSigmoid, 0.0F, 0.0F};
      case 3:
        return {Activation::kTanh, 0.0F, 0.0F};
      case 4:
        return {Activation::kHardSigmoid, 0.2F, 0.5F};
      case 5:
        return {Activation::kHardSwish, 0.0F, 0.0F};
      default:
        return {Activation::kClip, -0.25F * static_cast<float>(draw_.below(4)), 0.5F};
    }
  }

  /// x times the sigmoid of what is one value a channel.
  void squeeze_and_excite() {
    const std::size_t start = last();
    append(workloads::GlobalAveragePool{});
    append(workloads::Activate{models::Activation::kSigmoid, 0.0F, 0.0F});
    if (draw_.one_in(2)) {
      append(workloads::Mul{}, {start, last()});
    } else {
      append(workloads::Mul{}, {last(), start});
    }
  }

  /// x - f(x), or x times a part of itself that is repeated along an axis.
  void binary() {
    const std::size_t start = last();
    if (draw_.one_in(2)) {
      append(random_activation());
      return append(workloads::Sub{}, {start, last()});
    }
    workloads::Slice part;
    part.count = workloads::sizes_of(shape());
    part.count[draw_.below(3)] = 1;
    append(part);
    if (draw_.one_in(2)) return append(workloads::Sub{}, {last(), start});
    append(workloads::Add{}, {start, last()});
  }

  /// The axes in another order, perhaps with the channels cut in two; then a convolution, another
  /// shuffle or what works element by element reads them.
  void shuffle() {
    const Shape s = shape();
    workloads::Transpose op;
    if (s.channels % 2 == 0 && draw_.one_in(2)) {
      op.dims = {2, s.channels / 2, s.height, s.width};
      op.permutation = {1, 0, 2, 3};
      op.target = s;
    } else {
      op.dims = {s.channels, s.height, s.width};
      op.permutation = {0, 1, 2};
      std::swap(op.permutation[0], op.permutation[draw_.between(1, 2)]);
      if (draw_.one_in(2)) std::swap(op.permutation[1], op.permutation[2]);
      op.target = {op.dims[op.permutation[0]], op.dims[op.permutation[1]],
                   op.dims[op.permutation[2]]};
    }
    append(op);
    if (draw_.one_in(3)) append(random_activation());
    if (draw_.one_in(3))
      append(workloads::Reshape{
          {shape().height, shape().channels,
           s.width * s.height * s.channels / (shape().height * shape().channels)}});
  }

  workloads::AveragePool rounded_up_average() {
    workloads::AveragePool pool{random_window(), true};
    pool.beyond_h = std::min<std::size_t>(pool.window.pad_bottom, 1);
    pool.beyond_w = std::min<std::size_t>(pool.window.pad_right, 1);
    return pool;
  }

  workloads::Slice random_slice() {
    workloads::Slice slice;
    const auto sizes = workloads::sizes_of(shape());
    for (std::size_t d = 0; d < 3; ++d) {
      slice.begin[d] = draw_.below(sizes[d]);
      slice.step[d] = draw_.between(1, 3);
      // Enough stays for the windows behind.
      if (draw_.one_in(2)) slice.begin[d] = 0, slice.step[d] = 1;
      slice.count[d] = (sizes[d] - 1 - slice.begin[d]) / slice.step[d] + 1;
      if (!draw_.one_in(4)) continue;  // else the same positions from the last to the first
      slice.begin[d] += (slice.count[d] - 1) * slice.step[d];
      slice.step[d] = 0 - slice.step[d];
    }
    return slice;
  }

  workloads::Pad random_pad() {
    workloads::Pad pad;
    for (std::size_t d = 0; d < 3; ++d) {
      if (draw_.one_in(2)) pad.before[d] = draw_.below(3);
      if (draw_.one_in(2)) pad.after[d] = draw_.below(3);
    }
    if (draw_.one_in(3)) pad.value = 3.0F * draw_.value();
    return pad;
  }

  /// Two or three layers side by side, and the input itself now and then.
  void branches() {
    const std::size_t start = last();
    std::vector<std::size_t> ends;
    if (draw_.one_in(3)) ends.push_back(start);
    for (std::uint64_t left = draw_.between(1, 2); left > 0; --left) {
      workloads::Conv conv;
      conv.filters = draw_.between(1, 6);
      const std::size_t channels = graph_.nodes[start].shape.channels;
      conv.weights = values(conv.filters * channels, spread(channels), 0.0F);
      append(std::move(conv), {start});
      ends.push_back(last());
    }
    append(workloads::Concat{.axis = 0}, ends);
    if (draw_.one_in(3)) append(workloads::Concat{.axis = draw_.between(1, 2)}, {last(), last()});
  }

  /// x + conv(x), or x + x.
  void residual() {
    const std::size_t start = last();
    if (!draw_.one_in(4)) {
      workloads::Conv conv;
      conv.window = {.kernel_h = 3,
                     .kernel_w = 3,
                     .pad_top = 1,
                     .pad_left = 1,
                     .pad_bottom = 1,
                     .pad_right = 1};
      conv.filters = shape().channels;
      fill(conv, 1);
      append(std::move(conv));
    }
    append(workloads::Add{}, {last(), start});
  }

  Window random_window() {
    Window w;
    w.kernel_h = draw_.between(1, 3);
    w.kernel_w = draw_.between(1, 3);
    w.stride_h = draw_.between(1, 2);
    w.stride_w = draw_.between(1, 2);
    w.dilation_h = draw_.one_in(3) ? 2 : 1;
    w.dilation_w = draw_.one_in(3) ? 2 : 1;
    for (auto* pad : {&w.pad_top, &w.pad_left, &w.pad_bottom, &w.pad_right}) {
      *pad = draw_.below(3);
    }
    return w;
  }

  workloads::Conv random_conv() {
    workloads::Conv conv;
    conv.window = random_window();
    const std::size_t channels = shape().channels;
    std::size_t groups = 1;
    if (draw_.one_in(4)) {
      groups = channels;  // depthwise
    } else if (draw_.one_in(3)) {
      groups = std::gcd(channels, std::size_t{6});
    }
    conv.filters = groups * draw_.between(1, groups > 1 ? 2 : 12);
    fill(conv, groups);
    return conv;
  }

  void fill(workloads::Conv& conv, std::size_t groups) {
    conv.groups = groups;
    const std::size_t k = shape().channels / groups * conv.window.kernel_h * conv.window.kernel_w;
    conv.weights = values(conv.filters * k, spread(k), 0.0F);
    if (!draw_.one_in(4)) conv.bias = values(conv.filters, 0.3F, 0.0F);
  }

  workloads::Gemm random_gemm() {
    workloads::Gemm gemm;
    gemm.features = draw_.between(2, 20);
    gemm.weights = values(shape().count() * gemm.features, spread(shape().count()), 0.0F);
    if (!draw_.one_in(4)) gemm.bias = values(gemm.features, 0.3F, 0.0F);
    return gemm;
  }

  /// Keeps activations near 1 through a layer that sums k products.
  static float spread(std::size_t k) { return 2.0F / std::sqrt(static_cast<float>(k)); }

  std::vector<float> values(std::size_t count, float magnitude, float centre) {
    std::vector<float> list(count);
    for (float& v : list) v = centre + magnitude * draw_.value();
    return list;
  }

  Draw& draw_;
  Graph graph_;
};

/// Figures for compilers that weigh energies.
EnergyFigures round_figures() {
  EnergyFigures figures;
  figures.sram_pj_per_byte = {1.0, 1.5, 2.0};
  figures.dram_pj_per_byte = 100.0;
  figures.register_pj_per_bit = 0.01;
  figures.leakage_mw = 3.0;
  return figures;
}

/// Commands of the Program, none where a layer does not fit.
std::optional<std::size_t> commands(const Network& network, const AcceleratorConfig& config,
                                    std::uint32_t batch) {
  try {
    static const EnergyFigures kFigures = round_figures();
    return compile(network, config, batch, &kFigures).commands.size();
  } catch (const UserError&) {
    return std::nullopt;
  }
}

}  // namespace

Graph random_graph(Draw& draw) { return Builder(draw).run(); }

workloads::Tensor random_images(const Graph& graph, std::size_t count, Draw& draw) {
  const Shape& s = graph.input_shape();
  workloads::Tensor images;
  images.shape = {count, s.channels, s.height, s.width};
  if (s.is_vector) images.shape.resize(2);
  images.values.resize(count * s.count());
  for (float& v : images.values) v = draw.value();
  return images;
}

const std::vector<ArithmeticCase>& arithmetic_cases() {
  static const std::vector<ArithmeticCase> kCases = {
      {"fp32/exact/fp32", {}, false},
      {"bf16/exact/fp32", {}, false},
      {"int:8/exact/int:32", {ActivationScheme::kSymmetric, WeightScheme::kPerTensor}, true},
      {"int:8/exact/int:32", {ActivationScheme::kAffine, WeightScheme::kPerTensor}, true},
      {"int:8/exact/int:32", {ActivationScheme::kAffine, WeightScheme::kPerChannel}, true},
      {"posit:8,0/exact/quire", {}, true},
      {"posit:16,1/plam/quire", {}, true},
      {"posit:16,1/exact/self", {}, false},
      {"fixed:32,16/mitchw:6/fixed:32,16", {}, false},
      {"posit:8,1/exact/quire", {.power_of_two = true}, true},
      {"fixed:16,8/exact/fixed:40,16", {.power_of_two = true}, true},
      {"int:4/exact/int:32", {ActivationScheme::kAffine, WeightScheme::kPerChannel}, true},
      {"posit:4,0/exact/quire", {}, true},
  };
  return kCases;
}

Network lower_calibrated(const Graph& graph, const ArithmeticCase& arithmetic,
                         const workloads::Tensor& images) {
  auto model = models::make_arithmetic(arithmetic.arithmetic);
  const bool needed = model->is_quantised() || arithmetic.quantisation.power_of_two;
  const Calibration ranges = needed ? calibrate(graph, images) : Calibration();
  return lower(graph, std::move(model), ranges, arithmetic.quantisation);
}

Network lower_mixed(const Graph& graph, const workloads::Tensor& images, Draw& draw) {
  static const std::vector<std::string> kNames = {"fp32/exact/fp32",        "posit:8,0/exact/quire",
                                                  "posit:8,0/plam/quire",   "int:8/exact/int:32",
                                                  "int:4/exact/int:32",     "posit:4,1/exact/quire",
                                                  "posit:16,1/exact/quire", "fixed:32,16/mitchw:6"};
  ArithmeticPlan plan{draw.of(kNames), {}};
  const Network whole = lower(graph, models::make_arithmetic("fp32/exact/fp32"), Calibration(), {});
  for (const Layer& layer : whole.layers) {
    // Moving codes about has no arithmetic of its own.
    if (layer.name.rfind("transpose", 0) == 0) continue;
    if (draw.one_in(2)) plan.layers[layer.name] = draw.of(kNames);
  }
  return lower(graph, make_arithmetics(plan), calibrate(graph, images), {});
}

AcceleratorConfig random_accelerator(Draw& draw) {
  AcceleratorConfig config;
  config.array.rows = static_cast<std::uint32_t>(draw.between(1, 8));
  config.array.columns = static_cast<std::uint32_t>(draw.between(1, 8));
  config.array.dataflow =
      draw.of<pe::Dataflow>({pe::Dataflow::kWeightStationary, pe::Dataflow::kOutputStationary,
                             pe::Dataflow::kInputStationary});
  config.array.pipeline_depth = static_cast<std::uint32_t>(draw.between(1, 4));
  config.array.fold_overlap =
      draw.one_in(2) ? pe::FoldOverlap::kNone : pe::FoldOverlap::kDoubleBuffered;
  config.vector_unit.lanes = static_cast<std::uint32_t>(draw.between(1, 16));
  config.dma.burst_bytes = static_cast<std::uint32_t>(draw.between(4, 64));
  config.dma.outstanding_bursts = static_cast<std::uint32_t>(draw.between(1, 8));
  if (draw.one_in(2)) config.bus.arbitration = memory::Arbitration::kFixedPriority;
  config.bus.latency_cycles = static_cast<std::uint32_t>(draw.below(6));
  if (draw.one_in(3)) {
    config.dram_choice.preset = DramChoice::kSimple;
    config.dram = {};
  } else if (draw.one_in(2)) {
    memory::DramDevice device;  // small queues that fill, several channels
    auto& d = device.device;
    d.organisation.channels = 2;
    d.policy.read_queue = static_cast<std::uint32_t>(draw.between(1, 8));
    d.policy.write_queue = d.policy.write_high = static_cast<std::uint32_t>(draw.between(2, 8));
    d.policy.write_low = 1;
    if (draw.one_in(2)) d.policy.page = memory::dram::PagePolicy::kClosed;
    config.dram = memory::config_of(device);
  }
  for (auto* sram : {&config.input_sram, &config.weight_sram, &config.output_sram}) {
    // Words that may be narrower than what the array asks for.
    if (draw.one_in(3)) sram->port_width_bytes = static_cast<std::uint32_t>(draw.between(1, 16));
    if (draw.one_in(3)) sram->banks = static_cast<std::uint32_t>(draw.between(1, 4));
    if (draw.one_in(2)) sram->ports = static_cast<std::uint32_t>(draw.between(1, 4));
    sram->double_buffered = !draw.one_in(4);
  }
  config.unified_sram = draw.one_in(3);
  unify(config);
  return config;
}

void unify(AcceleratorConfig& config) {
  if (config.unified_sram) config.weight_sram = config.output_sram = config.input_sram;
}

const std::vector<Objective>& objectives() {
  static const std::vector<Objective> kObjectives = {Objective::kLatency, Objective::kEnergy,
                                                     Objective::kDramTraffic};
  return kObjectives;
}

AcceleratorConfig with_tight_scratchpads(AcceleratorConfig config, const Network& network,
                                         std::uint32_t batch, Draw& draw) {
  constexpr std::size_t kMostCommands = 1500;  // keeps the tests short
  const std::vector<memory::SramConfig*> srams = {&config.input_sram, &config.weight_sram,
                                                  &config.output_sram};
  for (auto* sram : srams) sram->capacity_bytes = config.unified_sram ? 1 << 15 : 1 << 14;
  for (std::uint64_t tries = draw.between(10, 40); tries > 0; --tries) {
    memory::SramConfig& sram = *draw.of(srams);
    const std::uint64_t fits = sram.capacity_bytes;
    sram.capacity_bytes = fits * 5 / 8;
    const auto count = commands(network, config, batch);
    if (!count || *count > kMostCommands) sram.capacity_bytes = fits;
    unify(config);
  }
  return config;
}

}  // namespace systolog::sim::test
