// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "models/arithmetic.h"

namespace systolog::models {

/// Operands and sums of a block kernel: sums[r][l] += sum over k of rows[r][k] * lanes[k][l], in
/// folds of `fold` k, each from zero with k ascending, then merged. `kGroup` operands that follow
/// each other in k lie side by side and count as one k.
template <typename Operand, typename Sum, std::size_t kGroup = 1>
struct Blocks {
  /// Lanes of a panel: two cache lines for each k, a whole number of vectors of every target.
  static constexpr std::size_t kWidth = 128 / (sizeof(Operand) * kGroup);

  std::size_t row_count = 0, k = 0, lane_count = 0;  // lane_count a multiple of kWidth
  std::size_t fold = 0;
  std::size_t row_stride = 0;      // >= k * kGroup
  const Operand* rows = nullptr;   // [row_count][row_stride]
  const Operand* lanes = nullptr;  // [lane_count / kWidth][k][kWidth][kGroup]
  Sum* sums = nullptr;             // [row_count][lane_count]
};

/// Memory that grows and is not cleared, aligned to cache lines.
template <typename T>
class AlignedBuffer {
 public:
  T* reserve(std::size_t count) {
    if (count > size_) {
      data_.reset(static_cast<T*>(::operator new(count * sizeof(T), kAlignment)));
      size_ = count;
    }
    return data_.get();
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Delete {
    void operator()(T* data) const { ::operator delete(data, kAlignment); }
  };
  std::unique_ptr<T, Delete> data_;
  std::size_t size_ = 0;
};

/// A tile cut into blocks of rows, of which the decoded operands and sums stay in the second-level
/// cache; the lanes are decoded once for all. Lanes are the filters, or, where those are few, the
/// output pixels: all products commute. Buffers are each thread's own and live on, as fresh ones
/// cost more than the products of a small tile: one BlockedTile of a kind at a time.
template <typename Operand, typename Sum, std::size_t kGroup = 1>
class BlockedTile {
 public:
  using Work = Blocks<Operand, Sum, kGroup>;
  static constexpr std::size_t kWidth = Work::kWidth;

  struct Block {
    Work work;
    MatmulTile tile;  // the part of the tile that this block computes
    std::size_t lanes = 0;
    bool over_m = false;

    /// Calls visit(sums, count, first output, output stride) for each row of the sums.
    template <typename Visit>
    void for_each_row(const Visit& visit) const {
      for (std::size_t r = 0; r < work.row_count; ++r) {
        Sum* row = work.sums + r * work.lane_count;
        over_m ? visit(row, lanes, r, work.row_count)
               : visit(row, lanes, r * lanes, std::size_t{1});
      }
    }
    /// Calls visit(i, sum) for each output i of [m, n].
    template <typename Visit>
    void for_each_sum(const Visit& visit) const {
      for_each_row([&](Sum* row, std::size_t count, std::size_t first, std::size_t stride) {
        if (stride == 1) {
          for (std::size_t l = 0; l < count; ++l) visit(first + l, row[l]);
        } else {
          for (std::size_t l = 0; l < count; ++l) visit(first + l * stride, row[l]);
        }
      });
    }
    void clear_sums() const { std::fill_n(work.sums, work.row_count * work.lane_count, Sum{}); }
  };

  /// Padding to whole panels costs products; turning the activations costs as much as some more.
  static bool pixels_are_lanes(const MatmulTile& tile) {
    const auto padded = [](std::size_t lanes) { return (lanes + kWidth - 1) / kWidth * kWidth; };
    return 5 * padded(tile.m) * tile.n < 4 * padded(tile.n) * tile.m;
  }

  /// `rows_in_place`: the activations, where the codes are the operands, else null. `row_copies`:
  /// how often the caller holds a block's rows, itself included.
  BlockedTile(const MatmulTile& tile, std::size_t code_bytes, std::size_t accumulator_bytes,
              const Operand* rows_in_place = nullptr, std::size_t row_copies = 1)
      : tile_(tile),
        code_bytes_(code_bytes),
        accumulator_bytes_(accumulator_bytes),
        row_copies_(row_copies),
        over_m_(pixels_are_lanes(tile)),
        lanes_(over_m_ ? tile.m : tile.n),
        lane_count_((lanes_ + kWidth - 1) / kWidth * kWidth),
        groups_((tile.k + kGroup - 1) / kGroup),
        rows_in_place_(over_m_ || tile.k % kGroup != 0 ? nullptr : rows_in_place) {}

  /// Calls run(block) for blocks of rows, which are the filters or some output pixels. The sums are
  /// not set, and `fold` is not. decode_*(codes, count, out) writes out[i] = operand of codes[i]:
  /// that of the lanes is called before the first block, that of the rows before each.
  template <typename DecodeActivations, typename DecodeWeights, typename Run>
  void for_each_block(const DecodeActivations& activations, const DecodeWeights& weights,
                      const Run& run) {
    panels_ = buffers().lanes.reserve(lane_count_ * groups_ * kGroup);
    if (lane_count_ != lanes_) {
      Operand* last = panels_ + (lane_count_ / kWidth - 1) * groups_ * kWidth * kGroup;
      std::fill_n(last, groups_ * kWidth * kGroup, Operand{});
    }
    over_m_ ? pack_pixels(activations) : pack_filters(weights);
    Block block;
    block.lanes = lanes_;
    block.over_m = over_m_;
    block.work.k = groups_;
    block.work.lane_count = lane_count_;
    block.work.lanes = panels_;
    block.work.row_stride = rows_in_place_ != nullptr ? tile_.k : groups_ * kGroup;
    block.tile = tile_;
    const std::size_t rows = over_m_ ? tile_.n : tile_.m;
    const std::size_t most = over_m_ ? rows : rows_of_a_block();
    for (std::size_t first = 0; first < rows; first += most) {
      const std::size_t count = std::min(most, rows - first);
      block.work.row_count = count;
      block.work.sums = buffers().sums.reserve(count * lane_count_);
      if (over_m_) {
        block.work.rows = filter_rows(weights);
      } else {
        block.tile.m = count;
        block.tile.activations = tile_.activations + first * tile_.k * code_bytes_;
        block.work.rows = rows_in_place_ != nullptr
                              ? rows_in_place_ + first * tile_.k
                              : pixel_rows(activations, block.tile.activations, count);
      }
      run(block);
      block.tile.accumulators += count * tile_.n * accumulator_bytes_;
    }
  }

 private:
  struct Buffers {
    AlignedBuffer<Operand> rows, lanes, line;
    AlignedBuffer<Sum> sums;
  };
  static Buffers& buffers() {
    thread_local Buffers buffers;
    return buffers;
  }
  std::size_t rows_of_a_block() const {
    constexpr std::size_t kCacheBytes = 192 * 1024;
    const std::size_t row_bytes =
        (rows_in_place_ != nullptr ? 0 : row_copies_ * groups_ * kGroup * sizeof(Operand)) +
        lane_count_ * sizeof(Sum);
    // Equal blocks: a small last one would read all lanes for few rows.
    constexpr std::size_t kMultiple = 12;  // of the rows of which sums stay in registers
    const std::size_t most = std::max(kCacheBytes / row_bytes, 2 * kMultiple);
    const std::size_t blocks = (tile_.m + most / 2) / most + (tile_.m <= most / 2 ? 1 : 0);
    return (tile_.m + kMultiple * blocks - 1) / (kMultiple * blocks) * kMultiple;
  }

  template <typename Decode>
  void pack_filters(const Decode& decode) {
    const auto codes = [&](std::size_t k, std::size_t n) {
      return tile_.weights + (k * tile_.n + n) * code_bytes_;
    };
    if constexpr (kGroup == 1) {
      // Reads in the order of memory: panels are written side by side.
      for (std::size_t k = 0; k < tile_.k; ++k) {
        for (std::size_t n = 0; n < tile_.n; n += kWidth) {
          decode(codes(k, n), std::min(kWidth, tile_.n - n), panels_ + n * groups_ + k * kWidth);
        }
      }
    } else {
      Operand* lines = buffers().line.reserve(kGroup * tile_.n);
      for (std::size_t group = 0; group < groups_; ++group) {
        for (std::size_t i = 0; i < kGroup; ++i) {
          const std::size_t k = group * kGroup + i;
          if (k < tile_.k) {
            decode(codes(k, 0), tile_.n, lines + i * tile_.n);
          } else {
            std::fill_n(lines + i * tile_.n, tile_.n, Operand{});
          }
        }
        for (std::size_t n = 0; n < tile_.n; n += kWidth) {
          Operand* to = panels_ + (n * groups_ + group * kWidth) * kGroup;
          const std::size_t count = std::min(kWidth, tile_.n - n);
          for (std::size_t l = 0; l < count; ++l) {
            for (std::size_t i = 0; i < kGroup; ++i) {
              to[l * kGroup + i] = lines[i * tile_.n + n + l];
            }
          }
        }
      }
    }
  }
  template <typename Decode>
  void pack_pixels(const Decode& decode) {
    Operand* line = buffers().line.reserve(groups_ * kGroup);
    std::fill_n(line, groups_ * kGroup, Operand{});
    for (std::size_t m = 0; m < tile_.m; ++m) {
      decode(tile_.activations + m * tile_.k * code_bytes_, tile_.k, line);
      Operand* lane = panels_ + (m / kWidth * groups_ * kWidth + m % kWidth) * kGroup;
      for (std::size_t k = 0; k < groups_; ++k) {
        std::copy_n(line + k * kGroup, kGroup, lane + k * kWidth * kGroup);
      }
    }
  }
  template <typename Decode>
  const Operand* filter_rows(const Decode& decode) const {
    const std::size_t stride = groups_ * kGroup;
    Operand* rows = buffers().rows.reserve(tile_.n * stride);
    Operand* line = buffers().line.reserve(tile_.n);
    if (tile_.k != stride) std::fill_n(rows, tile_.n * stride, Operand{});
    for (std::size_t k = 0; k < tile_.k; ++k) {
      decode(tile_.weights + k * tile_.n * code_bytes_, tile_.n, line);
      for (std::size_t n = 0; n < tile_.n; ++n) rows[n * stride + k] = line[n];
    }
    return rows;
  }
  template <typename Decode>
  const Operand* pixel_rows(const Decode& decode, const std::byte* codes, std::size_t count) const {
    const std::size_t stride = groups_ * kGroup;
    Operand* rows = buffers().rows.reserve(count * stride);
    if (stride == tile_.k) {
      decode(codes, count * tile_.k, rows);
      return rows;
    }
    for (std::size_t r = 0; r < count; ++r) {
      decode(codes + r * tile_.k * code_bytes_, tile_.k, rows + r * stride);
      std::fill_n(rows + r * stride + tile_.k, stride - tile_.k, Operand{});
    }
    return rows;
  }

  MatmulTile tile_;
  std::size_t code_bytes_, accumulator_bytes_, row_copies_;
  bool over_m_;
  std::size_t lanes_, lane_count_, groups_;
  const Operand* rows_in_place_;
  Operand* panels_ = nullptr;
};

}  // namespace systolog::models
