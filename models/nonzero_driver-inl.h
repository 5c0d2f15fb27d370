// SPDX-License-Identifier: Apache-2.0
// The loops of the kernels that skip zeros, once for each instruction set: included behind
// highway.h.
#if defined(SYSTOLOG_MODELS_NONZERO_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SYSTOLOG_MODELS_NONZERO_DRIVER_INL_H_
#undef SYSTOLOG_MODELS_NONZERO_DRIVER_INL_H_
#else
#define SYSTOLOG_MODELS_NONZERO_DRIVER_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "models/kernels_nonzero.h"

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Product of a row's operand, given as bits, and a vector of lanes.
template <Product kProduct, LaneZeros kZeros>
struct Multiply {
  template <class D, class V = hn::Vec<D>, class B = hn::Vec<hn::RebindToUnsigned<D>>>
  HWY_INLINE HWY_ATTR V operator()(D d, B row, V lane) const {
    if constexpr (kProduct == Product::kTimes) return hn::Mul(hn::BitCast(d, row), lane);
    const hn::RebindToUnsigned<D> bits;
    const V product = hn::BitCast(d, hn::Add(hn::BitCast(bits, lane), row));
    if constexpr (kZeros == LaneZeros::kNone) return product;
    return hn::IfThenZeroElse(hn::Eq(lane, hn::Zero(d)), product);
  }
};

/// One block of one row on kVectors vectors of lanes, whose sums stay in registers.
template <std::size_t kVectors, class Multiply, class Accumulate, class Merge, typename T,
          typename Sum>
HWY_INLINE HWY_ATTR void sum_block(const Multiply& multiply, const Accumulate& accumulate,
                                   const Merge& merge, const FoldBlock& block,
                                   const IeeeBits<T>* bits, const IeeeBits<T>* ks,
                                   std::size_t count, const T* lanes, std::size_t stride,
                                   Sum* partial, Sum* sums) {
  const hn::ScalableTag<T> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::ScalableTag<Sum> ds;
  const std::size_t step = hn::Lanes(d);
  hn::Vec<decltype(ds)> sum[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    sum[v] = block.starts_fold ? hn::Zero(ds) : hn::LoadU(ds, partial + v * step);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const T* lane = lanes + ks[i] * stride;
    const auto row = hn::Set(du, bits[i]);
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum[v] = accumulate(d, sum[v], multiply(d, row, hn::LoadU(d, lane + v * step)));
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    if (block.ends_fold) {
      hn::StoreU(merge(ds, hn::LoadU(ds, sums + v * step), sum[v]), ds, sums + v * step);
    } else {
      hn::StoreU(sum[v], ds, partial + v * step);
    }
  }
}

/// Sums of up to kMost vectors of a row stay in registers.
template <std::size_t kMost, class Multiply, class Accumulate, class Merge, typename T,
          typename Sum>
HWY_INLINE HWY_ATTR void sum_panels(const Multiply& multiply, const Accumulate& accumulate,
                                    const Merge& merge, const NonzeroPanels<T, Sum>& work) {
  const std::size_t step = hn::Lanes(hn::ScalableTag<T>());
  const std::size_t block_count = work.blocks.size();
  for (std::size_t panel = 0; panel < work.lane_count; panel += kPanelLanes<T>) {
    const std::size_t width = std::min(kPanelLanes<T>, work.lane_count - panel);
    const T* lanes = work.lanes + panel * work.k;
    for (std::size_t b = 0; b < block_count; ++b) {
      const FoldBlock& block = work.blocks[b];
      for (std::size_t r = 0; r < work.row_count; ++r) {
        const std::uint32_t* begin = work.begins + r * block_count + b;
        const std::size_t count = begin[1] - begin[0];
        const IeeeBits<T>*bits = work.bits + begin[0], *ks = work.ks + begin[0];
        const std::size_t first = r * work.lane_count + panel;
        std::size_t lane = 0;
        const auto run = [&]<std::size_t kVectors>() HWY_ATTR {
          for (; lane + kVectors * step <= width; lane += kVectors * step) {
            sum_block<kVectors>(multiply, accumulate, merge, block, bits, ks, count, lanes + lane,
                                width, work.partial + first + lane, work.sums + first + lane);
          }
        };
        if constexpr (kMost >= 8) run.template operator()<8>();
        if constexpr (kMost >= 4) run.template operator()<4>();
        run.template operator()<2>();
        run.template operator()<1>();
      }
    }
  }
}

template <std::size_t kMost, class Accumulate, class Merge, typename T, typename Sum>
HWY_INLINE HWY_ATTR void sum_products(Product product, LaneZeros zeros,
                                      const Accumulate& accumulate, const Merge& merge,
                                      const NonzeroPanels<T, Sum>& work) {
  if (product == Product::kTimes) {
    sum_panels<kMost>(Multiply<Product::kTimes, LaneZeros::kNone>{}, accumulate, merge, work);
  } else if (zeros == LaneZeros::kNone) {
    sum_panels<kMost>(Multiply<Product::kLogarithmic, LaneZeros::kNone>{}, accumulate, merge, work);
  } else {
    sum_panels<kMost>(Multiply<Product::kLogarithmic, LaneZeros::kMasked>{}, accumulate, merge,
                      work);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#endif  // SYSTOLOG_MODELS_NONZERO_DRIVER_INL_H_
