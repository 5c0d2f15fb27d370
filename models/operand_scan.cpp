// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set that Highway knows; see kernels.cpp.
#include "models/operand_scan.h"

#include <algorithm>
#include <array>

#include "models/codes.h"
#include "models/fixed_point.h"

#ifndef SYSTOLOG_MODELS_OPERAND_SCAN_SET_BITS
#define SYSTOLOG_MODELS_OPERAND_SCAN_SET_BITS
namespace systolog::models {
/// Positions of the bits set in each number of kLanes bits.
template <typename Bits, std::size_t kLanes>
constexpr auto set_bits() {
  std::array<std::array<Bits, kLanes>, std::size_t{1} << kLanes> positions{};
  for (std::size_t mask = 0; mask < positions.size(); ++mask) {
    std::size_t found = 0;
    for (std::size_t bit = 0; bit < kLanes; ++bit) {
      if (((mask >> bit) & 1) != 0) positions[mask][found++] = static_cast<Bits>(bit);
    }
  }
  return positions;
}
template <typename Bits>
alignas(64) inline constexpr auto kSetBits = set_bits<Bits, 32 / sizeof(Bits)>();
}  // namespace systolog::models
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/operand_scan.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
HWY_INLINE HWY_ATTR Range<T> scan(const T* x, std::size_t count) {
  using Bits = IeeeBits<T>;
  using Signed = std::make_signed_t<Bits>;
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> di;
  const std::size_t step = hn::Lanes(d);
  // Magnitudes are positive integers; zeros, less one, are negative: as unsigned, the greatest.
  auto greatest = hn::Zero(di), zeros = hn::Zero(di), signs = hn::Zero(di);
  auto least = hn::Set(di, std::numeric_limits<Signed>::max());
  const auto ones = hn::Set(di, Signed{-1});
  std::size_t i = 0;
  for (; i + step <= count; i += step) {
    const auto value = hn::LoadU(d, x + i);
    const auto magnitude = hn::BitCast(di, hn::Abs(value));
    const auto zero = hn::Eq(magnitude, hn::Zero(di));
    signs = hn::Or(signs, hn::BitCast(di, value));
    zeros = hn::Or(zeros, hn::VecFromMask(di, zero));
    greatest = hn::Max(greatest, magnitude);
    least = hn::Min(least, hn::IfThenElse(zero, least, magnitude));
  }
  Range<T> range;
  range.greatest_bits = static_cast<Bits>(hn::GetLane(hn::MaxOfLanes(di, greatest)));
  range.least_bits = static_cast<Bits>(hn::GetLane(hn::MinOfLanes(di, least)));
  if (range.least_bits == static_cast<Bits>(std::numeric_limits<Signed>::max())) {
    range.least_bits = Range<T>::kSign;
  }
  range.any_zero = !hn::AllFalse(di, hn::Eq(zeros, ones));
  range.any_negative = !hn::AllFalse(di, hn::Lt(signs, hn::Zero(di)));
  for (; i < count; ++i) {
    const Bits bits = std::bit_cast<Bits>(x[i]), magnitude = bits & ~Range<T>::kSign;
    range.any_negative |= bits != magnitude;
    range.any_zero |= magnitude == 0;
    range.greatest_bits = std::max(range.greatest_bits, magnitude);
    if (magnitude != 0) range.least_bits = std::min(range.least_bits, magnitude);
  }
  return range;
}
HWY_ATTR Range<float> scan_f32(const float* x, std::size_t count) { return scan(x, count); }
HWY_ATTR Range<double> scan_f64(const double* x, std::size_t count) { return scan(x, count); }

/// Stores those of two vectors' lanes that are in `mask`, and whatever behind them; returns how
/// many. By table, as Highway's CompressStore copies its own table for each call when GCC compiles
/// it.
template <class D, class V = hn::Vec<D>>
HWY_INLINE HWY_ATTR std::size_t compress(D d, V x, V y, hn::Mask<D> mask, hn::TFromD<D>* to_x,
                                         hn::TFromD<D>* to_y) {
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_SCALAR
  hn::CompressStore(x, mask, d, to_x);
  return hn::CompressStore(y, mask, d, to_y);
#else
  std::uint8_t bits[8];
  hn::StoreMaskBits(d, mask, bits);
  const auto* positions = kSetBits<hn::TFromD<D>>[bits[0]].data();
  const auto order = hn::IndicesFromVec(d, hn::LoadU(d, positions));
  hn::StoreU(hn::TableLookupLanes(x, order), d, to_x);
  hn::StoreU(hn::TableLookupLanes(y, order), d, to_y);
  return static_cast<std::size_t>(std::popcount(bits[0]));
#endif
}

template <typename T>
HWY_INLINE HWY_ATTR void list(const Listing<T>& listing) {
  using Bits = IeeeBits<T>;
  const hn::ScalableTag<T> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const std::size_t step = hn::Lanes(d);
  const auto unit = hn::Set(d, listing.unit), least = hn::Set(d, listing.least),
             limit = hn::Set(d, listing.limit);
  const auto add = hn::Set(du, listing.add);
  std::size_t out = 0;
  std::uint32_t* begin = listing.begins;
  for (std::size_t r = 0; r < listing.row_count; ++r) {
    const T* x = listing.rows + r * listing.k;
    for (const FoldBlock& block : listing.blocks) {
      *begin++ = static_cast<std::uint32_t>(out);
      std::size_t k = block.first;
      auto ks = hn::Iota(du, static_cast<Bits>(k));
      for (; k + step <= block.last; k += step) {
        const auto value = hn::LoadU(d, x + k);
        const auto magnitude = hn::Abs(value);
        const auto listed = hn::And(hn::Ge(magnitude, least), hn::Lt(magnitude, limit));
        const auto bits = hn::Add(hn::BitCast(du, hn::Mul(value, unit)), add);
        const auto mask = hn::RebindMask(du, listed);
        out += compress(du, bits, ks, mask, listing.bits + out, listing.ks + out);
        ks = hn::Add(ks, hn::Set(du, static_cast<Bits>(step)));
      }
      for (; k < block.last; ++k) {
        listing.bits[out] = std::bit_cast<Bits>(x[k] * listing.unit) + listing.add;
        listing.ks[out] = static_cast<Bits>(k);
        const T magnitude = std::fabs(x[k]);
        out += magnitude >= listing.least && magnitude < listing.limit ? 1 : 0;
      }
    }
  }
  *begin = static_cast<std::uint32_t>(out);
}
HWY_ATTR void list_f32(const Listing<float>& listing) { list(listing); }
HWY_ATTR void list_f64(const Listing<double>& listing) { list(listing); }

/// The leading bits of magnitudes below 2^53 as doubles: cuts the fraction.
template <class D, class V = hn::Vec<D>>
HWY_INLINE HWY_ATTR V keep_leading(D d, V magnitude, Leading leading) {
  const hn::RebindToUnsigned<D> bits;
  if (leading.bits >= 53) return magnitude;
  const std::uint64_t dropped = (std::uint64_t{1} << (53 - leading.bits)) - 1;
  auto kept = hn::And(hn::BitCast(bits, magnitude), hn::Set(bits, ~dropped));
  if (leading.last_set) {
    // Where the number has more than `bits` bits, the last kept one is set, dropped bits or not.
    const auto longer = hn::Ge(magnitude, hn::Set(d, std::ldexp(1.0, leading.bits)));
    const auto last = hn::IfThenElseZero(hn::RebindMask(bits, longer), hn::Set(bits, dropped + 1));
    kept = hn::Or(kept, last);
  }
  return hn::BitCast(d, kept);
}

template <typename T>
HWY_INLINE HWY_ATTR void decode(const std::byte* codes, std::size_t count, int width,
                                Leading leading, Signs signs, T* out) {
  std::size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::Rebind<std::int32_t, decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> bits;
  const std::size_t step = hn::Lanes(d);
  const auto* from = reinterpret_cast<const std::uint8_t*>(codes);
  const hn::Repartition<std::uint8_t, decltype(di)> bytes;
  for (; i + step <= count; i += step) {
    auto x = hn::BitCast(di, hn::LoadU(bytes, from + 4 * i));
    x = hn::ShiftRightSame(hn::ShiftLeftSame(x, 32 - width), 32 - width);
    const auto minus = hn::ShiftRight<31>(x);
    auto magnitude = hn::Xor(x, minus);
    if (signs == Signs::kTwosComplement) {
      magnitude = hn::Sub(magnitude, minus);
    } else {  // a magnitude of 0, of -1, reads as 1
      const auto one = hn::And(minus, hn::Set(di, 1));
      magnitude = hn::IfThenElse(hn::Eq(magnitude, hn::Zero(di)), one, magnitude);
    }
    // -2^31 is its own magnitude as an int32: take the absolute value again, as a double.
    auto real = hn::Abs(hn::PromoteTo(d, magnitude));
    real = keep_leading(d, real, leading);
    const auto sign =
        hn::And(hn::BitCast(bits, hn::PromoteTo(d, x)), hn::Set(bits, Range<double>::kSign));
    real = hn::BitCast(d, hn::Or(hn::BitCast(bits, real), sign));
    if constexpr (sizeof(T) == 8) {
      hn::StoreU(real, d, out + i);
    } else {
      const hn::Rebind<float, decltype(d)> df;
      hn::StoreU(hn::DemoteTo(df, real), df, out + i);
    }
  }
#endif
  const Fixed format{width, 0};
  for (; i < count; ++i) {
    const std::int32_t x = format.integer(load<std::uint32_t>(codes + 4 * i));
    const auto kept = static_cast<T>(leading(magnitude(signs, x)));
    out[i] = x < 0 ? -kept : kept;
  }
}
HWY_ATTR void decode_f32(const std::byte* codes, std::size_t count, int width, Leading leading,
                         Signs signs, float* out) {
  decode(codes, count, width, leading, signs, out);
}
HWY_ATTR void decode_f64(const std::byte* codes, std::size_t count, int width, Leading leading,
                         Signs signs, double* out) {
  decode(codes, count, width, leading, signs, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(scan_f32);
HWY_EXPORT(scan_f64);
HWY_EXPORT(list_f32);
HWY_EXPORT(list_f64);
HWY_EXPORT(decode_f32);
HWY_EXPORT(decode_f64);

template <>
Range<float> range_of(const float* x, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(scan_f32)(x, count);
}
template <>
Range<double> range_of(const double* x, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(scan_f64)(x, count);
}
template <>
void list_operands(const Listing<float>& listing) {
  HWY_DYNAMIC_DISPATCH(list_f32)(listing);
}
template <>
void list_operands(const Listing<double>& listing) {
  HWY_DYNAMIC_DISPATCH(list_f64)(listing);
}
template <>
void decode_integers(const std::byte* codes, std::size_t count, int width, Leading leading,
                     Signs signs, float* out) {
  HWY_DYNAMIC_DISPATCH(decode_f32)(codes, count, width, leading, signs, out);
}
template <>
void decode_integers(const std::byte* codes, std::size_t count, int width, Leading leading,
                     Signs signs, double* out) {
  HWY_DYNAMIC_DISPATCH(decode_f64)(codes, count, width, leading, signs, out);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
