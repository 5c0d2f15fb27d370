// SPDX-License-Identifier: Apache-2.0
#include "sim/analysis.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

#include "models/user_error.h"
#include "workloads/reference.h"

namespace systolog::sim {
namespace {

using workloads::Graph;
using workloads::Node;
using workloads::Shape;

/// Activations that one layer's sampled outputs read: rows of FP32 [pixel][group][k].
struct Sample {
  std::size_t rows = 0;
  std::vector<float> values;
};

/// A layer with weights as [group][k][n], k in a random order: its first products are then a random
/// part of a sum, not a corner of the window.
struct Filters {
  std::size_t node = 0, groups = 1, k = 0, n = 0;
  std::vector<float> weights;
  std::vector<std::size_t> order;  // of k
};

std::mt19937_64 random_for(const AnalysisSettings& settings, std::size_t node) {
  return std::mt19937_64(settings.seed * 1'000'003 + node);
}

void shuffle(std::vector<std::size_t>& list, std::mt19937_64& random) {
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random() % i]);
}

Filters filters_of(const Graph& graph, std::size_t node, const AnalysisSettings& settings) {
  Filters f;
  f.node = node;
  const auto* conv = std::get_if<workloads::Conv>(&graph.nodes[node].op);
  const auto* gemm = std::get_if<workloads::Gemm>(&graph.nodes[node].op);
  const std::size_t outputs = conv != nullptr ? conv->filters : gemm->features;
  const std::size_t weights = conv != nullptr ? conv->weights.size() : gemm->weights.size();
  f.groups = conv != nullptr ? conv->groups : 1;
  f.n = outputs / f.groups;
  f.k = weights / outputs;
  f.order.resize(f.k);
  std::iota(f.order.begin(), f.order.end(), std::size_t{0});
  std::mt19937_64 random = random_for(settings, node);
  shuffle(f.order, random);
  for (std::size_t g = 0; g < f.groups; ++g) {
    for (const std::size_t k : f.order) {
      for (std::size_t n = 0; n < f.n; ++n) {
        f.weights.push_back(conv != nullptr ? conv->weights[(g * f.n + n) * f.k + k]
                                            : gemm->weights[k * outputs + n]);
      }
    }
  }
  return f;
}

/// Adds the activations that output pixel (row, column) reads, in the filters' order.
void append_row(const workloads::Conv& conv, const Shape& in, std::span<const float> values,
                std::size_t row, std::size_t column, const Filters& f, Sample& sample) {
  const workloads::Window& w = conv.window;
  const std::size_t depth = in.channels / conv.groups, taps = w.kernel_h * w.kernel_w;
  for (std::size_t g = 0; g < conv.groups; ++g) {
    for (const std::size_t k : f.order) {
      const std::size_t channel = g * depth + k / taps;
      const std::size_t y = row * w.stride_h + k % taps / w.kernel_w * w.dilation_h;
      const std::size_t x = column * w.stride_w + k % w.kernel_w * w.dilation_w;
      const bool inside = y >= w.pad_top && y < in.height + w.pad_top && x >= w.pad_left &&
                          x < in.width + w.pad_left;
      sample.values.push_back(
          inside ? values[(channel * in.height + y - w.pad_top) * in.width + x - w.pad_left]
                 : 0.0F);
    }
  }
  ++sample.rows;
}

class Sampler {
 public:
  Sampler(const Graph& graph, const AnalysisSettings& settings)
      : graph_(graph), settings_(settings) {
    for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
      const auto& op = graph.nodes[node].op;
      if (!std::holds_alternative<workloads::Conv>(op) &&
          !std::holds_alternative<workloads::Gemm>(op)) {
        continue;
      }
      readers_[graph.nodes[node].inputs[0]].push_back(layers_.size());
      layers_.push_back(filters_of(graph, node, settings));
    }
    samples_.resize(layers_.size());
  }

  void run(const workloads::Tensor& images) {
    workloads::run_reference(graph_, images, [&](std::size_t node, std::span<const float> values) {
      const auto readers = readers_.find(node);
      if (readers == readers_.end()) return;
      for (const std::size_t layer : readers->second) take(layer, node, values);
    });
  }

  const std::vector<Filters>& layers() const { return layers_; }
  const Sample& sample(std::size_t layer) const { return samples_[layer]; }

 private:
  void take(std::size_t layer, std::size_t producer, std::span<const float> values) {
    const Filters& f = layers_[layer];
    Sample& sample = samples_[layer];
    const Node& node = graph_.nodes[f.node];
    const auto* conv = std::get_if<workloads::Conv>(&node.op);
    if (conv == nullptr) {
      for (const std::size_t k : f.order) sample.values.push_back(values[k]);
      ++sample.rows;
      return;
    }
    const std::size_t pixels = node.shape.height * node.shape.width;
    std::mt19937_64 random = random_for(settings_, f.node + 31 * sample.rows);
    for (std::size_t i = 0; i < std::min(settings_.pixels, pixels); ++i) {
      const std::size_t pixel = pixels <= settings_.pixels ? i : random() % pixels;
      append_row(*conv, graph_.nodes[producer].shape, values, pixel / node.shape.width,
                 pixel % node.shape.width, f, sample);
    }
  }

  const Graph& graph_;
  const AnalysisSettings& settings_;
  std::vector<Filters> layers_;
  std::vector<Sample> samples_;
  std::map<std::size_t, std::vector<std::size_t>> readers_;
};

std::vector<std::size_t> lengths_up_to(std::size_t k) {
  std::vector<std::size_t> lengths;
  for (std::size_t length = 1; length < k; length *= 2) lengths.push_back(length);
  lengths.push_back(k);
  return lengths;
}

/// Sums of one layer by length and channel.
class LayerMeasurement {
 public:
  LayerMeasurement(const Filters& f, const Sample& sample, const models::Arithmetic& arithmetic)
      : f_(f),
        sample_(sample),
        arithmetic_(arithmetic),
        lengths_(lengths_up_to(f.k)),
        sums_(lengths_.size(), std::vector<PairSums>(f.groups * f.n)),
        magnitudes_(lengths_.size(), 0.0) {
    for (std::size_t g = 0; g < f.groups; ++g) measure(g);
  }

  std::span<const PairSums> whole_sums() const { return sums_.back(); }
  std::vector<LengthErrors> by_length() const {
    std::vector<LengthErrors> list;
    for (std::size_t l = 0; l < lengths_.size(); ++l) {
      LengthErrors e{lengths_[l], errors_of(sums_[l]), 0.0};
      double yy = 0.0, n = 0.0;
      for (const PairSums& s : sums_[l]) {
        yy += s.yy;
        n += s.n;
      }
      if (magnitudes_[l] > 0.0) {
        e.rest_of_magnitudes = e.errors.rest * std::sqrt(yy / n) / (magnitudes_[l] / n);
      }
      list.push_back(e);
    }
    return list;
  }

 private:
  std::vector<std::byte> encode(const std::vector<float>& values) const {
    std::vector<std::byte> codes(values.size() * arithmetic_.code_bytes());
    arithmetic_.encode(values, {}, codes.data());
    return codes;
  }
  std::vector<double> decode(const std::vector<std::byte>& codes, std::size_t count) const {
    std::vector<double> values(count);
    arithmetic_.decode_exactly(codes.data(), {}, values);
    return values;
  }

  void measure(std::size_t group) {
    const std::size_t rows = sample_.rows, k = f_.k, n = f_.n, outputs = rows * n;
    std::vector<float> part(rows * k), weights(k * n);
    for (std::size_t r = 0; r < rows; ++r) {
      std::copy_n(sample_.values.data() + (r * f_.groups + group) * k, k, part.data() + r * k);
    }
    std::copy_n(f_.weights.data() + group * k * n, k * n, weights.data());
    const std::vector<std::byte> a_codes = encode(part), w_codes = encode(weights);
    const std::vector<double> a = decode(a_codes, rows * k), w = decode(w_codes, k * n);
    std::vector<double> exact(outputs, 0.0), magnitude(outputs, 0.0), approximate(outputs);
    const std::size_t code = arithmetic_.code_bytes();
    std::vector<std::byte> accumulators(outputs * arithmetic_.accumulator_bytes());
    std::vector<std::byte> results(outputs * code), slice;
    arithmetic_.clear(outputs, accumulators.data());
    std::size_t done = 0;
    for (std::size_t l = 0; l < lengths_.size(); ++l) {
      const std::size_t count = lengths_[l] - done;
      slice.resize(rows * count * code);
      for (std::size_t r = 0; r < rows; ++r) {
        std::copy_n(a_codes.data() + (r * k + done) * code, count * code,
                    slice.data() + r * count * code);
      }
      arithmetic_.matmul({.m = rows,
                          .k = count,
                          .n = n,
                          .fold_rows = count,
                          .activations = slice.data(),
                          .weights = w_codes.data() + done * n * code,
                          .accumulators = accumulators.data()});
      arithmetic_.write_back({.m = rows,
                              .n = n,
                              .accumulators = accumulators.data(),
                              .output = {},
                              .codes = results.data()});
      arithmetic_.decode_exactly(results.data(), {}, approximate);
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t i = done; i < lengths_[l]; ++i) {
          for (std::size_t c = 0; c < n; ++c) {
            const double product = a[r * k + i] * w[i * n + c];
            exact[r * n + c] += product;
            magnitude[r * n + c] += std::abs(product);
          }
        }
      }
      for (std::size_t i = 0; i < outputs; ++i) {
        sums_[l][group * n + i % n].add(exact[i], approximate[i]);
        magnitudes_[l] += magnitude[i];
      }
      done = lengths_[l];
    }
  }

  const Filters& f_;
  const Sample& sample_;
  const models::Arithmetic& arithmetic_;
  std::vector<std::size_t> lengths_;
  std::vector<std::vector<PairSums>> sums_;  // by length and channel
  std::vector<double> magnitudes_;           // by length: sum of sum |a w|
};

/// The batch norm that alone reads a node, or null.
const workloads::BatchNorm* norm_after(const Graph& graph, std::size_t node) {
  const workloads::BatchNorm* norm = nullptr;
  std::size_t readers = 0;
  for (const Node& other : graph.nodes) {
    for (const std::size_t input : other.inputs) {
      if (input != node) continue;
      ++readers;
      norm = std::get_if<workloads::BatchNorm>(&other.op);
    }
  }
  return readers == 1 ? norm : nullptr;
}

/// Each channel after y -> scale y + shift; `refit`: after z has been given y's mean and variance.
OutputErrors after_norm(std::span<const PairSums> channels, const workloads::BatchNorm& norm,
                        bool refit) {
  std::vector<PairSums> mapped;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const PairSums& s = channels[c];
    const double scale = norm.scale[c], shift = norm.shift[c];
    double z_scale = scale, z_shift = shift;
    if (refit) {
      const double mean_y = s.y / s.n, mean_z = s.z / s.n;
      const double var_y = std::max(s.yy / s.n - mean_y * mean_y, 0.0);
      const double var_z = std::max(s.zz / s.n - mean_z * mean_z, 0.0);
      const double ratio = var_z > 0.0 ? std::sqrt(var_y / var_z) : 1.0;
      z_scale = scale * ratio;
      z_shift = shift + scale * (mean_y - ratio * mean_z);
    }
    mapped.push_back(s.mapped(scale, shift, z_scale, z_shift));
  }
  return errors_of(mapped);
}

}  // namespace

void PairSums::add(double exact, double approximate) {
  n += 1;
  y += exact;
  z += approximate;
  yy += exact * exact;
  yz += exact * approximate;
  zz += approximate * approximate;
}

PairSums& PairSums::operator+=(const PairSums& o) {
  n += o.n;
  y += o.y;
  z += o.z;
  yy += o.yy;
  yz += o.yz;
  zz += o.zz;
  return *this;
}

PairSums PairSums::mapped(double a, double b, double c, double d) const {
  return {n,
          a * y + b * n,
          c * z + d * n,
          a * a * yy + 2 * a * b * y + b * b * n,
          a * c * yz + a * d * y + b * c * z + b * d * n,
          c * c * zz + 2 * c * d * z + d * d * n};
}

OutputErrors errors_of(std::span<const PairSums> channels) {
  PairSums all;
  for (const PairSums& s : channels) all += s;
  OutputErrors e;
  if (all.yy == 0.0) return e;
  const double rms = std::sqrt(all.yy / all.n);
  e.gain = all.yz / all.yy - 1;
  const double mean = (all.z - all.y) / all.n;
  const double square = std::max(all.zz - 2 * all.yz + all.yy, 0.0) / all.n;  // of z - y
  e.mean = mean / rms;
  e.std = std::sqrt(std::max(square - mean * mean, 0.0)) / rms;
  e.rest = std::sqrt(std::max(all.zz - all.yz * all.yz / all.yy, 0.0) / all.n) / rms;
  double spread = 0.0;
  for (const PairSums& s : channels) {
    if (s.yy == 0.0) continue;
    const double difference = s.yz / s.yy - 1 - e.gain;
    spread += s.yy * difference * difference;
  }
  e.gain_spread = std::sqrt(spread / all.yy);
  return e;
}

std::vector<LayerErrors> analyse_layers(const Graph& graph, const workloads::Tensor& images,
                                        const models::Arithmetic& arithmetic,
                                        const AnalysisSettings& settings) {
  if (arithmetic.is_quantised()) {
    throw UserError(arithmetic.name() +
                    ": int:B rounds a layer's outputs to its few codes, which hides what the "
                    "multiplier does; take fixed:B,F with the same multiplier");
  }
  Sampler sampler(graph, settings);
  sampler.run(images);
  std::vector<LayerErrors> result(sampler.layers().size());
  tbb::parallel_for(std::size_t{0}, result.size(), [&](std::size_t i) {
    const Filters& f = sampler.layers()[i];
    const LayerMeasurement measured(f, sampler.sample(i), arithmetic);
    LayerErrors& layer = result[i];
    layer.layer = graph.nodes[f.node].name;
    layer.op = workloads::name_of(graph.nodes[f.node].op);
    layer.products = f.k;
    layer.channels = f.groups * f.n;
    layer.groups = f.groups;
    layer.sums = errors_of(measured.whole_sums());
    layer.lengths = measured.by_length();
    if (const workloads::BatchNorm* norm = norm_after(graph, f.node)) {
      layer.normalised = after_norm(measured.whole_sums(), *norm, false);
      layer.renormalised = after_norm(measured.whole_sums(), *norm, true);
    }
  });
  return result;
}

Graph with_biased_products(Graph graph, float factor) {
  for (Node& node : graph.nodes) {
    std::vector<float>* weights = nullptr;
    if (auto* conv = std::get_if<workloads::Conv>(&node.op)) weights = &conv->weights;
    if (auto* gemm = std::get_if<workloads::Gemm>(&node.op)) weights = &gemm->weights;
    if (weights == nullptr) continue;
    for (float& w : *weights) w *= factor;
  }
  return graph;
}

}  // namespace systolog::sim
