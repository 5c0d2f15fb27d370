// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <type_traits>

#include "models/blocks.h"
#include "models/code_range.h"
#include "models/depthwise.h"
#include "models/exact_plan.h"
#include "models/float_format.h"
#include "models/kernels_exact.h"
#include "models/mac.h"
#include "models/taps.h"

namespace systolog::models {

/// Fast ways to exact sums of exact products of posits or floats: as 16-bit integers, or in
/// doubles, where the numbers of a tile allow it.
template <typename Format>
class ExactMatmul {
 public:
  /// The multiplier's product must be the exact one of operands of which it kept `leading`.
  ExactMatmul(const Format& format, const Leading& leading)
      : format_(format), whole_(leading.bits == 32), doubles_(format.bits(), {format, leading}) {
    if (format.bits() <= 8) integers_.emplace(format.bits(), ToInteger{{format, leading}});
  }

  /// Adds the tile's products to its accumulators; false, with nothing done, if the tile's numbers
  /// do not allow it.
  bool operator()(const MatmulTile& tile, const Mac& mac) const {
    const std::size_t code_bytes = code_bytes_for(format_.bits());
    const CodeRange a = range(tile.activations, tile.m * tile.k);
    const CodeRange w = range(tile.weights, tile.k * tile.n);
    const Code greatest = greatest_number();
    if (a.greatest > greatest || w.greatest > greatest) return false;
    if (a.all_zero() || w.all_zero()) return true;
    const Bounds pixels = bounds(a), filters = bounds(w);
    if (integers_) {
      const double units = std::ldexp(1.0, -format_.least_exponent());
      if (const auto fold = pair_fold(pixels.greatest * units, filters.greatest * units)) {
        sum_integers(tile, code_bytes, *fold, mac);
        return true;
      }
    }
    const bool over_m = BlockedTile<double, std::int64_t>::pixels_are_lanes(tile);
    const auto plan = double_plan(over_m ? filters : pixels, over_m ? pixels : filters, tile.k);
    if (plan) sum_doubles(tile, code_bytes, *plan, mac);
    return plan.has_value();
  }

  /// The same of a depthwise tile, in doubles.
  bool sum_channels(const DepthwiseTile& tile, const Mac& mac) const {
    const std::size_t code_bytes = code_bytes_for(format_.bits());
    std::byte zero_code[sizeof(Code)];
    store_code(tile.zero_code, zero_code, 0, code_bytes);
    const CodeRange padding = range(zero_code, 1);
    CodeRange a = range(tile.activations, tile.pixels * tile.channels);
    a = {std::min(a.least, padding.least), std::max(a.greatest, padding.greatest)};
    const CodeRange w = range(tile.weights, tile.channels * tile.k);
    const Code greatest = greatest_number();
    if (a.greatest > greatest || w.greatest > greatest) return false;
    if (a.all_zero() || w.all_zero()) return true;
    const auto plan = double_plan(bounds(a), bounds(w), tile.k);
    if (!plan || plan->low) return false;
    const auto decode = [&](const std::byte* codes, std::size_t count, double* out) {
      doubles_(codes, count, out, 1);
    };
    TapsTile<double, std::int64_t> taps(tile, code_bytes, mac.accumulator_bytes(), decode);
    taps.for_each_block([&](auto& block, std::byte* accumulators) {
      block.fold = plan->fold;
      taps.clear_sums(block);
      sum_exact(block, plan->unit);
      const std::size_t bytes = mac.accumulator_bytes();
      for (std::size_t r = 0; r < block.row_count; ++r) {
        mac.add_units({block.sums + r * block.lane_count, tile.channels}, plan->unit,
                      accumulators + r * tile.channels * bytes, bytes);
      }
    });
    return true;
  }

 private:
  struct ToDouble {
    Format format;
    Leading leading;
    double operator()(Code code) const {
      Unpacked x = format.unpack(code);
      x.significand = leading(x.significand);
      return to_ieee<double>(to_dyadic(x));
    }
  };
  /// In units of the format's least number; 0 where that is no 16-bit integer.
  struct ToInteger {
    ToDouble to_double;
    std::int16_t operator()(Code code) const {
      const double x = std::ldexp(to_double(code), -to_double.format.least_exponent());
      return std::fabs(x) < 0x1p15 ? static_cast<std::int16_t>(x) : std::int16_t{0};
    }
  };

  Code greatest_number() const {
    if constexpr (std::is_same_v<Format, Float>) {
      return format_.greatest();
    } else {
      return format_.maxpos();
    }
  }
  CodeRange range(const std::byte* codes, std::size_t count) const {
    constexpr SignOf kSign =
        std::is_same_v<Format, Float> ? SignOf::kSignBit : SignOf::kTwosComplement;
    return code_range(kSign, format_.bits(), codes, count);
  }
  /// A multiplier that cuts operands changes neither a number's leading bit nor adds lower places.
  Bounds bounds(const CodeRange& codes) const {
    const Dyadic greatest = to_dyadic(format_.unpack(codes.greatest));
    const int top = greatest.scale() + 1;
    const double bound = whole_ ? to_ieee<double>(greatest) : std::ldexp(1.0, top);
    return {bound, top, format_.least_place(to_dyadic(format_.unpack(codes.least)).scale())};
  }

  /// Adds the sums of a block, in units of 2^unit.
  template <typename Block>
  static void add_sums(const Block& block, int unit, const Mac& mac) {
    const std::size_t bytes = mac.accumulator_bytes();
    block.for_each_row([&](const std::int64_t* sums, std::size_t count, std::size_t first,
                           std::size_t stride) {
      mac.add_units({sums, count}, unit, block.tile.accumulators + first * bytes, stride * bytes);
    });
  }

  void sum_integers(const MatmulTile& tile, std::size_t code_bytes, std::size_t fold,
                    const Mac& mac) const {
    const auto decode = [&](const std::byte* codes, std::size_t count, std::int16_t* out) {
      (*integers_)(codes, count, out, 1);
    };
    BlockedTile<std::int16_t, std::int64_t, 2> blocked(tile, code_bytes, mac.accumulator_bytes());
    blocked.for_each_block(decode, decode, [&](auto& block) {
      block.work.fold = fold;
      block.clear_sums();
      sum_pairs(block.work);
      add_sums(block, 2 * format_.least_exponent(), mac);
    });
  }

  void sum_doubles(const MatmulTile& tile, std::size_t code_bytes, const DoublePlan& plan,
                   const Mac& mac) const {
    const auto decode = [&](const std::byte* codes, std::size_t count, double* out) {
      doubles_(codes, count, out, 1);
    };
    AlignedBuffer<double>& low_rows = low_rows_buffer();
    BlockedTile<double, std::int64_t> blocked(tile, code_bytes, mac.accumulator_bytes(), nullptr,
                                              plan.low ? 3 : 1);
    blocked.for_each_block(decode, decode, [&](auto& block) {
      auto& work = block.work;
      if (plan.low) {
        // The rows are the block's own buffer.
        const std::size_t count = work.row_count * work.row_stride;
        double* low = low_rows.reserve(2 * count);
        double* high = low + count;
        const double splitter = std::ldexp(1.5, 52 + plan.low->cut);
        for (std::size_t i = 0; i < count; ++i) {
          high[i] = (work.rows[i] + splitter) - splitter;
          low[i] = work.rows[i] - high[i];
        }
        work.rows = low;
        work.fold = plan.low->fold;
        block.clear_sums();
        sum_exact_sparse(work, plan.low->unit);
        add_sums(block, plan.low->unit, mac);
        work.rows = high;
      }
      work.fold = plan.fold;
      block.clear_sums();
      sum_exact(work, plan.unit);
      add_sums(block, plan.unit, mac);
    });
  }
  static AlignedBuffer<double>& low_rows_buffer() {
    thread_local AlignedBuffer<double> buffer;
    return buffer;
  }

  Format format_;
  bool whole_;  // the multiplier keeps all of an operand
  Decoder<double, ToDouble> doubles_;
  std::optional<Decoder<std::int16_t, ToInteger>> integers_;
};

}  // namespace systolog::models
