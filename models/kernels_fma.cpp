// SPDX-License-Identifier: Apache-2.0
#include "models/kernels_fma.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/kernels_fma.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

#include "models/taps_driver-inl.h"

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

template <typename T>
struct FusedStep {
  using Work = Blocks<T, T>;
  using Tag = hn::ScalableTag<T>;
  using Vector = hn::Vec<Tag>;
  static constexpr std::size_t kGroup = 1, kRows = kBlockRows, kLanes = hn::MaxLanes(Tag());

  HWY_INLINE Vector zero() const { return hn::Zero(Tag()); }
  HWY_INLINE Vector broadcast(const T* row) const { return hn::Set(Tag(), *row); }
  HWY_INLINE Vector load(const T* lanes) const { return hn::LoadU(Tag(), lanes); }
  HWY_INLINE Vector step(Vector sum, Vector row, Vector lanes) const {
#if HWY_NATIVE_FMA
    return hn::MulAdd(row, lanes, sum);
#else
    // Highway's would round twice here; the C library's is exact.
    T a[kLanes], b[kLanes], c[kLanes];
    hn::StoreU(row, Tag(), a);
    hn::StoreU(lanes, Tag(), b);
    hn::StoreU(sum, Tag(), c);
    for (std::size_t i = 0; i < kLanes; ++i) c[i] = std::fma(a[i], b[i], c[i]);
    return hn::LoadU(Tag(), c);
#endif
  }
  HWY_INLINE void merge(T* total, Vector sum) const {
    hn::StoreU(hn::Add(hn::LoadU(Tag(), total), sum), Tag(), total);
  }
};

void fused_f32(const Blocks<float, float>& work) { sum_blocks(FusedStep<float>{}, work); }
void fused_f64(const Blocks<double, double>& work) { sum_blocks(FusedStep<double>{}, work); }
void fused_taps_f32(const Taps<float, float>& work) { sum_taps(FusedStep<float>{}, work); }
void fused_taps_f64(const Taps<double, double>& work) { sum_taps(FusedStep<double>{}, work); }

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(fused_f32);
HWY_EXPORT(fused_f64);
HWY_EXPORT(fused_taps_f32);
HWY_EXPORT(fused_taps_f64);

void sum_fused(const Blocks<float, float>& work) { HWY_DYNAMIC_DISPATCH(fused_f32)(work); }
void sum_fused(const Blocks<double, double>& work) { HWY_DYNAMIC_DISPATCH(fused_f64)(work); }
void sum_fused(const Taps<float, float>& work) { HWY_DYNAMIC_DISPATCH(fused_taps_f32)(work); }
void sum_fused(const Taps<double, double>& work) { HWY_DYNAMIC_DISPATCH(fused_taps_f64)(work); }

}  // namespace systolog::models
#endif  // HWY_ONCE
