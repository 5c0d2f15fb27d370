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

void sum_by_channels(const Arithmetic& a, const DepthwiseTile& tile) {
  const std::size_t code = a.code_bytes(), acc = a.accumulator_bytes();
  const std::size_t channels = tile.channels;
  std::vector<std::byte> matrix(tile.m * tile.k * code), sums(tile.m * acc);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < tile.m * tile.k; ++i) {
      if (tile.taps[i] == DepthwiseTile::kPadding) {
        store_code(tile.zero_code, matrix.data(), i, code);
      } else {
        std::memcpy(matrix.data() + i * code,
                    tile.activations + (tile.taps[i] * channels + c) * code, code);
      }
    }
    std::byte* const column = tile.accumulators + c * acc;
    copy_strided(tile.m, acc, column, channels * acc, sums.data(), acc);
    a.matmul({.m = tile.m,
              .k = tile.k,
              .n = 1,
              .fold_rows = tile.fold_rows,
              .activations = matrix.data(),
              .weights = tile.weights + c * tile.k * code,
              .accumulators = sums.data()});
    copy_strided(tile.m, acc, sums.data(), acc, column, channels * acc);
  }
}

}  // namespace

void depthwise(const Arithmetic& arithmetic, const DepthwiseTile& tile) {
  const auto* kernel = dynamic_cast<const DepthwiseKernel*>(&arithmetic);
  if (kernel == nullptr || !kernel->sum_channels(tile)) sum_by_channels(arithmetic, tile);
}

}  // namespace systolog::models
