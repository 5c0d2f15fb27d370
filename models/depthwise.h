// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>

#include "models/arithmetic.h"

namespace systolog::models {

/// Operands of a depthwise matmul, one filter for each channel:
/// acc[m,c] += sum over k of activations[taps[m,k],c] * w[c,k], in folds as a MatmulTile's.
struct DepthwiseTile {
  static constexpr std::size_t kPadding = std::numeric_limits<std::size_t>::max();

  std::size_t m = 0, k = 0, channels = 0;
  std::size_t fold_rows = 0;  // >= 1
  std::size_t pixels = 0;
  const std::byte* activations = nullptr;  // codes [pixels, channels]
  const std::size_t* taps = nullptr;       // pixels [m, k], or kPadding
  Code zero_code = 0;                      // what padding reads as
  const std::byte* weights = nullptr;      // codes [channels, k]
  std::byte* accumulators = nullptr;       // [m, channels]
};

/// An arithmetic that can compute all channels of a depthwise tile side by side.
class DepthwiseKernel {
 public:
  virtual ~DepthwiseKernel() = default;
  /// False, with nothing done, if the tile's numbers do not allow it.
  virtual bool sum_channels(const DepthwiseTile& tile) const = 0;
};

/// Adds the tile's products to its accumulators: by the arithmetic's DepthwiseKernel if it has one,
/// else channel by channel as matmuls of one column, to the same bits.
void depthwise(const Arithmetic& arithmetic, const DepthwiseTile& tile);

}  // namespace systolog::models
