// SPDX-License-Identifier: Apache-2.0
// Calibration: from FP32 ranges to the scales of int:B codes.
#include <algorithm>
#include <cmath>

#include "sim/network.h"
#include "workloads/reference.h"

namespace systolog::sim {

std::vector<Range> calibrate(const workloads::Graph& graph, const workloads::Tensor& images) {
  std::vector<Range> ranges(graph.nodes.size());
  workloads::run_reference(graph, images, [&](std::size_t node, std::span<const float> values) {
    const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
    ranges[node].lowest = std::min(ranges[node].lowest, *lowest);
    ranges[node].highest = std::max(ranges[node].highest, *highest);
  });
  return ranges;
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

}  // namespace systolog::sim
