// SPDX-License-Identifier: Apache-2.0
// The loops of every block kernel, once for each instruction set: included behind highway.h.
#if defined(SYSTOLOG_MODELS_BLOCK_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SYSTOLOG_MODELS_BLOCK_DRIVER_INL_H_
#undef SYSTOLOG_MODELS_BLOCK_DRIVER_INL_H_
#else
#define SYSTOLOG_MODELS_BLOCK_DRIVER_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "models/blocks.h"

#if defined(__clang__)
#define SYSTOLOG_UNROLL _Pragma("unroll")
#else
#define SYSTOLOG_UNROLL _Pragma("GCC unroll 16")
#endif

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Rows and vectors of which the sums stay in registers. A multiply-add takes four cycles and two
// may start in each, so at least eight sums must be under way; with their operands they fill the
// 16 or 32 registers.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
inline constexpr std::size_t kBlockRows = 12, kBlockVectors = 2;
#elif HWY_TARGET == HWY_NEON
inline constexpr std::size_t kBlockRows = 6, kBlockVectors = 4;
#else
inline constexpr std::size_t kBlockRows = 6, kBlockVectors = 2;
#endif

// k of a panel that a block of rows runs over before the next block does: panels stay in the
// first-level cache.
inline constexpr std::size_t kChunk = 128;

/// A Step has: Work, a Blocks; Vector, of sums; zero(); broadcast(row operands) and
/// load(lane operands), each of one k; step(sum, row operand, lane operand); merge(total, sum).
template <std::size_t kRows, typename Step>
HWY_INLINE void sum_block(const Step& step, const typename Step::Work& work, std::size_t row,
                          std::size_t lane, std::size_t first, std::size_t last) {
  using Work = typename Step::Work;
  using Vector = typename Step::Vector;
  constexpr std::size_t kGroup = Step::kGroup, kLanes = Step::kLanes;
  constexpr std::size_t kVectors = std::min(kBlockVectors, Work::kWidth / kLanes);
  const auto* lanes =
      work.lanes + (lane / Work::kWidth * work.k * Work::kWidth + lane % Work::kWidth) * kGroup;
  const auto* rows = work.rows + row * work.row_stride;
  auto* totals = work.sums + row * work.lane_count + lane;
  for (std::size_t fold = first; fold < last; fold += work.fold) {
    Vector sums[kRows][kVectors];
    SYSTOLOG_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      SYSTOLOG_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = step.zero();
    }
    const std::size_t end = std::min(fold + work.fold, last);
    for (std::size_t k = fold; k < end; ++k) {
      const auto* at = lanes + k * Work::kWidth * kGroup;
      Vector x[kVectors];
      SYSTOLOG_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) x[v] = step.load(at + v * kLanes * kGroup);
      SYSTOLOG_UNROLL
      for (std::size_t r = 0; r < kRows; ++r) {
        const Vector y = step.broadcast(rows + r * work.row_stride + k * kGroup);
        SYSTOLOG_UNROLL
        for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = step.step(sums[r][v], y, x[v]);
      }
    }
    SYSTOLOG_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      SYSTOLOG_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) {
        step.merge(totals + r * work.lane_count + v * kLanes, sums[r][v]);
      }
    }
  }
}

template <typename Step>
HWY_INLINE void sum_blocks(const Step& step, const typename Step::Work& work) {
  using Work = typename Step::Work;
  constexpr std::size_t kStride = std::min(kBlockVectors * Step::kLanes, Work::kWidth);
  const std::size_t chunk = work.fold >= kChunk ? work.fold : kChunk / work.fold * work.fold;
  for (std::size_t first = 0; first < work.k; first += chunk) {
    const std::size_t last = std::min(first + chunk, work.k);
    for (std::size_t lane = 0; lane < work.lane_count; lane += kStride) {
      std::size_t row = 0;
      const std::size_t rows = work.row_count;
      for (; row + kBlockRows <= rows; row += kBlockRows) {
        sum_block<kBlockRows>(step, work, row, lane, first, last);
      }
      for (; row + 4 <= rows; row += 4) sum_block<4>(step, work, row, lane, first, last);
      if (row + 2 <= rows) {
        sum_block<2>(step, work, row, lane, first, last);
        row += 2;
      }
      if (row < rows) sum_block<1>(step, work, row, lane, first, last);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#endif  // SYSTOLOG_MODELS_BLOCK_DRIVER_INL_H_
