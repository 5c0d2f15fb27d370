// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set that Highway knows; see kernels.cpp.
#include "models/kernels_self.h"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/kernels_self.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

#include "models/nonzero_driver-inl.h"

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
constexpr int kFraction = std::numeric_limits<T>::digits - 1;

/// Rounds numbers to a posit format on the bit string, as Posit::round does.
///
/// A float's bits without its sign, plus a constant, are a word u whose upper part is the regime's
/// k (plus a constant) and whose lower F + es bits are the exponent field and the fraction: the
/// posit's own tail, endless but for the float's last place. With a regime of r bits, n - 1 - r
/// bits of that tail stay. Rounding u there, ties to even, carries into k by itself, as it does in
/// the posit. Where no bit of the tail stays, k's last bit decides ties: the constant makes it odd
/// for minpos (code 1) and even for k = n - 3 (code 1..10), as the codes are; both have the same
/// parity of k + n.
template <typename T>
class PositRounding {
 public:
  explicit PositRounding(const Posit& format) {
    const int bias = std::numeric_limits<T>::max_exponent;  // a multiple of 2^es, one above IEEE's
    const int k_offset = (bias >> format.es) + (format.n % 2 == 0 ? 1 : 0);
    const int scale_offset = k_offset << format.es;
    offset_ = static_cast<Bits>(scale_offset - (bias - 1)) << kFraction<T>;
    least_ = static_cast<Bits>(scale_offset - format.max_scale()) << kFraction<T>;
    // Just below maxpos, all the rest rounds to it.
    greatest_ = (static_cast<Bits>(scale_offset + format.max_scale()) << kFraction<T>)-1;
    k_shift_ = kFraction<T> + format.es;
    // Dropped bits: F + es - (n - 1 - r), r = max(k + 2, 1 - k).
    const int dropped = kFraction<T> + format.es - (format.n - 1);
    up_ = static_cast<Bits>(dropped + 2 - k_offset);
    down_ = static_cast<Bits>(dropped + 1 + k_offset);
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE HWY_ATTR V operator()(D d, V x) const {
    const hn::RebindToUnsigned<D> du;
    const hn::RebindToSigned<D> di;  // comparisons are signed; no word has its first bit set
    const auto bits = hn::BitCast(di, x);
    const auto magnitude = hn::BitCast(di, hn::Abs(x));
    const auto sign = hn::Xor(bits, magnitude);
    auto u = hn::Add(magnitude, set(di, offset_));
    u = hn::Min(hn::Max(u, set(di, least_)), set(di, greatest_));
    const auto k = hn::ShiftRightSame(u, k_shift_);
    const auto dropped =
        hn::BitCast(du, hn::Max(hn::Add(k, set(di, up_)), hn::Sub(set(di, down_), k)));
    const auto w = hn::BitCast(du, u);
    const auto kept = hn::Shl(hn::Set(du, ~Bits{0}), dropped);
    const auto half_less_one = hn::ShiftRight<1>(hn::Not(kept));
    const auto odd = hn::And(hn::Shr(w, dropped), hn::Set(du, Bits{1}));
    const auto rounded = hn::And(hn::Add(w, hn::Add(half_less_one, odd)), kept);
    const auto back = hn::Or(hn::Sub(hn::BitCast(di, rounded), set(di, offset_)), sign);
    return hn::IfThenZeroElse(hn::Eq(x, hn::Zero(d)), hn::BitCast(d, back));
  }

 private:
  using Bits = IeeeBits<T>;
  template <class DI>
  HWY_INLINE HWY_ATTR static hn::Vec<DI> set(DI di, Bits x) {
    return hn::Set(di, static_cast<hn::TFromD<DI>>(x));
  }
  Bits offset_, least_, greatest_, up_, down_;
  int k_shift_;
};

/// Rounds numbers within the range of a float format: to its fraction bits, subnormal ones to
/// multiples of its least number.
template <typename T>
class FloatRounding {
 public:
  explicit FloatRounding(const Float& format)
      : dropped_(kFraction<T> - format.fraction_bits),
        normal_(std::ldexp(T{1}, 1 - format.bias())),
        // Numbers from this one on have the least number as their last place.
        lift_(std::ldexp(T{1}, format.least_exponent() + kFraction<T>)) {}

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE HWY_ATTR V operator()(D d, V x) const {
    const hn::RebindToUnsigned<D> du;
    const auto magnitude = hn::Abs(x);
    const auto u = hn::BitCast(du, magnitude);
    const auto last = hn::And(hn::ShiftRightSame(u, dropped_), hn::Set(du, Bits{1}));
    const Bits below = (Bits{1} << dropped_) - 1;
    const auto up = hn::Add(u, hn::Add(last, hn::Set(du, below >> 1)));
    const auto whole = hn::BitCast(d, hn::And(up, hn::Set(du, ~below)));
    const auto lift = hn::Set(d, lift_);
    const auto subnormal = hn::Sub(hn::Add(magnitude, lift), lift);
    const auto rounded = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, normal_)), subnormal, whole);
    return hn::CopySignToAbs(rounded, x);
  }

 private:
  using Bits = IeeeBits<T>;
  int dropped_;
  T normal_, lift_;
};

template <class Rounding>
struct AddInFormat {
  const Rounding& round;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE HWY_ATTR V operator()(D d, V sum, V product) const {
    return round(d, hn::Add(sum, round(d, product)));
  }
};
template <class Rounding>
struct MergeInFormat {
  const Rounding& round;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE HWY_ATTR V operator()(D d, V total, V sum) const {
    return round(d, hn::Add(total, sum));
  }
};

template <class Rounding, typename T>
HWY_INLINE HWY_ATTR void sum_with(const Rounding& round, Product product, LaneZeros zeros,
                                  const NonzeroPanels<T, T>& work) {
  // Two vectors are enough to hide the latency of a step, and leave registers for constants.
  sum_products<2>(product, zeros, AddInFormat<Rounding>{round}, MergeInFormat<Rounding>{round},
                  work);
}

HWY_ATTR void posit_f32(const Posit& format, Product product, LaneZeros zeros,
                        const NonzeroPanels<float, float>& work) {
  sum_with(PositRounding<float>(format), product, zeros, work);
}
HWY_ATTR void posit_f64(const Posit& format, Product product, LaneZeros zeros,
                        const NonzeroPanels<double, double>& work) {
  sum_with(PositRounding<double>(format), product, zeros, work);
}
HWY_ATTR void float_f32(const Float& format, Product product, LaneZeros zeros,
                        const NonzeroPanels<float, float>& work) {
  sum_with(FloatRounding<float>(format), product, zeros, work);
}
HWY_ATTR void float_f64(const Float& format, Product product, LaneZeros zeros,
                        const NonzeroPanels<double, double>& work) {
  sum_with(FloatRounding<double>(format), product, zeros, work);
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(posit_f32);
HWY_EXPORT(posit_f64);
HWY_EXPORT(float_f32);
HWY_EXPORT(float_f64);

template <>
void sum_in_format(const Posit& format, Product product, LaneZeros zeros,
                   const NonzeroPanels<float, float>& work) {
  HWY_DYNAMIC_DISPATCH(posit_f32)(format, product, zeros, work);
}
template <>
void sum_in_format(const Posit& format, Product product, LaneZeros zeros,
                   const NonzeroPanels<double, double>& work) {
  HWY_DYNAMIC_DISPATCH(posit_f64)(format, product, zeros, work);
}
template <>
void sum_in_format(const Float& format, Product product, LaneZeros zeros,
                   const NonzeroPanels<float, float>& work) {
  HWY_DYNAMIC_DISPATCH(float_f32)(format, product, zeros, work);
}
template <>
void sum_in_format(const Float& format, Product product, LaneZeros zeros,
                   const NonzeroPanels<double, double>& work) {
  HWY_DYNAMIC_DISPATCH(float_f64)(format, product, zeros, work);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
