// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "models/arithmetic.h"
#include "models/kernels.h"

namespace systolog::models {

/// A tile's operands, decoded: activations [m][k] and weights turned to [n][k], so that each
/// output is a dot product of two rows. decode(codes, count, out, stride) writes out[i * stride] =
/// operand of codes[i].
template <typename Operand>
struct Rows {
  std::vector<Operand> activations, weights;

  template <typename Decode>
  Rows(const MatmulTile& tile, std::size_t code_bytes, const Decode& decode)
      : activations(tile.m * tile.k), weights(tile.n * tile.k) {
    decode(tile.activations, tile.m * tile.k, activations.data(), 1);
    for (std::size_t k = 0; k < tile.k; ++k) {
      decode(tile.weights + k * tile.n * code_bytes, tile.n, weights.data() + k, tile.k);
    }
  }
};

/// A tile's operands decoded into a kernel's panels. The longer of m and n is spread over the
/// lanes: all products commute. The panels lie in buffers that each thread keeps, as fresh ones of
/// their size cost more than the products of a small tile: one PackedTile of a kind at a time.
template <typename Operand, typename Sum>
class PackedTile {
 public:
  template <typename DecodeActivations, typename DecodeWeights>
  PackedTile(const MatmulTile& tile, std::size_t code_bytes,
             const DecodeActivations& decode_activations, const DecodeWeights& decode_weights)
      : over_m_(tile.m > tile.n),
        lanes_(std::max(tile.m, tile.n)),
        row_stride_(over_m_ ? 1 : tile.n),
        lane_stride_(over_m_ ? tile.n : 1) {
    work_.k = tile.k;
    work_.fold_rows = tile.fold_rows;
    work_.row_count = std::min(tile.m, tile.n);
    work_.lane_count = (lanes_ + kLanes - 1) / kLanes * kLanes;
    rows_ = reserve(buffers().rows, work_.row_count * tile.k);
    panels_ = reserve(buffers().panels, work_.lane_count * tile.k);
    if (over_m_) {
      for (std::size_t m = 0; m < tile.m; ++m) {
        decode_activations(tile.activations + m * tile.k * code_bytes, tile.k, lane(m), kLanes);
      }
      for (std::size_t k = 0; k < tile.k; ++k) {
        decode_weights(tile.weights + k * tile.n * code_bytes, tile.n, rows_ + k, tile.k);
      }
    } else {
      decode_activations(tile.activations, tile.m * tile.k, rows_, 1);
      for (std::size_t k = 0; k < tile.k; ++k) {
        for (std::size_t n = 0; n < tile.n; n += kLanes) {
          decode_weights(tile.weights + (k * tile.n + n) * code_bytes, std::min(kLanes, tile.n - n),
                         lane(n) + k * kLanes, 1);
        }
      }
    }
    work_.rows = rows_;
    work_.lanes = panels_;
    allocate_sums(1);
  }

  /// `sets` sums, all zero, for each output.
  void allocate_sums(std::size_t sets) {
    const std::size_t count = sets * work_.row_count * work_.lane_count;
    work_.sums = reserve(buffers().sums, count);
    std::fill_n(work_.sums, count, Sum{});
  }
  const Panels<Operand, Sum>& work() const { return work_; }

  /// Calls visit(i, sum) for each output i of [m, n], `sum` of the given set.
  template <typename Visit>
  void for_each_sum(const Visit& visit, std::size_t set = 0) {
    Sum* row = work_.sums + set * work_.row_count * work_.lane_count;
    for (std::size_t r = 0; r < work_.row_count; ++r, row += work_.lane_count) {
      for (std::size_t l = 0; l < lanes_; ++l) visit(r * row_stride_ + l * lane_stride_, row[l]);
    }
  }

 private:
  struct Buffers {
    std::vector<Operand> rows, panels;
    std::vector<Sum> sums;
  };
  static Buffers& buffers() {
    thread_local Buffers buffers;
    return buffers;
  }
  template <typename T>
  static T* reserve(std::vector<T>& buffer, std::size_t count) {
    if (buffer.size() < count) buffer.resize(count);
    return buffer.data();
  }
  Operand* lane(std::size_t l) { return panels_ + l / kLanes * work_.k * kLanes + l % kLanes; }

  bool over_m_;
  std::size_t lanes_, row_stride_, lane_stride_;
  Operand *rows_ = nullptr, *panels_ = nullptr;
  Panels<Operand, Sum> work_;
};

}  // namespace systolog::models
