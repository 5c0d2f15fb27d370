// SPDX-License-Identifier: Apache-2.0
#include "sim/weight_tile.h"

namespace systolog::sim {

std::vector<std::byte> weight_tile(const MatmulLayer& layer, const LayerShape& shape,
                                   const models::Arithmetic& arithmetic, const WeightBlock& block,
                                   bool parameters) {
  const auto& [groups, filters, channels] = block;
  const std::size_t code = arithmetic.code_bytes();
  const std::size_t taps = shape.window.kernel_h * shape.window.kernel_w;
  std::vector<std::byte> tile;
  for (std::uint32_t g = groups.first; g < groups.first + groups.count; ++g) {
    for (std::size_t tap = 0; tap < taps; ++tap) {
      for (std::uint32_t c = channels.first; c < channels.first + channels.count; ++c) {
        const std::size_t row = (g * taps + tap) * shape.channels + c;
        const auto first =
            layer.weights.begin() +
            static_cast<std::ptrdiff_t>((row * shape.filters + filters.first) * code);
        tile.insert(tile.end(), first, first + static_cast<std::ptrdiff_t>(filters.count * code));
      }
    }
  }
  if (!parameters) return tile;
  const std::size_t first = groups.first * shape.filters + filters.first;
  const std::size_t count = groups.count * filters.count;
  const auto append = [&](const std::byte* from, std::size_t each) {
    tile.insert(tile.end(), from + first * each, from + (first + count) * each);
  };
  if (!layer.bias.empty()) append(layer.bias.data(), arithmetic.bias_bytes());
  if (!layer.requantise.empty()) {
    append(reinterpret_cast<const std::byte*>(layer.requantise.data()), sizeof(float));
  }
  return tile;
}

}  // namespace systolog::sim
