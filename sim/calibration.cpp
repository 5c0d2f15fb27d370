// SPDX-License-Identifier: Apache-2.0
// Calibration: from what FP32 tensors hold to the scales of codes.
#include "sim/calibration.h"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <utility>

#include "models/name.h"
#include "models/user_error.h"
#include "workloads/reference.h"

namespace systolog::sim {
namespace {

/// Sums logarithms as integers: their sum does not depend on the order.
struct Moments {
  float lowest = 0.0F, highest = 0.0F;
  // Squares of significands by exponent, in units of kUnit: sums of whole numbers do not depend on
  // the threads' order.
  static constexpr int kLeast = -149, kExponents = 277;
  static constexpr double kUnit = 0x1p-20;
  std::array<std::uint64_t, kExponents> squares{};
  std::uint64_t numbers = 0;  // other than 0
  bool finite = true;

  void add(std::span<const float> values) {
    for (const float x : values) {
      lowest = std::min(lowest, x);
      highest = std::max(highest, x);
      finite = finite && std::isfinite(x);
      if (x == 0.0F || !std::isfinite(x)) continue;
      int exponent = 0;
      const double significand = 2.0 * std::frexp(double{x}, &exponent);
      squares[static_cast<std::size_t>(exponent - 1 - kLeast)] +=
          static_cast<std::uint64_t>(significand * significand / kUnit);
      ++numbers;
    }
  }
  void add(const Moments& other) {
    lowest = std::min(lowest, other.lowest);
    highest = std::max(highest, other.highest);
    for (std::size_t e = 0; e < squares.size(); ++e) squares[e] += other.squares[e];
    numbers += other.numbers;
    finite = finite && other.finite;
  }
  Range range() const {
    double sum = 0.0;
    for (std::size_t e = 0; e < squares.size(); ++e) {
      sum +=
          static_cast<double>(squares[e]) * std::ldexp(kUnit, 2 * (static_cast<int>(e) + kLeast));
    }
    return {lowest, highest, sum > 0.0 ? std::log2(sum / static_cast<double>(numbers)) / 2 : 0.0};
  }
};

/// Calls visit(statistics, node, values) for all values of all nodes on all cores, and merges the
/// threads' statistics with merge(total, part). The last node's values go to `outputs` as well, if
/// that is given; done() is called after each image.
template <typename Statistics, typename Visit, typename Merge>
std::vector<Statistics> observe(const workloads::Graph& graph, const workloads::Tensor& images,
                                const std::vector<Statistics>& empty, const Visit& visit,
                                const Merge& merge, const std::function<void()>& done,
                                workloads::Tensor* outputs = nullptr) {
  tbb::enumerable_thread_specific<std::vector<Statistics>> parts(empty);
  const std::size_t count = images.shape.at(0), size = images.values.size() / count;
  const std::size_t out_size = graph.output_shape().count();
  if (outputs != nullptr) {
    *outputs = {workloads::batch_shape(count, graph.output_shape()),
                std::vector<float>(count * out_size)};
  }
  tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
    workloads::Tensor image;
    image.shape = images.shape;
    image.shape[0] = 1;
    const auto first = images.values.begin() + static_cast<std::ptrdiff_t>(i * size);
    image.values.assign(first, first + static_cast<std::ptrdiff_t>(size));
    std::vector<Statistics>& mine = parts.local();
    const workloads::Tensor out = workloads::run_reference(
        graph, image,
        [&](std::size_t node, std::span<const float> values) { visit(mine[node], values); });
    if (outputs != nullptr) {
      std::ranges::copy(out.values,
                        outputs->values.begin() + static_cast<std::ptrdiff_t>(i * out_size));
    }
    done();
  });
  std::vector<Statistics> total = empty;
  for (const auto& part : parts) {
    for (std::size_t n = 0; n < total.size(); ++n) merge(total[n], part[n]);
  }
  return total;
}

std::uint64_t sum(const std::vector<std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

/// How many bins from 0 hold `wanted` values of `counts`.
std::size_t bins_holding(const std::vector<std::uint64_t>& counts, double wanted) {
  std::uint64_t held = 0;
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    if (static_cast<double>(held) >= wanted) return bin;
    held += counts[bin];
  }
  return counts.size();
}

std::vector<std::uint64_t> magnitudes(const ValueHistogram& h) {
  std::vector<std::uint64_t> counts = h.positive;
  for (std::size_t bin = 0; bin < counts.size(); ++bin) counts[bin] += h.negative[bin];
  return counts;
}

/// Kullback-Leibler divergence between the first `kept` bins, the rest piled on the last one, and
/// those bins merged into `levels` and spread again over the bins that are not empty. Where that
/// leaves nothing for the outliers, they are set against one value: no threshold is shut out by
/// the bin it happens to lie in.
double divergence(const std::vector<std::uint64_t>& counts, std::size_t kept, std::size_t levels) {
  const auto total = static_cast<double>(sum(counts));
  double inside = 0.0;
  for (std::size_t bin = 0; bin < kept; ++bin) inside += static_cast<double>(counts[bin]);
  const double outliers = total - inside;
  double result = 0.0;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t begin = level * kept / levels, end = (level + 1) * kept / levels;
    double mass = 0.0, filled = 0.0;
    for (std::size_t bin = begin; bin < end; ++bin) {
      mass += static_cast<double>(counts[bin]);
      filled += counts[bin] != 0 ? 1.0 : 0.0;
    }
    for (std::size_t bin = begin; bin < end; ++bin) {
      const double p =
          (static_cast<double>(counts[bin]) + (bin + 1 == kept ? outliers : 0.0)) / total;
      if (p == 0.0) continue;
      result += p * std::log(p / (counts[bin] != 0 ? mass / filled / inside : 1.0 / total));
    }
  }
  return result;
}

}  // namespace

Range range_of(std::span<const float> values) {
  Moments moments;
  moments.add(values);
  return moments.range();
}

void ValueHistogram::add(float value) {
  if (value == 0.0F || !(std::abs(value) <= limit)) return;
  const auto bin = static_cast<std::size_t>(double{std::abs(value)} / double{limit} * kBins);
  ++(value < 0.0F ? negative : positive)[std::min(bin, kBins - 1)];
}

float ValueHistogram::edge(std::size_t bin) const {
  return static_cast<float>(double{limit} * static_cast<double>(bin) / kBins);
}

Range percentile_range(const ValueHistogram& h, double percentile, ActivationScheme scheme) {
  const double share = percentile / 100.0;
  const auto side = [&](const std::vector<std::uint64_t>& counts) {
    return h.edge(bins_holding(counts, share * static_cast<double>(sum(counts))));
  };
  if (scheme == ActivationScheme::kAffine) return {-side(h.negative), side(h.positive)};
  const float most = side(magnitudes(h));
  return {-most, most};
}

Range entropy_range(const ValueHistogram& h, int bits) {
  const std::vector<std::uint64_t> counts = magnitudes(h);
  const std::size_t levels = std::size_t{1} << (bits - 1);
  std::size_t best = ValueHistogram::kBins;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t kept = levels; kept <= ValueHistogram::kBins; ++kept) {
    const double d = divergence(counts, kept, levels);
    if (d < least) {
      least = d;
      best = kept;
    }
  }
  return {-h.edge(best), h.edge(best)};
}

Range Calibration::range(std::size_t node, int bits) const {
  const Range& whole = ranges_.at(node);
  if (histograms_.empty() || whole.magnitude() == 0.0F) return whole;
  // Images have few distinct values and often most pixels at one: there the least divergence is a
  // threshold right behind that one, whatever lies beyond.
  if (node == 0 && config_.calibration == CalibrationMethod::kEntropy) return whole;
  const ValueHistogram& h = histograms_.at(node);
  const Range kept = config_.calibration == CalibrationMethod::kEntropy
                         ? entropy_range(h, bits)
                         : percentile_range(h, config_.percentile, config_.activations);
  // Nothing is gained beyond what was seen.
  return {std::max(kept.lowest, whole.lowest), std::min(kept.highest, whole.highest),
          whole.log2_rms};
}

Calibration calibrate(const workloads::Graph& graph, const workloads::Tensor& images,
                      const QuantisationConfig& config, workloads::Tensor* outputs,
                      const ImagesDone& progress) {
  const std::size_t nodes = graph.nodes.size();
  Calibration result;
  result.config_ = config;
  const std::size_t passes = config.calibration == CalibrationMethod::kMinMax ? 1 : 2;
  std::mutex lock;
  std::size_t seen = 0;
  const auto done = [&] {
    if (!progress) return;
    const std::lock_guard guard(lock);
    progress(++seen / passes);
  };
  const auto moments = observe(
      graph, images, std::vector<Moments>(nodes),
      [](Moments& m, std::span<const float> values) { m.add(values); },
      [](Moments& total, const Moments& part) { total.add(part); }, done, outputs);
  for (std::size_t n = 0; n < nodes; ++n) {
    if (moments[n].finite) continue;
    throw UserError("network '" + graph.name + "': calibration: FP32 values of layer '" +
                    graph.nodes[n].name + "' (" + std::string(name_of(graph.nodes[n].op)) +
                    ") are not finite: there is no scale for them");
  }
  for (const Moments& m : moments) result.ranges_.push_back(m.range());
  if (config.calibration == CalibrationMethod::kMinMax) return result;
  std::vector<ValueHistogram> empty;
  for (const Range& range : result.ranges_) empty.emplace_back(range.magnitude());
  const auto add = [](std::vector<std::uint64_t>& total, const std::vector<std::uint64_t>& part) {
    for (std::size_t bin = 0; bin < total.size(); ++bin) total[bin] += part[bin];
  };
  result.histograms_ = observe(
      graph, images, empty,
      [](ValueHistogram& h, std::span<const float> values) {
        for (const float x : values) h.add(x);
      },
      [&](ValueHistogram& total, const ValueHistogram& part) {
        add(total.negative, part.negative);
        add(total.positive, part.positive);
      },
      done);
  return result;
}

models::Quantisation quantise_range(Range range, int bits, ActivationScheme scheme) {
  const float lowest = std::min(range.lowest, 0.0F), highest = std::max(range.highest, 0.0F);
  const auto largest_code = static_cast<float>((1 << (bits - 1)) - 1);
  models::Quantisation q;
  if (scheme == ActivationScheme::kSymmetric) {
    const float magnitude = std::max(-lowest, highest);
    if (magnitude > 0.0F) q.scale = magnitude / largest_code;
  } else if (highest > lowest) {
    q.scale = (highest - lowest) / (2.0F * largest_code + 1.0F);
    // The lowest value gets the lowest code; zero is a code exactly.
    const float zero = -(largest_code + 1.0F) - lowest / q.scale;
    q.zero_point = static_cast<std::int32_t>(std::nearbyint(zero));
  }
  return q;
}

namespace {

// Scales of activations and weights multiply: both stay far from FP32's ends.
constexpr int kFarthest = 60;

float power_of_two(double exponent) {
  return std::ldexp(1.0F, static_cast<int>(std::clamp<double>(exponent, -kFarthest, kFarthest)));
}

/// The least e with magnitude <= most 2^e.
double exponent_holding(double magnitude, double most) {
  if (magnitude == 0.0) return -kFarthest;
  const double exponent = std::ceil(std::log2(magnitude / most));
  return std::ldexp(most, static_cast<int>(exponent)) < magnitude ? exponent + 1 : exponent;
}

double largest(const models::Fixed& format) {
  return std::ldexp(static_cast<double>(format.most()), -format.fraction_bits);
}

}  // namespace

float power_of_two_scale(const Range& range, const models::Arithmetic& arithmetic) {
  if (range.magnitude() == 0.0F) return 1.0F;
  const models::ArithmeticName name = models::parse_name(arithmetic.name());
  if (const auto* fixed = std::get_if<models::Fixed>(&name.format)) {
    return power_of_two(exponent_holding(range.magnitude(), largest(*fixed)));
  }
  return power_of_two(std::round(range.log2_rms));
}

float power_of_two_weight_scale(const LayerRanges& ranges, float activation_scale,
                                const models::Arithmetic& arithmetic) {
  const float by_weights = power_of_two_scale(ranges.weights, arithmetic);
  const models::ArithmeticName name = models::parse_name(arithmetic.name());
  const auto* fixed = std::get_if<models::Fixed>(&name.format);
  if (fixed == nullptr) return by_weights;
  const models::FixedSum& sum = *name.fixed_sum();
  const double most_sum = std::ldexp(1.0, sum.width - 1 - sum.fraction_bits);
  const double by_bias =
      exponent_holding(double{ranges.bias.magnitude()} / activation_scale, largest(*fixed));
  const double by_sums =
      exponent_holding(2.0 * double{ranges.sums.magnitude()} / activation_scale, most_sum);
  return std::max({by_weights, power_of_two(by_bias), power_of_two(by_sums)});
}

}  // namespace systolog::sim
