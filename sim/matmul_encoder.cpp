// SPDX-License-Identifier: Apache-2.0
#include "sim/matmul_encoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "models/user_error.h"
#include "sim/quantisation_rules.h"

namespace systolog::sim {
namespace {

/// sum (a - z) w = sum a w - z sum w: the second term is a constant of the filter.
void subtract_zero_point(std::int32_t zero_point, std::span<const std::int64_t> sums,
                         std::vector<std::byte>& bias) {
  for (std::size_t f = 0; f < sums.size(); ++f) {
    std::int32_t code = 0;
    std::memcpy(&code, bias.data() + f * sizeof code, sizeof code);
    code = static_cast<std::int32_t>(code - zero_point * sums[f]);
    std::memcpy(bias.data() + f * sizeof code, &code, sizeof code);
  }
}

std::int64_t signed_code(const std::byte* at, const models::Arithmetic& arithmetic) {
  std::uint32_t code = 0;
  std::memcpy(&code, at, arithmetic.code_bytes());
  const int unused = 32 - arithmetic.bits();
  return static_cast<std::int32_t>(code << unused) >> unused;
}

/// Of each filter.
std::vector<std::int64_t> sums_of_codes(const MatmulLayer& layer,
                                        const models::Arithmetic& arithmetic) {
  const std::size_t bytes = arithmetic.code_bytes(), per_group = layer.filters / layer.groups;
  const std::size_t codes = layer.weights.size() / bytes, per_group_codes = codes / layer.groups;
  std::vector<std::int64_t> sums(layer.filters, 0);
  for (std::size_t i = 0; i < codes; ++i) {
    sums[i / per_group_codes * per_group + i % per_group] +=
        signed_code(layer.weights.data() + i * bytes, arithmetic);
  }
  return sums;
}

float weight_scale(Range range, const models::Arithmetic& arithmetic) {
  return quantise_range(range, arithmetic.bits(), ActivationScheme::kSymmetric).scale;
}

}  // namespace

bool has_power_of_two_scales(const models::Arithmetic& arithmetic, const QuantisationConfig& config,
                             const workloads::Graph& graph) {
  return config.power_of_two && !graph.shapes_only && takes_power_of_two(arithmetic);
}

MatmulEncoder::MatmulEncoder(const workloads::Graph& graph, const Calibration& calibration,
                             const QuantisationConfig& config, const ArithmeticPlan& plan)
    : graph_(graph), calibration_(calibration), config_(config) {
  if (config.compensate_bias) mean_errors_ = mean_product_errors(plan);
}

void MatmulEncoder::encode(std::size_t node, const models::Arithmetic& a, LayerWeights weights,
                           std::span<const float> bias, const Scales& q, MatmulLayer& layer) const {
  const auto& [in, out] = q;
  const std::vector<float> compensated = with_bias_compensated(a, weights.values);
  if (!compensated.empty()) weights.values = compensated;
  // With zero points there is a bias, whatever their values: a Program does not depend on them.
  const bool has_bias =
      !bias.empty() || (a.is_quantised() && config_.activations == ActivationScheme::kAffine);
  if (graph_.shapes_only) {
    if (a.is_quantised()) layer.requantise.assign(weights.filters, 1.0F);
    if (has_bias) layer.bias.resize(weights.filters * a.bias_bytes());
    return;
  }
  const std::vector<float> scales = weight_scales(node, a, weights, bias, in.scale);
  layer.weights = encode_weights(weights, a, scales);
  const float zero = 0.0F;
  a.encode({&zero, 1}, in, reinterpret_cast<std::byte*>(&layer.zero_code));
  if (a.is_quantised()) {
    for (const float s : scales) layer.requantise.push_back(in.scale * s / out.scale);
  } else {
    layer.shift = std::ilogb(in.scale) + std::ilogb(scales.front()) - std::ilogb(out.scale);
  }
  if (has_bias) encode_bias(node, a, bias, in, scales, layer);
}

void MatmulEncoder::encode_bias(std::size_t node, const models::Arithmetic& a,
                                std::span<const float> bias, models::Quantisation in,
                                std::span<const float> scales, MatmulLayer& layer) const {
  const std::vector<float> zeros(scales.size(), 0.0F);
  layer.bias.resize(scales.size() * a.bias_bytes());
  a.encode_bias(bias.empty() ? std::span<const float>(zeros) : bias, in, scales, layer.bias.data());
  if (!a.is_quantised()) return;
  std::vector<std::int64_t> code_sums(scales.size(), 0);
  if (in.zero_point != 0) code_sums = sums_of_codes(layer, a);
  for (std::size_t f = 0; f < scales.size(); ++f) {
    const double code = bias.empty() ? 0.0 : double{bias[f]} / (double{in.scale} * scales[f]);
    check_bias(graph_.nodes[node].name, a, f,
               code - in.zero_point * static_cast<double>(code_sums[f]));
  }
  if (in.zero_point != 0) subtract_zero_point(in.zero_point, code_sums, layer.bias);
}

/// Products come out 1 + error times as large on average, so weights go in that much smaller or
/// larger; the bias is no product and stays. Empty where there is nothing to compensate.
std::vector<float> MatmulEncoder::with_bias_compensated(const models::Arithmetic& arithmetic,
                                                        std::span<const float> weights) const {
  std::vector<float> compensated;
  const auto error = mean_errors_.find(arithmetic.name());
  if (error == mean_errors_.end()) return compensated;
  for (const float weight : weights) {
    compensated.push_back(static_cast<float>(weight / (1 + error->second)));
  }
  return compensated;
}

/// int:B biases are 32 bits wide whatever the accumulator: a saturated one would be a wrong sum.
void MatmulEncoder::check_bias(const std::string& name, const models::Arithmetic& arithmetic,
                               std::size_t filter, double code) const {
  if (std::abs(code) <= std::numeric_limits<std::int32_t>::max()) return;
  throw UserError(graph_.name + ": node " + name + ": the bias of filter " +
                  std::to_string(filter) + " with the activations' zero point is 2^" +
                  std::to_string(std::ilogb(code)) + " in " + arithmetic.name() +
                  ", allowed 32 bits; fewer bits or symmetric activations make it smaller");
}

/// The filter's largest weight gets the largest code; where the weights are so small that the
/// bias, in units of the product's scale, would leave its 32 bits, the scale is as large as the
/// bias needs (half of the range: sums are still to be added).
std::vector<float> MatmulEncoder::weight_scales(std::size_t node,
                                                const models::Arithmetic& arithmetic,
                                                const LayerWeights& weights,
                                                std::span<const float> bias,
                                                float activation_scale) const {
  std::vector<float> scales(weights.filters, 1.0F);
  if (has_power_of_two_scales(arithmetic, config_, graph_)) {
    const float scale = power_of_two_weight_scale(
        {range_of(weights.values), range_of(bias), calibration_.whole_range(node)},
        activation_scale, arithmetic);
    std::fill(scales.begin(), scales.end(), scale);
  }
  if (!arithmetic.is_quantised()) return scales;
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
    scales[f] = std::max(weight_scale(range, arithmetic), for_bias);
  }
  if (config_.weights == WeightScheme::kPerTensor) {
    std::fill(scales.begin(), scales.end(), std::max(weight_scale(all, arithmetic), needed));
  }
  return scales;
}

}  // namespace systolog::sim
