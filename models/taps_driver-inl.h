// SPDX-License-Identifier: Apache-2.0
// The loops of every depthwise kernel, once for each instruction set: included behind highway.h.
#if defined(SYSTOLOG_MODELS_TAPS_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SYSTOLOG_MODELS_TAPS_DRIVER_INL_H_
#undef SYSTOLOG_MODELS_TAPS_DRIVER_INL_H_
#else
#define SYSTOLOG_MODELS_TAPS_DRIVER_INL_H_
#endif

#include "models/block_driver-inl.h"
#include "models/taps.h"

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

// Eight sums under way, as a block kernel's; a tap's weights are loaded once for all rows.
inline constexpr std::size_t kTapRows = 4, kTapVectors = 2;

/// A Step is a block kernel's, of kGroup = 1.
template <std::size_t kRows, std::size_t kVectors, typename Step, typename Work>
HWY_INLINE void sum_taps_block(const Step& step, const Work& work, std::size_t row,
                               std::size_t lane) {
  using Vector = typename Step::Vector;
  constexpr std::size_t kLanes = Step::kLanes;
  const std::size_t* taps = work.taps + row * work.k;
  const auto* pixels = work.pixels + lane;
  const auto* weights = work.weights + lane;
  auto* totals = work.sums + row * work.lane_count + lane;
  for (std::size_t fold = 0; fold < work.k; fold += std::min(work.fold, work.k - fold)) {
    Vector sums[kRows][kVectors];
    SYSTOLOG_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      SYSTOLOG_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = step.zero();
    }
    const std::size_t end = fold + std::min(work.fold, work.k - fold);
    std::size_t k = fold;
    do {
      Vector w[kVectors];
      SYSTOLOG_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) {
        w[v] = step.load(weights + k * work.lane_count + v * kLanes);
      }
      SYSTOLOG_UNROLL
      for (std::size_t r = 0; r < kRows; ++r) {
        const auto* at = pixels + taps[r * work.k + k];
        SYSTOLOG_UNROLL
        for (std::size_t v = 0; v < kVectors; ++v) {
          sums[r][v] = step.step(sums[r][v], step.load(at + v * kLanes), w[v]);
        }
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

template <typename Step, typename Work>
HWY_INLINE void sum_taps(const Step& step, const Work& work) {
  constexpr std::size_t kStride = kTapVectors * Step::kLanes;
  for_each_row_group<kTapRows>(work.row_count, [&](auto count, std::size_t row) {
    std::size_t lane = 0;
    for (; lane + kStride <= work.lane_count; lane += kStride) {
      sum_taps_block<count(), kTapVectors>(step, work, row, lane);
    }
    if (lane < work.lane_count) sum_taps_block<count(), 1>(step, work, row, lane);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#endif  // SYSTOLOG_MODELS_TAPS_DRIVER_INL_H_
