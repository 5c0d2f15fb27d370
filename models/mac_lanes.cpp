// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set, as kernels.cpp is, and for the same reasons.
#include "models/mac_lanes.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/mac_lanes.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

HWY_INLINE HWY_ATTR float multiply_add(float a, float w, float sum) { return std::fma(a, w, sum); }
HWY_INLINE HWY_ATTR double multiply_add(double a, double w, double sum) {
  return std::fma(a, w, sum);
}
HWY_INLINE HWY_ATTR std::uint32_t multiply_add(std::uint32_t a, std::uint32_t w,
                                               std::uint32_t sum) {
  return sum + a * w;
}

template <typename T>
HWY_INLINE HWY_ATTR void step(std::size_t count, const T* sums, const T* a, const T* w, T* out) {
  // A block of lanes by way of a local array: the compiler need not ask whether `out` is `sums`.
  constexpr std::size_t kBlock = 32;
  std::size_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    T block[kBlock];
    for (std::size_t l = 0; l < kBlock; ++l) {
      block[l] = multiply_add(a[i + l], w[i + l], sums[i + l]);
    }
    for (std::size_t l = 0; l < kBlock; ++l) out[i + l] = block[l];
  }
  for (; i < count; ++i) out[i] = multiply_add(a[i], w[i], sums[i]);
}

HWY_ATTR void step_f32(std::size_t count, const float* sums, const float* a, const float* w,
                       float* out) {
  step(count, sums, a, w, out);
}
HWY_ATTR void step_f64(std::size_t count, const double* sums, const double* a, const double* w,
                       double* out) {
  step(count, sums, a, w, out);
}
HWY_ATTR void step_u32(std::size_t count, const std::uint32_t* sums, const std::uint32_t* a,
                       const std::uint32_t* w, std::uint32_t* out) {
  step(count, sums, a, w, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(step_f32);
HWY_EXPORT(step_f64);
HWY_EXPORT(step_u32);

void step_lanes(std::size_t count, const float* sums, const float* a, const float* w, float* out) {
  HWY_DYNAMIC_DISPATCH(step_f32)(count, sums, a, w, out);
}
void step_lanes(std::size_t count, const double* sums, const double* a, const double* w,
                double* out) {
  HWY_DYNAMIC_DISPATCH(step_f64)(count, sums, a, w, out);
}
void step_lanes(std::size_t count, const std::uint32_t* sums, const std::uint32_t* a,
                const std::uint32_t* w, std::uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(step_u32)(count, sums, a, w, out);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
