// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "models/arithmetic.h"
#include "models/codes.h"
#include "models/kernels.h"

namespace systolog::models {

/// A tile's operands, decoded: activations [m][k] and weights turned to [n][k], so that each
/// output is a dot product of two rows.
template <typename Operand>
struct Rows {
  std::vector<Operand> activations, weights;

  /// decode(codes, count, out, stride) writes out[i * stride] = value of code i.
  template <typename Decode>
  Rows(const MatmulTile& tile, std::size_t code_bytes, const Decode& decode)
      : activations(tile.m * tile.k), weights(tile.n * tile.k) {
    decode(tile.activations, tile.m * tile.k, activations.data(), 1);
    for (std::size_t k = 0; k < tile.k; ++k) {
      decode(tile.weights + k * tile.n * code_bytes, tile.n, weights.data() + k, tile.k);
    }
  }
};

/// Runs a tile through multiply_panels. The longer of m and n is spread over the lanes: the
/// products commute. load_sum(i) is the i-th sum before, store_sum(i, sum) takes it after.
template <typename Operand, typename Sum, typename Decode, typename LoadSum, typename StoreSum>
void matmul_by_panels(const MatmulTile& tile, std::size_t code_bytes, const Decode& decode,
                      const LoadSum& load_sum, const StoreSum& store_sum) {
  const bool over_m = tile.m > tile.n;
  Panels<Operand, Sum> work;
  work.k = tile.k;
  work.fold_rows = tile.fold_rows;
  work.row_count = over_m ? tile.n : tile.m;
  const std::size_t lanes = over_m ? tile.m : tile.n;
  work.lane_count = (lanes + kLanes - 1) / kLanes * kLanes;

  std::vector<Operand> rows(work.row_count * tile.k), panels(work.lane_count * tile.k);
  std::vector<Sum> sums(work.row_count * work.lane_count);
  const auto panel_of = [&](std::size_t lane) {
    return panels.data() + lane / kLanes * tile.k * kLanes + lane % kLanes;
  };
  if (over_m) {
    for (std::size_t m = 0; m < tile.m; ++m) {
      decode(tile.activations + m * tile.k * code_bytes, tile.k, panel_of(m), kLanes);
    }
    for (std::size_t k = 0; k < tile.k; ++k) {
      decode(tile.weights + k * tile.n * code_bytes, tile.n, rows.data() + k, tile.k);
    }
  } else {
    decode(tile.activations, tile.m * tile.k, rows.data(), 1);
    for (std::size_t k = 0; k < tile.k; ++k) {
      for (std::size_t n = 0; n < tile.n; n += kLanes) {
        decode(tile.weights + (k * tile.n + n) * code_bytes, std::min(kLanes, tile.n - n),
               panel_of(n) + k * kLanes, 1);
      }
    }
  }
  const std::size_t row_stride = over_m ? 1 : tile.n, lane_stride = over_m ? tile.n : 1;
  for (std::size_t r = 0; r < work.row_count; ++r) {
    for (std::size_t l = 0; l < lanes; ++l) {
      sums[r * work.lane_count + l] = load_sum(r * row_stride + l * lane_stride);
    }
  }
  work.rows = rows.data();
  work.lanes = panels.data();
  work.sums = sums.data();
  multiply_panels(work);
  for (std::size_t r = 0; r < work.row_count; ++r) {
    for (std::size_t l = 0; l < lanes; ++l) {
      store_sum(r * row_stride + l * lane_stride, sums[r * work.lane_count + l]);
    }
  }
}

}  // namespace systolog::models
