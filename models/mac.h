// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "models/accumulators.h"
#include "models/dyadic.h"
#include "models/mac_lanes.h"
#include "models/multipliers.h"
#include "models/name.h"

namespace systolog::models {

/// The multiply-accumulate unit of posits and floats, on decoded operands. One virtual call is a
/// whole dot product, so the multiplier and the accumulator inline.
class Mac {
 public:
  virtual ~Mac() = default;
  virtual std::size_t accumulator_bytes() const = 0;
  /// The product before any rounding.
  virtual Dyadic multiply(const Unpacked& a, const Unpacked& b) const = 0;
  /// Value of the sum of a[k] * b[k] in one chain from zero, k ascending.
  virtual Dyadic chain(std::span<const Unpacked> a, const Unpacked* b) const = 0;
  /// accumulator += sum of a[k] * b[k], in folds of `fold_rows`: each from zero, then merged.
  /// `finite`: no operand is infinite or NaN.
  virtual void dot(std::span<const Unpacked> a, const Unpacked* b, std::size_t fold_rows,
                   bool finite, std::byte* accumulator) const = 0;
  /// A step of many units (mac_lanes.h); operands are Unpacked, sums lie as accumulators do.
  virtual void step(const LaneStep& work) const = 0;
  /// accumulator += sum, a chain's from zero.
  virtual void merge(const std::byte* sum, std::byte* accumulator) const = 0;
  /// accumulator += x, a part of an exact sum that was computed elsewhere.
  virtual void add_exact(double x, std::byte* accumulator) const = 0;
  /// The same for many: of each i, the accumulator `stride` bytes behind the one before.
  virtual void add_exact(std::span<const double> sums, std::byte* accumulators,
                         std::size_t stride) const = 0;
  /// Of each i, the accumulator `stride` bytes behind the one before += sums[i] * 2^unit.
  virtual void add_units(std::span<const std::int64_t> sums, int unit, std::byte* accumulators,
                         std::size_t stride) const = 0;
  /// Value of the accumulator after `addend` was added to it.
  virtual Dyadic sum(const std::byte* accumulator, const Dyadic& addend) const = 0;
  virtual Dyadic value(const std::byte* accumulator) const = 0;
};

/// The unit of an arithmetic whose format is a posit or a float.
std::unique_ptr<const Mac> make_mac(const ArithmeticName& name);

/// Product of two decoded operands; infinities, NaN and signs follow IEEE 754, and NaR, which is a
/// NaN here, is contagious: 0 x NaR = NaR.
template <Multiplier M>
Dyadic product(const M& multiply, const Unpacked& a, const Unpacked& b) {
  const bool negative = a.negative != b.negative;
  if (a.kind == Kind::kFinite && b.kind == Kind::kFinite) {
    return {multiply(a.significand, b.significand), a.exponent + b.exponent, negative};
  }
  const auto is_zero = [](const Unpacked& x) {
    return x.kind == Kind::kFinite && x.significand == 0;
  };
  const bool nan = a.kind == Kind::kNan || b.kind == Kind::kNan || is_zero(a) || is_zero(b);
  return {0, 0, !nan && negative, false, nan ? Kind::kNan : Kind::kInfinite};
}

template <Multiplier M, Accumulator A>
class MacOf final : public Mac {
 public:
  MacOf(M multiplier, A accumulator) : multiply_(multiplier), accumulate_(accumulator) {}

  std::size_t accumulator_bytes() const override { return accumulate_.bytes(); }
  Dyadic multiply(const Unpacked& a, const Unpacked& b) const override {
    return product(multiply_, a, b);
  }
  Dyadic chain(std::span<const Unpacked> a, const Unpacked* b) const override {
    auto sum = accumulate_.zero();
    for (std::size_t k = 0; k < a.size(); ++k) accumulate_.add(sum, multiply(a[k], b[k]));
    return accumulate_.value(sum);
  }
  void dot(std::span<const Unpacked> a, const Unpacked* b, std::size_t fold_rows, bool finite,
           std::byte* accumulator) const override {
    auto total = accumulate_.load(accumulator);
    for (std::size_t first = 0; first < a.size(); first += fold_rows) {
      const std::size_t last = std::min(first + fold_rows, a.size());
      auto sum = accumulate_.zero();
      if (finite) {
        for (std::size_t k = first; k < last; ++k) {
          accumulate_.add_finite(
              sum, {multiply_(a[k].significand, b[k].significand), a[k].exponent + b[k].exponent,
                    a[k].negative != b[k].negative});
        }
      } else {
        for (std::size_t k = first; k < last; ++k) accumulate_.add(sum, multiply(a[k], b[k]));
      }
      accumulate_.merge(total, sum);
    }
    accumulate_.store(total, accumulator);
  }
  void add_exact(std::span<const double> sums, std::byte* accumulators,
                 std::size_t stride) const override {
    for (const double x : sums) {
      MacOf::add_exact(x, accumulators);
      accumulators += stride;
    }
  }
  void step(const LaneStep& work) const override {
    const auto* a = reinterpret_cast<const Unpacked*>(work.activations);
    const auto* b = reinterpret_cast<const Unpacked*>(work.weights);
    const std::size_t bytes = accumulator_bytes();
    for (std::size_t i = 0; i < work.count; ++i) {
      const std::byte* from = work.sums + i * bytes;
      std::byte* to = work.out + i * bytes;
      if (work.is_enabled(i)) {
        auto sum = accumulate_.load(from);
        accumulate_.add(sum, multiply(a[i], b[i]));
        accumulate_.store(sum, to);
      } else if (to != from) {
        std::memcpy(to, from, bytes);
      }
    }
  }
  void merge(const std::byte* sum, std::byte* accumulator) const override {
    auto total = accumulate_.load(accumulator);
    accumulate_.merge(total, accumulate_.load(sum));
    accumulate_.store(total, accumulator);
  }
  void add_exact(double x, std::byte* accumulator) const override {
    if (x == 0.0) return;
    auto total = accumulate_.load(accumulator);
    Dyadic part = from_ieee(x);
    // Of a quire, no last place lies below the quire's: drop the zeros there.
    const int zeros = std::countr_zero(part.magnitude);
    part.magnitude >>= zeros;
    part.exponent += zeros;
    accumulate_.add(total, part);
    accumulate_.store(total, accumulator);
  }
  void add_units(std::span<const std::int64_t> sums, int unit, std::byte* accumulators,
                 std::size_t stride) const override {
    for (std::size_t i = 0; i < sums.size(); ++i, accumulators += stride) {
      const bool negative = sums[i] < 0;
      const auto bits = static_cast<std::uint64_t>(sums[i]);
      auto total = accumulate_.load(accumulators);
      accumulate_.add(total, {negative ? 0 - bits : bits, unit, negative});
      accumulate_.store(total, accumulators);
    }
  }
  Dyadic sum(const std::byte* accumulator, const Dyadic& addend) const override {
    auto total = accumulate_.load(accumulator);
    accumulate_.add(total, addend);
    return accumulate_.value(total);
  }
  Dyadic value(const std::byte* accumulator) const override {
    return accumulate_.value(accumulate_.load(accumulator));
  }

 private:
  M multiply_;
  A accumulate_;
};

}  // namespace systolog::models
