// SPDX-License-Identifier: Apache-2.0
#include "sim/weight_tile.h"

#include <cassert>
#include <cstring>
#include <vector>

#include "models/packed_codes.h"

namespace systolog::sim {

std::uint64_t weight_tile_bytes(const MatmulLayer& layer, const LayerShape& shape,
                                const models::Arithmetic& arithmetic, const WeightBlock& block,
                                bool parameters) {
  const auto& [groups, filters, channels] = block;
  const std::uint64_t count = std::uint64_t{groups.count} * filters.count;
  const std::uint64_t weights =
      shape.window.kernel_h * shape.window.kernel_w * channels.count * count;
  const std::uint64_t each = (layer.bias.empty() ? 0 : arithmetic.bias_bytes()) +
                             (layer.requantise.empty() ? 0 : sizeof(float));
  return models::bytes_of(weights, models::width_of(arithmetic, layer.packs_weights)) +
         (parameters ? count * each : 0);
}

void write_weight_tile(const MatmulLayer& layer, const LayerShape& shape,
                       const models::Arithmetic& arithmetic, const WeightBlock& block,
                       bool parameters, std::span<std::byte> tile) {
  const auto& [groups, filters, channels] = block;
  const std::size_t code = arithmetic.code_bytes();
  const std::size_t taps = shape.window.kernel_h * shape.window.kernel_w;
  // Packed weights are collected first: a row may begin inside of a byte.
  std::vector<std::byte> apart;
  std::byte* to = tile.data();
  if (layer.packs_weights) {
    apart.resize(taps * channels.count * groups.count * filters.count);
    to = apart.data();
  }
  const auto append = [&](const std::byte* from, std::size_t bytes) {
    std::memcpy(to, from, bytes);
    to += bytes;
  };
  for (std::uint32_t g = groups.first; g < groups.first + groups.count; ++g) {
    for (std::size_t tap = 0; tap < taps; ++tap) {
      for (std::uint32_t c = channels.first; c < channels.first + channels.count; ++c) {
        const std::size_t row = (g * taps + tap) * shape.channels + c;
        append(layer.weights.data() + (row * shape.filters + filters.first) * code,
               filters.count * code);
      }
    }
  }
  if (layer.packs_weights) {
    models::pack(apart.data(), 1, apart.size(), tile.data());
    to = tile.data() + models::bytes_of(apart.size(), models::kPackedBits);
  }
  if (parameters) {
    const std::size_t first = groups.first * shape.filters + filters.first;
    const std::size_t count = groups.count * filters.count;
    if (!layer.bias.empty()) {
      const std::size_t each = arithmetic.bias_bytes();
      append(layer.bias.data() + first * each, count * each);
    }
    if (!layer.requantise.empty()) {
      append(reinterpret_cast<const std::byte*>(layer.requantise.data() + first),
             count * sizeof(float));
    }
  }
  assert(to == tile.data() + tile.size());
}

}  // namespace systolog::sim
