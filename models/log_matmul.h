// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <span>

#include "models/codes.h"
#include "models/kernels_nonzero.h"
#include "models/log_window.h"
#include "models/mac.h"
#include "models/nonzero_tile.h"

namespace systolog::models {

/// A tile of posits or floats of which the products are logarithmic, as T: PLAM, Mitchell, Mitch-w.
/// decode(codes, count, out) writes what the multiplier keeps of each operand.
template <typename T, typename Format>
class LogMatmul {
 public:
  template <typename Decode>
  LogMatmul(const Format& format, const MatmulTile& tile, std::size_t fold_rows,
            const Decode& decode)
      : tile_(tile),
        fold_(std::min(tile.k, fold_rows)),
        last_place_{format},
        packed_(tile, code_bytes_for(format.bits()), fold_rows, decode),
        products_{packed_.rows().least_scale(), packed_.rows().greatest_scale(),
                  packed_.lanes().least_scale(), packed_.lanes().greatest_scale(), last_place_} {}
  LogMatmul(const LogMatmul&) = delete;
  LogMatmul& operator=(const LogMatmul&) = delete;

  /// The accumulators are of T: each step and merge is rounded. False, and nothing is done, where
  /// products leave the range of T's normal numbers, or an operand is infinite or NaN.
  bool add_rounded() {
    if (!is_normal()) return false;
    if (nothing()) return true;
    if (!products_.template fit<T>()) return false;
    packed_.for_each_sum(
        [&](std::size_t i, T& sum) { sum = load<T>(tile_.accumulators + i * sizeof(T)); });
    sum(products_, {});
    packed_.for_each_sum(
        [&](std::size_t i, T sum) { store(sum, tile_.accumulators + i * sizeof(T)); });
    return true;
  }

  /// The accumulators are quires: sums of the operands of one class of scales after the other.
  /// False, and nothing is done, also where those are not exact.
  bool add_exactly(const Mac& mac) {
    if (!is_normal()) return false;
    if (nothing()) return true;
    if (!products_.template fit<T>()) return false;
    constexpr std::size_t kMostClasses = 4;  // beyond them the scalar model is as fast
    const auto classes = exact_classes(products_, tile_.k, kMostClasses);
    if (!classes) return false;
    for (const ScaleClass& scales : *classes) {
      auto products = products_;
      products.least_row = scales.least;
      products.greatest_row = scales.greatest;
      packed_.clear_sums();
      sum(products, {.least = std::ldexp(T{1}, scales.least),
                     .limit = std::ldexp(T{1}, scales.greatest + 1)});
      packed_.for_each_row([&](std::span<T> sums, std::size_t first, std::size_t stride) {
        const std::size_t bytes = mac.accumulator_bytes();
        mac.add_exact(sums, tile_.accumulators + first * bytes, stride * bytes);
      });
    }
    return true;
  }

 private:
  struct LastPlace {
    Format format;
    int operator()(int scale) const { return format.least_place(scale); }
  };
  using Products = LogProducts<LastPlace>;

  bool is_normal() const { return packed_.rows().is_normal() && packed_.lanes().is_normal(); }
  bool nothing() const { return packed_.rows().all_zero() || packed_.lanes().all_zero(); }

  /// Adds the products of the rows' operands that `listing` lets through.
  void sum(const Products& products, Listing<T> listing) {
    listing.add = IeeeBits<T>{0} - std::bit_cast<IeeeBits<T>>(T{1});
    packed_.list(listing);
    LaneZeros zeros = LaneZeros::kNone;
    T flush = 0;
    if (packed_.lanes().any_zero) {
      if (const auto small = stand_in<T>(products, fold_)) {
        packed_.replace_zeros(small->value);
        flush = small->flush;
      } else {
        zeros = LaneZeros::kMasked;
      }
    }
    sum_nonzero(Product::kLogarithmic, zeros, flush, packed_.work());
  }

  const MatmulTile& tile_;
  std::size_t fold_;
  LastPlace last_place_;
  NonzeroTile<T, T> packed_;
  Products products_;
};

}  // namespace systolog::models
