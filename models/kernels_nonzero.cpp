// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set that Highway knows; see kernels.cpp.
#include "models/kernels_nonzero.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/kernels_nonzero.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

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

/// Adds a product to sums of the same type.
struct AddRounded {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE HWY_ATTR V operator()(D, V sum, V product) const {
    return hn::Add(sum, product);
  }
};
/// A float that is a whole number as int32; it fits. (Highway's ConvertTo also sees to those that
/// do not, in twice the time of all the rest.)
template <class V>
HWY_INLINE HWY_ATTR auto to_int(hn::ScalableTag<float>, V x) {
  const hn::ScalableTag<std::int32_t> di;
#if HWY_TARGET == HWY_AVX2
  return hn::Vec<decltype(di)>{_mm256_cvttps_epi32(x.raw)};
#elif HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
  return hn::Vec<decltype(di)>{_mm_cvttps_epi32(x.raw)};
#elif HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::Vec<decltype(di)>{_mm512_cvttps_epi32(x.raw)};
#else
  return hn::ConvertTo(di, x);
#endif
}

/// Adds floor(product), in int32 that of a float.
struct AddFloor {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE HWY_ATTR V operator()(D, V sum, V product) const {
    return hn::Add(sum, hn::Floor(product));
  }
  template <class D, class V = hn::Vec<D>, class S = hn::Vec<hn::RebindToSigned<D>>>
  HWY_INLINE HWY_ATTR S operator()(D d, S sum, V product) const {
    return hn::Add(sum, to_int(d, hn::Floor(product)));
  }
};

struct MergeAll {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE HWY_ATTR V operator()(D, V total, V sum) const {
    return hn::Add(total, sum);
  }
};
template <typename T>
struct MergeFlushed {
  T flush;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE HWY_ATTR V operator()(D d, V total, V sum) const {
    const auto large = hn::Ge(hn::Abs(sum), hn::Set(d, flush));
    return hn::Add(total, hn::IfThenElseZero(large, sum));
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

template <class Multiply, class Accumulate, class Merge, typename T, typename Sum>
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
        run.template operator()<8>();
        run.template operator()<4>();
        run.template operator()<2>();
        run.template operator()<1>();
      }
    }
  }
}

template <class Accumulate, class Merge, typename T, typename Sum>
HWY_INLINE HWY_ATTR void sum_products(Product product, LaneZeros zeros,
                                      const Accumulate& accumulate, const Merge& merge,
                                      const NonzeroPanels<T, Sum>& work) {
  if (product == Product::kTimes) {
    sum_panels(Multiply<Product::kTimes, LaneZeros::kNone>{}, accumulate, merge, work);
  } else if (zeros == LaneZeros::kNone) {
    sum_panels(Multiply<Product::kLogarithmic, LaneZeros::kNone>{}, accumulate, merge, work);
  } else {
    sum_panels(Multiply<Product::kLogarithmic, LaneZeros::kMasked>{}, accumulate, merge, work);
  }
}

HWY_ATTR void nonzero_f32(Product product, LaneZeros zeros, float flush,
                          const NonzeroPanels<float, float>& work) {
  sum_products(product, zeros, AddRounded{}, MergeFlushed<float>{flush}, work);
}
HWY_ATTR void nonzero_f64(Product product, LaneZeros zeros, double flush,
                          const NonzeroPanels<double, double>& work) {
  sum_products(product, zeros, AddRounded{}, MergeFlushed<double>{flush}, work);
}
HWY_ATTR void floors_i32(Product product, LaneZeros zeros,
                         const NonzeroPanels<float, std::int32_t>& work) {
  sum_products(product, zeros, AddFloor{}, MergeAll{}, work);
}
HWY_ATTR void floors_f64(Product product, LaneZeros zeros,
                         const NonzeroPanels<double, double>& work) {
  sum_products(product, zeros, AddFloor{}, MergeAll{}, work);
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(nonzero_f32);
HWY_EXPORT(nonzero_f64);
HWY_EXPORT(floors_i32);
HWY_EXPORT(floors_f64);

template <>
void sum_nonzero(Product product, LaneZeros zeros, float flush,
                 const NonzeroPanels<float, float>& work) {
  HWY_DYNAMIC_DISPATCH(nonzero_f32)(product, zeros, flush, work);
}
template <>
void sum_nonzero(Product product, LaneZeros zeros, double flush,
                 const NonzeroPanels<double, double>& work) {
  HWY_DYNAMIC_DISPATCH(nonzero_f64)(product, zeros, flush, work);
}
template <>
void sum_floors(Product product, LaneZeros zeros, const NonzeroPanels<float, std::int32_t>& work) {
  HWY_DYNAMIC_DISPATCH(floors_i32)(product, zeros, work);
}
template <>
void sum_floors(Product product, LaneZeros zeros, const NonzeroPanels<double, double>& work) {
  HWY_DYNAMIC_DISPATCH(floors_f64)(product, zeros, work);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
