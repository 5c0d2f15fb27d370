// SPDX-License-Identifier: Apache-2.0
// The loops are compiled once for each instruction set that Highway knows, and the best one that
// the machine has is taken at run time. They are plain C++ which the compiler vectorises over the
// lanes: independent sums, so that no result depends on the instruction set.
#include "models/kernels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/kernels.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

template <typename T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

/// What a row's operand gives with each lane.
template <Product kProduct, typename T>
struct Multiplicand {
  T value;
  Bits<T> log;  // its bits less those of 1

  HWY_INLINE HWY_ATTR explicit Multiplicand(T x)
      : value(x), log(std::bit_cast<Bits<T>>(x) - std::bit_cast<Bits<T>>(T{1})) {}
  HWY_INLINE HWY_ATTR T times(T lane) const {
    if constexpr (kProduct == Product::kTimes) return value * lane;
    const T product = std::bit_cast<T>(std::bit_cast<Bits<T>>(lane) + log);
    return lane == 0 ? T{0} : product;
  }
  /// A zero, whose logarithm is none, adds nothing.
  HWY_INLINE HWY_ATTR bool skipped() const {
    return kProduct == Product::kLogarithmic && value == 0;
  }
};

/// Runs over panels, rows and folds: step(sum, row operand, lanes) for each k of a fold, then
/// merge(total, sum).
template <typename Operand, typename Sum, typename Step, typename Merge>
HWY_INLINE HWY_ATTR void for_each_fold(const Panels<Operand, Sum>& work, const Step& step,
                                       const Merge& merge) {
  for (std::size_t panel = 0; panel < work.lane_count / kLanes; ++panel) {
    const Operand* lanes = work.lanes + panel * work.k * kLanes;
    for (std::size_t r = 0; r < work.row_count; ++r) {
      const Operand* row = work.rows + r * work.k;
      Sum* total = work.sums + r * work.lane_count + panel * kLanes;
      for (std::size_t first = 0; first < work.k; first += work.fold_rows) {
        const std::size_t last = std::min(first + work.fold_rows, work.k);
        Sum sum[kLanes] = {};
        for (std::size_t k = first; k < last; ++k) step(sum, row[k], lanes + k * kLanes);
        merge(total, sum);
      }
    }
  }
}

template <Product kProduct>
struct SaturatingStep {
  const Saturation& to;
  HWY_INLINE HWY_ATTR void operator()(double* sum, double row, const double* lanes) const {
    const Multiplicand<kProduct, double> x(row * to.unit);
    if (x.skipped()) return;
    const double least = to.least, most = to.most;
    if (to.signs == Signs::kTwosComplement) {
      for (std::size_t l = 0; l < kLanes; ++l) {
        const double total = sum[l] + std::floor(x.times(lanes[l]));
        sum[l] = std::min(std::max(total, least), most);
      }
      return;
    }
    for (std::size_t l = 0; l < kLanes; ++l) {
      // floor(|p|) with p's sign, and 1 less if it is negative; a zero's sign is never set.
      const auto bits = std::bit_cast<std::uint64_t>(x.times(lanes[l]));
      const std::uint64_t sign = bits & kSign, one = std::bit_cast<std::uint64_t>(1.0);
      const double whole = std::floor(std::bit_cast<double>(bits ^ sign));
      const double term = std::bit_cast<double>(std::bit_cast<std::uint64_t>(whole) | sign) -
                          std::bit_cast<double>((0 - (bits >> 63)) & one);
      sum[l] = std::min(std::max(sum[l] + term, least), most);
    }
  }
};
struct SaturatingMerge {
  const Saturation& to;
  HWY_INLINE HWY_ATTR void operator()(double* total, const double* sum) const {
    const double least = to.least, most = to.most;
    for (std::size_t l = 0; l < kLanes; ++l) {
      total[l] = std::min(std::max(total[l] + sum[l], least), most);
    }
  }
};

template <Product kProduct, std::size_t kSplitters>
HWY_INLINE HWY_ATTR void exact_sums(const Panels<double, double>& work,
                                    std::span<const double> splitters) {
  std::array<double, kSplitters + 1> split{};
  std::copy(splitters.begin(), splitters.end(), split.begin());
  const std::size_t stride = work.row_count * work.lane_count;
  for (std::size_t panel = 0; panel < work.lane_count / kLanes; ++panel) {
    const double* lanes = work.lanes + panel * work.k * kLanes;
    for (std::size_t r = 0; r < work.row_count; ++r) {
      double sum[kSplitters + 1][kLanes] = {};
      for (std::size_t k = 0; k < work.k; ++k) {
        const Multiplicand<kProduct, double> x(work.rows[r * work.k + k]);
        if (x.skipped()) continue;
        const double* lane = lanes + k * kLanes;
        for (std::size_t l = 0; l < kLanes; ++l) {
          double rest = x.times(lane[l]);
          for (std::size_t i = 0; i < kSplitters; ++i) {
            const double term = (rest + split[i]) - split[i];
            sum[i][l] += term;
            rest -= term;
          }
          sum[kSplitters][l] += rest;
        }
      }
      for (std::size_t i = 0; i <= kSplitters; ++i) {
        double* out = work.sums + i * stride + r * work.lane_count + panel * kLanes;
        std::copy(sum[i], sum[i] + kLanes, out);
      }
    }
  }
}

template <Product kProduct>
HWY_INLINE HWY_ATTR void sum_exactly_with(const Panels<double, double>& work,
                                          std::span<const double> splitters) {
  switch (splitters.size()) {
    case 0:
      return exact_sums<kProduct, 0>(work, splitters);
    case 1:
      return exact_sums<kProduct, 1>(work, splitters);
    case 2:
      return exact_sums<kProduct, 2>(work, splitters);
    default:
      return exact_sums<kProduct, kMaxSplitters>(work, splitters);
  }
}

HWY_ATTR void exact(Product product, const Panels<double, double>& work,
                    std::span<const double> splitters) {
  if (product == Product::kTimes) {
    sum_exactly_with<Product::kTimes>(work, splitters);
  } else {
    sum_exactly_with<Product::kLogarithmic>(work, splitters);
  }
}
HWY_ATTR void saturating(Product product, const Panels<double, double>& work,
                         const Saturation& to) {
  if (product == Product::kTimes) {
    for_each_fold(work, SaturatingStep<Product::kTimes>{to}, SaturatingMerge{to});
  } else {
    for_each_fold(work, SaturatingStep<Product::kLogarithmic>{to}, SaturatingMerge{to});
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(exact);
HWY_EXPORT(saturating);

void sum_exactly(Product product, const Panels<double, double>& work,
                 std::span<const double> splitters) {
  HWY_DYNAMIC_DISPATCH(exact)(product, work, splitters);
}
void sum_saturating(Product product, const Panels<double, double>& work, const Saturation& to) {
  HWY_DYNAMIC_DISPATCH(saturating)(product, work, to);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
