// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "models/multipliers.h"

namespace systolog::models {

template <typename T>
using IeeeBits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// Magnitudes and signs of operands, from their bits, which are in the order of magnitudes.
template <typename T>
struct Range {
  static constexpr IeeeBits<T> kSign = IeeeBits<T>{1} << (8 * sizeof(T) - 1);
  IeeeBits<T> least_bits = kSign;  // zeros aside
  IeeeBits<T> greatest_bits = 0;
  bool any_zero = false, any_negative = false;  // -0 is both

  bool all_zero() const { return greatest_bits == 0; }
  T least() const { return std::bit_cast<T>(least_bits); }
  T greatest() const { return std::bit_cast<T>(greatest_bits); }
  int least_scale() const { return std::ilogb(least()); }
  int greatest_scale() const { return std::ilogb(greatest()); }
  /// No operand is infinite, NaN or subnormal.
  bool is_normal() const {
    return all_zero() || (least() >= std::numeric_limits<T>::min() &&
                          greatest() <= std::numeric_limits<T>::max());
  }
};
template <typename T>
Range<T> range_of(const T* x, std::size_t count);

/// Operands first to last - 1 of the K of a tile, within one fold.
struct FoldBlock {
  std::uint32_t first, last;
  bool starts_fold, ends_fold;
};

/// Lists, row by row and block by block, those operands whose magnitude is at least `least` and
/// below `limit`.
template <typename T>
struct Listing {
  std::size_t row_count = 0, k = 0;
  std::span<const FoldBlock> blocks{};
  const T* rows = nullptr;  // [row_count][k]
  T least = std::numeric_limits<T>::denorm_min(), limit = std::numeric_limits<T>::infinity();
  // What is listed of x: the bits of x * unit, plus `add`; and its k.
  T unit = 1;
  IeeeBits<T> add = 0;
  IeeeBits<T>*bits = nullptr, *ks = nullptr;  // with kListPadding entries more than there are
  std::uint32_t* begins = nullptr;            // [row_count][blocks], and the end of the last
};
inline constexpr std::size_t kListPadding = 16;
template <typename T>
void list_operands(const Listing<T>& listing);

/// out[i] = the leading bits of the magnitude of codes[i], two's complement of 4 bytes each and
/// `width` bits, with its sign.
template <typename T>
void decode_integers(const std::byte* codes, std::size_t count, int width, Leading leading,
                     Signs signs, T* out);

}  // namespace systolog::models
