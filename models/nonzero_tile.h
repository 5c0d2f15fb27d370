// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/arithmetic.h"
#include "models/blocks.h"
#include "models/kernels_nonzero.h"

namespace systolog::models {

/// A tile's operands decoded for the kernels that skip zeros. One side, the activations unless
/// there are too few filters to fill vectors, is kept as lists of the operands that are not 0,
/// which behind a ReLU is about half of them; the other side is spread over the lanes. Products
/// commute. Sums start as zeros. Buffers are kept by each thread: one NonzeroTile of a kind at a
/// time.
template <typename T, typename Sum>
class NonzeroTile {
 public:
  /// decode(codes, count, out) writes out[i] = operand of codes[i]. With fold_rows >= k, sums are
  /// taken in one chain.
  template <typename Decode>
  NonzeroTile(const MatmulTile& tile, std::size_t code_bytes, std::size_t fold_rows,
              const Decode& decode)
      : k_(tile.k),
        over_m_(tile.n<kLaneStep<T> && tile.m> tile.n),
        row_count_(over_m_ ? tile.n : tile.m),
        lanes_(over_m_ ? tile.m : tile.n),
        lane_count_((lanes_ + kLaneStep<T> - 1) / kLaneStep<T> * kLaneStep<T>) {
    make_blocks(std::max<std::size_t>(fold_rows, 1));
    panels_ = buffers().panels.reserve(lane_count_ * k_);
    rows_ = buffers().rows.reserve(row_count_ * k_);
    T* line = buffers().line.reserve(std::max(k_, tile.n));
    if (over_m_) {
      for (std::size_t k = 0; k < k_; ++k) {
        decode(tile.weights + k * tile.n * code_bytes, tile.n, line);
        for (std::size_t n = 0; n < tile.n; ++n) rows_[n * k_ + k] = line[n];
      }
      for (std::size_t m = 0; m < lane_count_; ++m) {
        // A lane that stands for no output repeats the last one.
        if (m < tile.m) decode(tile.activations + m * k_ * code_bytes, k_, line);
        const Place place = place_of(m);
        for (std::size_t k = 0; k < k_; ++k) place.first[k * place.stride] = line[k];
      }
    } else {
      decode(tile.activations, tile.m * k_, rows_);
      for (std::size_t k = 0; k < k_; ++k) {
        for (std::size_t n = 0; n < tile.n; n += kPanelLanes<T>) {
          const Place place = place_of(n);
          T* at = place.first + k * place.stride;
          const std::size_t count = std::min(kPanelLanes<T>, tile.n - n);
          decode(tile.weights + (k * tile.n + n) * code_bytes, count, at);
          std::fill(at + count, at + place.stride, at[count - 1]);
        }
      }
    }
    row_range_ = range_of(rows_, row_count_ * k_);
    lane_range_ = range_of(panels_, lane_count_ * k_);
    sums_ = buffers().sums.reserve(row_count_ * lane_count_);
    clear_sums();
  }

  const Range<T>& rows() const { return row_range_; }
  const Range<T>& lanes() const { return lane_range_; }

  /// Fills what is open in `listing` and makes the lists of the rows' operands.
  void list(Listing<T> listing) {
    const std::size_t entries = row_count_ * k_ + kListPadding;
    listing.row_count = row_count_;
    listing.k = k_;
    listing.blocks = blocks_;
    listing.rows = rows_;
    bits_ = listing.bits = buffers().bits.reserve(entries);
    ks_ = listing.ks = buffers().ks.reserve(entries);
    begins_ = listing.begins = buffers().begins.reserve(row_count_ * blocks_.size() + 1);
    list_operands(listing);
  }

  /// Replaces zeros among the lanes.
  void replace_zeros(T x) {
    if (!lane_range_.any_zero) return;
    for (std::size_t i = 0; i < lane_count_ * k_; ++i)
      panels_[i] = panels_[i] == 0 ? x : panels_[i];
  }

  NonzeroPanels<T, Sum> work() {
    return {.row_count = row_count_,
            .k = k_,
            .lane_count = lane_count_,
            .blocks = blocks_,
            .bits = bits_,
            .ks = ks_,
            .begins = begins_,
            .lanes = panels_,
            .partial = buffers().partial.reserve(row_count_ * lane_count_),
            .sums = sums_};
  }

  void clear_sums() { std::fill_n(sums_, row_count_ * lane_count_, Sum{}); }
  /// Calls visit(sums, first, stride) for each row's sums, those of outputs `stride` apart.
  template <typename Visit>
  void for_each_row(const Visit& visit) {
    for (std::size_t r = 0; r < row_count_; ++r) {
      const std::span sums(sums_ + r * lane_count_, lanes_);
      over_m_ ? visit(sums, r, row_count_) : visit(sums, r * lanes_, std::size_t{1});
    }
  }
  /// Calls visit(i, sum) for each output i of [m, n].
  template <typename Visit>
  void for_each_sum(const Visit& visit) {
    for_each_row([&](std::span<Sum> sums, std::size_t first, std::size_t stride) {
      for (std::size_t l = 0; l < sums.size(); ++l) visit(first + l * stride, sums[l]);
    });
  }

 private:
  struct Buffers {
    AlignedBuffer<T> rows, panels, line;
    AlignedBuffer<IeeeBits<T>> bits, ks;
    AlignedBuffer<std::uint32_t> begins;
    AlignedBuffer<Sum> sums, partial;
  };
  struct Place {
    T* first;
    std::size_t stride;  // from one k to the next
  };
  static Buffers& buffers() {
    thread_local Buffers buffers;
    return buffers;
  }
  Place place_of(std::size_t lane) {
    const std::size_t panel = lane / kPanelLanes<T> * kPanelLanes<T>;
    return {panels_ + panel * k_ + (lane - panel), std::min(kPanelLanes<T>, lane_count_ - panel)};
  }
  /// Folds, cut into blocks of K whose lanes stay in the first-level cache from row to row.
  void make_blocks(std::size_t fold_rows) {
    constexpr std::size_t kBlock = 96;
    for (std::size_t fold = 0; fold < k_; fold += fold_rows) {
      const std::size_t end = std::min(k_, fold + fold_rows);
      for (std::size_t first = fold; first < end; first += kBlock) {
        const std::size_t last = std::min(first + kBlock, end);
        blocks_.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last),
                           first == fold, last == end});
      }
    }
  }

  std::size_t k_;
  bool over_m_;
  std::size_t row_count_, lanes_, lane_count_;
  std::vector<FoldBlock> blocks_;
  T *rows_ = nullptr, *panels_ = nullptr;
  Sum* sums_ = nullptr;
  IeeeBits<T>*bits_ = nullptr, *ks_ = nullptr;
  std::uint32_t* begins_ = nullptr;
  Range<T> row_range_, lane_range_;
};

}  // namespace systolog::models
