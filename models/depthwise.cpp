// SPDX-License-Identifier: Apache-2.0
#include "models/depthwise.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "models/codes.h"

namespace systolog::models {
namespace {

void copy_strided(std::size_t count, std::size_t bytes, const std::byte* from,
                  std::size_t from_stride, std::byte* to, std::size_t to_stride) {
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(to + i * to_stride, from + i * from_stride, bytes);
  }
}

/// Codes of type T. A channel's pixels are laid side by side first, padding behind them.
template <typename T>
void sum_by_channels(const Arithmetic& a, const DepthwiseTile& tile) {
  const std::size_t acc = a.accumulator_bytes(), channels = tile.channels;
  std::vector<std::uint32_t> taps(tile.m * tile.k);
  std::transform(tile.taps, tile.taps + taps.size(), taps.begin(), [&](std::size_t pixel) {
    return static_cast<std::uint32_t>(std::min(pixel, tile.pixels));
  });
  std::vector<T> plane(tile.pixels + 1), matrix(taps.size());
  plane.back() = static_cast<T>(tile.zero_code);
  std::vector<std::byte> sums(tile.m * acc);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t p = 0; p < tile.pixels; ++p) {
      plane[p] = load<T>(tile.activations + (p * channels + c) * sizeof(T));
    }
    std::transform(taps.begin(), taps.end(), matrix.begin(),
                   [&](std::uint32_t pixel) { return plane[pixel]; });
    std::byte* const column = tile.accumulators + c * acc;
    copy_strided(tile.m, acc, column, channels * acc, sums.data(), acc);
    a.matmul({.m = tile.m,
              .k = tile.k,
              .n = 1,
              .fold_rows = tile.fold_rows,
              .activations = reinterpret_cast<const std::byte*>(matrix.data()),
              .weights = tile.weights + c * tile.k * sizeof(T),
              .accumulators = sums.data()});
    copy_strided(tile.m, acc, sums.data(), acc, column, channels * acc);
  }
}

void sum_by_channels(const Arithmetic& a, const DepthwiseTile& tile) {
  switch (a.code_bytes()) {
    case 1:
      return sum_by_channels<std::uint8_t>(a, tile);
    case 2:
      return sum_by_channels<std::uint16_t>(a, tile);
    default:
      return sum_by_channels<std::uint32_t>(a, tile);
  }
}

}  // namespace

void depthwise(const Arithmetic& arithmetic, const DepthwiseTile& tile) {
  const auto* kernel = dynamic_cast<const DepthwiseKernel*>(&arithmetic);
  if (kernel == nullptr || !kernel->sum_channels(tile)) sum_by_channels(arithmetic, tile);
}

}  // namespace systolog::models
