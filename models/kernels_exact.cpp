// SPDX-License-Identifier: Apache-2.0
#include "models/kernels_exact.h"

#include <bit>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/kernels_exact.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

#include "models/taps_driver-inl.h"

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

// Products that are not fused with their sum take registers of their own; their sums are ready in
// a cycle, so fewer do.
inline constexpr std::size_t kUnfusedRows = kBlockRows * 2 / 3;

template <typename Sum>
struct PairStep {
  using Work = Blocks<std::int16_t, Sum, 2>;
  using Tag = hn::ScalableTag<std::int32_t>;
  using Vector = hn::Vec<Tag>;  // of sums, or of pairs of operands
  static constexpr std::size_t kGroup = 2, kRows = kUnfusedRows, kLanes = hn::MaxLanes(Tag());

  HWY_INLINE Vector zero() const { return hn::Zero(Tag()); }
  HWY_INLINE Vector broadcast(const std::int16_t* row) const {
    std::int32_t pair = 0;
    std::memcpy(&pair, row, sizeof pair);
    return hn::Set(Tag(), pair);
  }
#if HWY_TARGET == HWY_SCALAR
  HWY_INLINE Vector load(const std::int16_t* lanes) const { return broadcast(lanes); }
#else
  HWY_INLINE Vector load(const std::int16_t* lanes) const {
    return hn::BitCast(Tag(), hn::LoadU(hn::ScalableTag<std::int16_t>(), lanes));
  }
#endif
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  HWY_INLINE Vector step(Vector sum, Vector row, Vector lanes) const {
    const hn::ScalableTag<std::int16_t> pairs;
    Vector unused = hn::Zero(Tag());  // x86 puts neighbours' sums in their own lane
    return hn::ReorderWidenMulAccumulate(Tag(), hn::BitCast(pairs, row), hn::BitCast(pairs, lanes),
                                         sum, unused);
  }
#else
  HWY_INLINE Vector step(Vector sum, Vector row, Vector lanes) const {
    const hn::ScalableTag<std::uint32_t> wrapping;
    const auto first = [](Vector v) { return hn::ShiftRight<16>(hn::ShiftLeft<16>(v)); };
    const auto second = [](Vector v) { return hn::ShiftRight<16>(v); };
    const auto low = hn::BitCast(wrapping, hn::Mul(first(row), first(lanes)));
    const auto high = hn::BitCast(wrapping, hn::Mul(second(row), second(lanes)));
    return hn::BitCast(Tag(), hn::Add(hn::Add(low, high), hn::BitCast(wrapping, sum)));
  }
#endif
  HWY_INLINE void merge(std::int32_t* total, Vector sum) const {
    const hn::ScalableTag<std::uint32_t> wrapping;
    const auto before = hn::BitCast(wrapping, hn::LoadU(Tag(), total));
    const auto after = hn::Add(before, hn::BitCast(wrapping, sum));
    hn::StoreU(hn::BitCast(Tag(), after), Tag(), total);
  }
#if HWY_TARGET == HWY_SCALAR
  HWY_INLINE void merge(std::int64_t* total, Vector sum) const { *total += hn::GetLane(sum); }
#else
  HWY_INLINE void merge(std::int64_t* total, Vector sum) const {
    const hn::ScalableTag<std::int64_t> wide;
    const hn::Rebind<std::int32_t, decltype(wide)> half;
    const auto add = [&](std::int64_t* to, auto sums) {
      hn::StoreU(hn::Add(hn::LoadU(wide, to), hn::PromoteTo(wide, sums)), wide, to);
    };
    add(total, hn::LowerHalf(half, sum));
    add(total + kLanes / 2, hn::UpperHalf(half, sum));
  }
#endif
};

struct ExactStep {
  using Work = Blocks<double, std::int64_t>;
  using Tag = hn::ScalableTag<double>;
  using Integers = hn::ScalableTag<std::int64_t>;
  using Vector = hn::Vec<Tag>;
  static constexpr std::size_t kGroup = 1, kRows = kBlockRows, kLanes = hn::MaxLanes(Tag());
  double origin;  // 1.5 * 2^(unit + 52)

  HWY_INLINE Vector zero() const { return hn::Zero(Tag()); }
  HWY_INLINE Vector broadcast(const double* row) const { return hn::Set(Tag(), *row); }
  HWY_INLINE Vector load(const double* lanes) const { return hn::LoadU(Tag(), lanes); }
  HWY_INLINE Vector step(Vector sum, Vector row, Vector lanes) const {
    return hn::MulAdd(row, lanes, sum);
  }
  HWY_INLINE void merge(std::int64_t* total, Vector sum) const {
    const Vector base = hn::Set(Tag(), origin);
    const auto bits = hn::BitCast(Integers(), hn::Add(sum, base));
    const auto units = hn::Sub(bits, hn::BitCast(Integers(), base));
    hn::StoreU(hn::Add(hn::LoadU(Integers(), total), units), Integers(), total);
  }
};

struct FloorStep {
  using Work = Blocks<std::int64_t, std::int64_t>;
  using Tag = hn::ScalableTag<std::int64_t>;
  using Bits = hn::ScalableTag<std::uint64_t>;
  using Vector = hn::Vec<Tag>;
  static constexpr std::size_t kGroup = 1, kRows = kUnfusedRows, kLanes = hn::MaxLanes(Tag());
  int dropped_bits;

  HWY_INLINE Vector zero() const { return hn::Zero(Tag()); }
  HWY_INLINE Vector broadcast(const std::int64_t* row) const { return hn::Set(Tag(), *row); }
  HWY_INLINE Vector load(const std::int64_t* lanes) const { return hn::LoadU(Tag(), lanes); }
  /// The upper `dropped_bits` bits of a term are lost, which merge() makes good.
  HWY_INLINE Vector step(Vector sum, Vector row, Vector lanes) const {
#if HWY_TARGET == HWY_SCALAR
    const Vector product = hn::Set(Tag(), hn::GetLane(row) * hn::GetLane(lanes));
#else
    const hn::ScalableTag<std::int32_t> halves;
    const Vector product = hn::MulEven(hn::BitCast(halves, row), hn::BitCast(halves, lanes));
#endif
    const auto term = hn::ShiftRightSame(hn::BitCast(Bits(), product), dropped_bits);
    return hn::BitCast(Tag(), hn::Add(hn::BitCast(Bits(), sum), term));
  }
  HWY_INLINE void merge(std::int64_t* total, Vector sum) const {
    std::int64_t sums[kLanes];
    hn::StoreU(sum, Tag(), sums);
    for (std::size_t i = 0; i < kLanes; ++i) {
      const std::uint64_t shifted = static_cast<std::uint64_t>(sums[i]) << dropped_bits;
      total[i] += static_cast<std::int64_t>(shifted) >> dropped_bits;
    }
  }
};

void pairs_modulo(const Blocks<std::int16_t, std::int32_t, 2>& work) {
  sum_blocks(PairStep<std::int32_t>{}, work);
}
void pairs_exact(const Blocks<std::int16_t, std::int64_t, 2>& work) {
  sum_blocks(PairStep<std::int64_t>{}, work);
}
void doubles_exact(const Blocks<double, std::int64_t>& work, double origin) {
  sum_blocks(ExactStep{origin}, work);
}
void doubles_sparse(const Blocks<double, std::int64_t>& work, double origin) {
  sum_sparse_blocks(ExactStep{origin}, work);
}
void floors(const Blocks<std::int64_t, std::int64_t>& work, int dropped_bits) {
  sum_blocks(FloorStep{dropped_bits}, work);
}
void taps_exact(const Taps<double, std::int64_t>& work, double origin) {
  sum_taps(ExactStep{origin}, work);
}
void taps_floors(const Taps<std::int64_t, std::int64_t>& work, int dropped_bits) {
  sum_taps(FloorStep{dropped_bits}, work);
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(pairs_modulo);
HWY_EXPORT(pairs_exact);
HWY_EXPORT(doubles_exact);
HWY_EXPORT(doubles_sparse);
HWY_EXPORT(floors);
HWY_EXPORT(taps_exact);
HWY_EXPORT(taps_floors);

void sum_pairs(const Blocks<std::int16_t, std::int32_t, 2>& work) {
  HWY_DYNAMIC_DISPATCH(pairs_modulo)(work);
}
void sum_pairs(const Blocks<std::int16_t, std::int64_t, 2>& work) {
  HWY_DYNAMIC_DISPATCH(pairs_exact)(work);
}
void sum_exact(const Blocks<double, std::int64_t>& work, int unit) {
  HWY_DYNAMIC_DISPATCH(doubles_exact)(work, std::ldexp(1.5, unit + 52));
}
void sum_exact_sparse(const Blocks<double, std::int64_t>& work, int unit) {
  HWY_DYNAMIC_DISPATCH(doubles_sparse)(work, std::ldexp(1.5, unit + 52));
}
void sum_floors(const Blocks<std::int64_t, std::int64_t>& work, int dropped_bits) {
  HWY_DYNAMIC_DISPATCH(floors)(work, dropped_bits);
}
void sum_exact(const Taps<double, std::int64_t>& work, int unit) {
  HWY_DYNAMIC_DISPATCH(taps_exact)(work, std::ldexp(1.5, unit + 52));
}
void sum_floors(const Taps<std::int64_t, std::int64_t>& work, int dropped_bits) {
  HWY_DYNAMIC_DISPATCH(taps_floors)(work, dropped_bits);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
