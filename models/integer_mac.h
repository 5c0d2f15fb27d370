// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "models/fixed_point.h"
#include "models/mac_lanes.h"
#include "models/multipliers.h"
#include "models/name.h"

namespace systolog::models {

/// int:B accumulator: two's complement, wraps.
struct WrappingSum {
  int width = 32;
  constexpr std::int64_t add(std::int64_t sum, std::int64_t addend) const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                     static_cast<std::uint64_t>(addend));
  }
  /// Wraps at 64 bits until here: bits above `width` never reach those below.
  constexpr std::int64_t settle(std::int64_t sum) const {
    return sign_extend(static_cast<std::uint64_t>(sum), width);
  }
  constexpr std::int64_t term(std::int64_t product) const { return product; }
  constexpr std::int64_t limit(std::int64_t sum) const { return sum; }
};

/// fixed:B,F accumulator: the product bits below F are dropped (floor), each sum saturates.
struct SaturatingSum {
  int width = 32;
  int dropped_bits = 16;  // fraction bits of a product less those of the accumulator
  constexpr std::int64_t add(std::int64_t sum, std::int64_t addend) const {
    std::int64_t total = 0;
    if (__builtin_add_overflow(sum, addend, &total)) {
      total = addend < 0 ? std::numeric_limits<std::int64_t>::min()
                         : std::numeric_limits<std::int64_t>::max();
    }
    return limit(total);
  }
  constexpr std::int64_t limit(std::int64_t sum) const {
    const auto most = static_cast<std::int64_t>((std::uint64_t{1} << (width - 1)) - 1);
    return std::clamp(sum, -most - 1, most);
  }
  constexpr std::int64_t settle(std::int64_t sum) const { return sum; }
  constexpr std::int64_t term(std::int64_t product) const { return product >> dropped_bits; }
};

/// Sum of two numbers by the lower-part-OR adder: the lower k bits are OR-ed, without carries; the
/// upper ones are added exactly, with a carry in where both operands have bit k - 1.
/// Error   sum - (a + b) = 2^k [bit k - 1 of both] - (a AND b AND (2^k - 1)), within 2^(k-1).
/// Source  [Mahdiani 2010, section III-A].
constexpr std::int64_t lower_or_add(std::int64_t a, std::int64_t b, int k) {
  const std::int64_t lower = (a | b) & ((std::int64_t{1} << k) - 1);
  const std::int64_t carry = ((a & b) >> (k - 1)) & 1;
  const std::int64_t upper = (a >> k) + (b >> k) + carry;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(upper) << k) | lower;
}
static_assert(lower_or_add(5, 6, 3) == 8 + 7 && lower_or_add(-1, 1, 1) == 1);

/// loa:K accumulator: the register and the terms of `Exact`, every addition by lower_or_add.
template <typename Exact>
struct LowerOrSumOf {
  Exact exact;
  int k = 8;
  constexpr std::int64_t add(std::int64_t sum, std::int64_t addend) const {
    return exact.limit(lower_or_add(sum, addend, k));
  }
  constexpr std::int64_t settle(std::int64_t sum) const { return exact.settle(sum); }
  constexpr std::int64_t term(std::int64_t product) const { return exact.term(product); }
};

/// The multiply-accumulate unit of integers and fixed point, on sign-extended codes.
class IntegerMac {
 public:
  virtual ~IntegerMac() = default;
  /// The full product.
  virtual std::int64_t multiply(std::int32_t a, std::int32_t b) const = 0;
  /// The accumulator after sum of a[k] * b[k], in folds of `fold_rows`, each from zero with k
  /// ascending, then merged.
  virtual std::int64_t dot(std::span<const std::int32_t> a, const std::int32_t* b,
                           std::size_t fold_rows, std::int64_t accumulator) const = 0;
  /// A step of many units (mac_lanes.h); operands are int32, sums int64.
  virtual void step(const LaneStep& work) const = 0;
  virtual std::int64_t add(std::int64_t accumulator, std::int64_t addend) const = 0;
};

/// The unit of an arithmetic whose format is int:B or fixed:B,F.
std::unique_ptr<const IntegerMac> make_integer_mac(const ArithmeticName& name);

/// A multiplier of magnitudes as a unit for signed operands.
template <Signs kSigns, Multiplier M>
struct SignedUnit {
  M multiply;
  constexpr std::int64_t operator()(std::int32_t a, std::int32_t b) const {
    return signed_product<kSigns>(multiply, a, b);
  }
};

/// Unit(a, b): the full product.
template <typename Unit, typename Sum>
class IntegerMacOf final : public IntegerMac {
 public:
  IntegerMacOf(Unit unit, Sum sum) : unit_(std::move(unit)), sum_(sum) {}

  std::int64_t multiply(std::int32_t a, std::int32_t b) const override { return unit_(a, b); }
  std::int64_t dot(std::span<const std::int32_t> a, const std::int32_t* b, std::size_t fold_rows,
                   std::int64_t accumulator) const override {
    for (std::size_t first = 0; first < a.size(); first += fold_rows) {
      const std::size_t last = std::min(first + fold_rows, a.size());
      std::int64_t sum = 0;
      for (std::size_t k = first; k < last; ++k) {
        sum = sum_.add(sum, sum_.term(unit_(a[k], b[k])));
      }
      accumulator = add(accumulator, sum);
    }
    return accumulator;
  }
  void step(const LaneStep& work) const override {
    const auto* a = reinterpret_cast<const std::int32_t*>(work.activations);
    const auto* b = reinterpret_cast<const std::int32_t*>(work.weights);
    const auto* from = reinterpret_cast<const std::int64_t*>(work.sums);
    auto* to = reinterpret_cast<std::int64_t*>(work.out);
    for (std::size_t i = 0; i < work.count; ++i) {
      to[i] = work.is_enabled(i) ? sum_.add(from[i], sum_.term(unit_(a[i], b[i]))) : from[i];
    }
  }
  std::int64_t add(std::int64_t accumulator, std::int64_t addend) const override {
    return sum_.settle(sum_.add(accumulator, addend));
  }

 private:
  Unit unit_;
  Sum sum_;
};

}  // namespace systolog::models
