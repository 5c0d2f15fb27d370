// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "models/codes.h"
#include "models/dyadic.h"
#include "models/quire.h"

namespace systolog::models {

/// An accumulator of exact products of posits or floats. `add` takes a product, or a bias; `merge`
/// takes the sum of another fold. A State starts at zero() and lies in memory as bytes() bytes.
template <typename A>
concept Accumulator = requires(const A& a, typename A::State& sum, const typename A::State& other,
                               const Dyadic& x, const std::byte* from, std::byte* to) {
  { a.bytes() } -> std::same_as<std::size_t>;
  { a.zero() } -> std::same_as<typename A::State>;
  a.add(sum, x);
  a.add_finite(sum, x);  // the same, where neither the sum nor x is infinite or NaN
  a.merge(sum, other);
  { a.value(sum) } -> std::same_as<Dyadic>;
  { a.load(from) } -> std::same_as<typename A::State>;
  a.store(sum, to);
};

/// fp32, fp64: sum = round(sum + product), the product exact: a fused multiply-add.
template <std::floating_point T>
struct FloatSum {
  using State = T;
  std::size_t bytes() const { return sizeof(T); }
  T zero() const { return 0; }
  void add(T& sum, const Dyadic& x) const {
    using Limits = std::numeric_limits<T>;
    const int length = static_cast<int>(std::bit_width(x.magnitude));
    const bool is_number = x.kind == Kind::kFinite && length <= Limits::digits &&
                           x.exponent >= Limits::min_exponent &&
                           x.exponent + length < Limits::max_exponent;
    if (is_number) {  // x is a T, so the machine's sum of the two is the rounded one
      const T magnitude = static_cast<T>(x.magnitude) * power_of_two<T>(x.exponent);
      sum += x.negative ? -magnitude : magnitude;
    } else {
      sum = to_ieee<T>(models::add(from_ieee(sum), x));
    }
  }
  void add_finite(T& sum, const Dyadic& x) const { add(sum, x); }
  void merge(T& sum, T other) const { sum += other; }
  Dyadic value(T sum) const { return from_ieee(sum); }
  T load(const std::byte* from) const { return models::load<T>(from); }
  void store(T sum, std::byte* to) const { models::store(sum, to); }
};

/// quire: exact; its last bit weighs 2^base, which every product is a multiple of.
template <int kLimbs>
struct QuireSum {
  int base = 0;

  using State = Quire<kLimbs>;
  std::size_t bytes() const { return sizeof(State); }
  State zero() const { return {}; }
  void add(State& sum, const Dyadic& x) const {
    if (x.kind != Kind::kFinite || sum.is_special()) return merge_special(sum, x);
    add_finite(sum, x);
  }
  void add_finite(State& sum, const Dyadic& x) const {
    sum.add(x.negative, x.magnitude, x.exponent - base);
  }
  void merge(State& sum, const State& other) const {
    if (sum.is_special() || other.is_special()) return merge_special(sum, value(other));
    sum.add(other);
  }
  Dyadic value(const State& sum) const { return sum.value(base); }
  State load(const std::byte* from) const { return models::load<State>(from); }
  void store(const State& sum, std::byte* to) const { models::store(sum, to); }

 private:
  void merge_special(State& sum, const Dyadic& x) const {
    const Dyadic total = models::add(value(sum), x);
    sum = total.kind == Kind::kNan ? State::nan() : State::infinity(total.negative);
  }
};

/// self: each product is rounded to the format, and so is each sum.
template <typename Format>
struct SelfSum {
  Format format;

  using State = Code;
  std::size_t bytes() const { return code_bytes_for(format.bits()); }
  Code zero() const { return 0; }
  void add(Code& sum, const Dyadic& x) const { merge(sum, format.round(x)); }
  void add_finite(Code& sum, const Dyadic& x) const { add(sum, x); }
  void merge(Code& sum, Code other) const {
    sum = format.round(models::add(value(sum), value(other)));
  }
  Dyadic value(Code sum) const { return to_dyadic(format.unpack(sum)); }
  Code load(const std::byte* from) const { return load_code(from, 0, bytes()); }
  void store(Code sum, std::byte* to) const { store_code(sum, to, 0, bytes()); }
};

static_assert(Accumulator<FloatSum<float>> && Accumulator<FloatSum<double>> &&
              Accumulator<QuireSum<1>> && Accumulator<QuireSum<32>>);

}  // namespace systolog::models
