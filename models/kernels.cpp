// SPDX-License-Identifier: Apache-2.0
// The loops are compiled once for each instruction set Highway knows here, and the best one that
// the machine has is taken at run time. They are plain C++: the compiler vectorises over the lanes,
// which are independent sums, and so cannot change a result.
#include "models/kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/kernels.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

// std::fma is one instruction where the target has it, else the C library's exact one.
HWY_INLINE HWY_ATTR float multiply_add(float a, float b, float sum) { return std::fma(a, b, sum); }
HWY_INLINE HWY_ATTR double multiply_add(double a, double b, double sum) {
  return std::fma(a, b, sum);
}
HWY_INLINE HWY_ATTR std::uint32_t multiply_add(std::uint32_t a, std::uint32_t b,
                                               std::uint32_t sum) {
  return a * b + sum;
}
HWY_INLINE HWY_ATTR std::uint64_t multiply_add(std::int32_t a, std::int32_t b, std::uint64_t sum) {
  return static_cast<std::uint64_t>(std::int64_t{a} * b) + sum;
}

template <typename Operand, typename Sum>
HWY_INLINE HWY_ATTR void multiply(const Panels<Operand, Sum>& work) {
  for (std::size_t panel = 0; panel < work.lane_count / kLanes; ++panel) {
    const Operand* lanes = work.lanes + panel * work.k * kLanes;
    for (std::size_t r = 0; r < work.row_count; ++r) {
      const Operand* row = work.rows + r * work.k;
      Sum* out = work.sums + r * work.lane_count + panel * kLanes;
      for (std::size_t first = 0; first < work.k; first += work.fold_rows) {
        const std::size_t last = std::min(first + work.fold_rows, work.k);
        Sum sum[kLanes] = {};
        for (std::size_t k = first; k < last; ++k) {
          for (std::size_t l = 0; l < kLanes; ++l) {
            sum[l] = multiply_add(row[k], lanes[k * kLanes + l], sum[l]);
          }
        }
        for (std::size_t l = 0; l < kLanes; ++l) out[l] += sum[l];
      }
    }
  }
}

HWY_ATTR void multiply_f32(const Panels<float, float>& work) { multiply(work); }
HWY_ATTR void multiply_f64(const Panels<double, double>& work) { multiply(work); }
HWY_ATTR void multiply_u32(const Panels<std::uint32_t, std::uint32_t>& work) { multiply(work); }
HWY_ATTR void multiply_i32_u64(const Panels<std::int32_t, std::uint64_t>& work) { multiply(work); }

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(multiply_f32);
HWY_EXPORT(multiply_f64);
HWY_EXPORT(multiply_u32);
HWY_EXPORT(multiply_i32_u64);

void multiply_panels(const Panels<float, float>& work) { HWY_DYNAMIC_DISPATCH(multiply_f32)(work); }
void multiply_panels(const Panels<double, double>& work) {
  HWY_DYNAMIC_DISPATCH(multiply_f64)(work);
}
void multiply_panels(const Panels<std::uint32_t, std::uint32_t>& work) {
  HWY_DYNAMIC_DISPATCH(multiply_u32)(work);
}
void multiply_panels(const Panels<std::int32_t, std::uint64_t>& work) {
  HWY_DYNAMIC_DISPATCH(multiply_i32_u64)(work);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
