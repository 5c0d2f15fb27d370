// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set that Highway knows; see kernels.cpp.
#include "models/kernels_nonzero.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/kernels_nonzero.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

#include "models/nonzero_driver-inl.h"

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

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

/// Adds by the lower-part-OR adder. With L the lower bits' mask, H = ~L and c their first bit:
///   ((a & H) + (b & H) + 2 (a & b & c)) | ((a | b) & L)
struct AddLowerOr {
  std::int32_t or_bits;
  template <class DI, class S = hn::Vec<DI>>
  HWY_INLINE HWY_ATTR S operator()(DI di, S a, S b) const {
    const auto lower = hn::Set(di, static_cast<std::int32_t>((1U << or_bits) - 1));
    const auto top = hn::Set(di, static_cast<std::int32_t>(1U << (or_bits - 1)));
    const auto both = hn::And(hn::And(a, b), top);
    const auto upper = hn::Add(hn::AndNot(lower, a), hn::AndNot(lower, b));
    return hn::Or(hn::Add(upper, hn::Add(both, both)), hn::And(hn::Or(a, b), lower));
  }
};
struct AddFloorLowerOr {
  AddLowerOr add;
  template <class D, class V = hn::Vec<D>, class S = hn::Vec<hn::RebindToSigned<D>>>
  HWY_INLINE HWY_ATTR S operator()(D d, S sum, V product) const {
    return add(hn::RebindToSigned<D>(), sum, to_int(d, hn::Floor(product)));
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

HWY_ATTR void nonzero_f32(Product product, LaneZeros zeros, float flush,
                          const NonzeroPanels<float, float>& work) {
  sum_products<8>(product, zeros, AddRounded{}, MergeFlushed<float>{flush}, work);
}
HWY_ATTR void nonzero_f64(Product product, LaneZeros zeros, double flush,
                          const NonzeroPanels<double, double>& work) {
  sum_products<8>(product, zeros, AddRounded{}, MergeFlushed<double>{flush}, work);
}
HWY_ATTR void floors_i32(Product product, LaneZeros zeros,
                         const NonzeroPanels<float, std::int32_t>& work) {
  sum_products<8>(product, zeros, AddFloor{}, MergeAll{}, work);
}
HWY_ATTR void lower_or_i32(Product product, LaneZeros zeros, int or_bits,
                           const NonzeroPanels<float, std::int32_t>& work) {
  const AddLowerOr add{or_bits};
  sum_products<4>(product, zeros, AddFloorLowerOr{add}, add, work);
}
HWY_ATTR void floors_f64(Product product, LaneZeros zeros,
                         const NonzeroPanels<double, double>& work) {
  sum_products<8>(product, zeros, AddFloor{}, MergeAll{}, work);
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
HWY_EXPORT(lower_or_i32);

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

void sum_floors_lower_or(Product product, LaneZeros zeros, int or_bits,
                         const NonzeroPanels<float, std::int32_t>& work) {
  HWY_DYNAMIC_DISPATCH(lower_or_i32)(product, zeros, or_bits, work);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
