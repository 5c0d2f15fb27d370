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
#include <type_traits>
#include <vector>

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

/// Keeps the compiler from computing the products of all rows before it adds any, for which there
/// are too few registers.
template <typename Vector>
HWY_INLINE void keep_order([[maybe_unused]] Vector& v) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  asm volatile("" : "+v"(v.raw));
#endif
}

/// Where sum_block finds row operand r and the lanes of its k.
template <typename Operand>
struct DenseRows {
  const Operand* rows;  // [row][row_stride]
  std::size_t row_stride;
  HWY_INLINE std::size_t lane_of(std::size_t k) const { return k; }
  HWY_INLINE const Operand* row(std::size_t r, std::size_t k) const {
    return rows + r * row_stride + k;
  }
};
template <typename Operand, std::size_t kRows>
struct SparseRows {
  const Operand* values;           // [entry][kRows]
  const std::uint32_t* positions;  // k of each entry
  HWY_INLINE std::size_t lane_of(std::size_t entry) const { return positions[entry]; }
  HWY_INLINE const Operand* row(std::size_t r, std::size_t entry) const {
    return values + entry * kRows + r;
  }
};

/// A Step has: Work, a Blocks; kRows, of which it takes the sums at a time; Vector, of sums;
/// zero(); broadcast(row operands) and load(lane operands), each of one k; step(sum, row operand,
/// lane operand); merge(total, sum).
template <std::size_t kRows, typename Step, typename Rows>
HWY_INLINE void sum_block(const Step& step, const typename Step::Work& work, const Rows& rows,
                          std::size_t row, std::size_t lane, std::size_t first, std::size_t last) {
  using Work = typename Step::Work;
  using Vector = typename Step::Vector;
  constexpr std::size_t kGroup = Step::kGroup, kLanes = Step::kLanes;
  constexpr std::size_t kVectors = std::min(kBlockVectors, Work::kWidth / kLanes);
  const auto* lanes =
      work.lanes + (lane / Work::kWidth * work.k * Work::kWidth + lane % Work::kWidth) * kGroup;
  auto* totals = work.sums + row * work.lane_count + lane;
  for (std::size_t fold = first; fold < last; fold += work.fold) {
    Vector sums[kRows][kVectors];
    SYSTOLOG_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      SYSTOLOG_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = step.zero();
    }
    const std::size_t end = std::min(fold + work.fold, last);
    std::size_t k = fold;
    do {  // once at least, which saves the compiler a second set of registers
      const auto* at = lanes + rows.lane_of(k) * Work::kWidth * kGroup;
      Vector x[kVectors];
      SYSTOLOG_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) x[v] = step.load(at + v * kLanes * kGroup);
      SYSTOLOG_UNROLL
      for (std::size_t r = 0; r < kRows; ++r) {
        Vector y = step.broadcast(rows.row(r, k * kGroup));
        keep_order(y);
        SYSTOLOG_UNROLL
        for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = step.step(sums[r][v], y, x[v]);
      }
    } while (++k < end);
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
inline constexpr std::size_t kLaneStride = std::min(kBlockVectors* Step::kLanes,
                                                    Step::Work::kWidth);

/// Calls run(number of rows as a constant, first row) for groups of kRows rows, then fewer.
template <std::size_t kRows, typename Run>
HWY_INLINE void for_each_row_group(std::size_t rows, const Run& run) {
  std::size_t row = 0;
  for (; row + kRows <= rows; row += kRows) {
    run(std::integral_constant<std::size_t, kRows>(), row);
  }
  for (; row + 4 <= rows; row += 4) run(std::integral_constant<std::size_t, 4>(), row);
  for (; row + 2 <= rows; row += 2) run(std::integral_constant<std::size_t, 2>(), row);
  for (; row < rows; ++row) run(std::integral_constant<std::size_t, 1>(), row);
}

template <typename Step>
HWY_INLINE void sum_blocks(const Step& step, const typename Step::Work& work) {
  using Operand = std::remove_const_t<std::remove_pointer_t<decltype(work.rows)>>;
  const std::size_t chunk = work.fold >= kChunk ? work.fold : kChunk / work.fold * work.fold;
  for (std::size_t first = 0; first < work.k; first += chunk) {
    const std::size_t last = std::min(first + chunk, work.k);
    for (std::size_t lane = 0; lane < work.lane_count; lane += kLaneStride<Step>) {
      for_each_row_group<Step::kRows>(work.row_count, [&](auto count, std::size_t row) {
        const DenseRows<Operand> rows{work.rows + row * work.row_stride, work.row_stride};
        sum_block<count()>(step, work, rows, row, lane, first, last);
      });
    }
  }
}

/// The same, over those k of a group of rows that are not 0 in all of them. Only for steps of
/// kGroup = 1 which a 0 adds nothing in.
template <typename Step>
HWY_INLINE void sum_sparse_blocks(const Step& step, const typename Step::Work& work) {
  using Operand = std::remove_const_t<std::remove_pointer_t<decltype(work.rows)>>;
  thread_local std::vector<Operand> values;
  thread_local std::vector<std::uint32_t> positions;
  values.resize(std::max(values.size(), work.k * Step::kRows));
  positions.resize(std::max(positions.size(), work.k));
  for_each_row_group<Step::kRows>(work.row_count, [&](auto count, std::size_t row) {
    const Operand* rows = work.rows + row * work.row_stride;
    std::size_t entries = 0;
    for (std::size_t k = 0; k < work.k; ++k) {
      bool any = false;
      for (std::size_t r = 0; r < count(); ++r) {
        const Operand x = rows[r * work.row_stride + k];
        values[entries * count() + r] = x;
        any = any || x != 0;
      }
      positions[entries] = static_cast<std::uint32_t>(k);
      entries += any ? 1 : 0;
    }
    const SparseRows<Operand, count()> sparse{values.data(), positions.data()};
    for (std::size_t lane = 0; entries > 0 && lane < work.lane_count; lane += kLaneStride<Step>) {
      sum_block<count()>(step, work, sparse, row, lane, 0, entries);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#endif  // SYSTOLOG_MODELS_BLOCK_DRIVER_INL_H_
