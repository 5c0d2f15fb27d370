// SPDX-License-Identifier: Apache-2.0
// int:B and fixed:B,F: what their codes stand for, in and out of the array.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "models/integer_arithmetic.h"

namespace systolog::models {
namespace {

std::vector<std::int32_t> integers(const Fixed& format, std::span<const Code> codes) {
  std::vector<std::int32_t> list(codes.size());
  std::transform(codes.begin(), codes.end(), list.begin(),
                 [&](Code code) { return format.integer(code); });
  return list;
}

/// The integer nearest to x, ties to even, within [least, most]; a NaN is 0.
std::int64_t round_within(double x, std::int64_t least, std::int64_t most) {
  if (std::isnan(x)) return std::clamp<std::int64_t>(0, least, most);
  const double rounded = std::nearbyint(x);
  if (rounded <= static_cast<double>(least)) return least;
  if (rounded >= static_cast<double>(most)) return most;
  return static_cast<std::int64_t>(rounded);
}

int accumulator_width(const ArithmeticName& name) {
  const auto* sum = name.int_sum();
  return sum != nullptr ? sum->width : name.fixed_sum()->width;
}

}  // namespace

QuantisedArithmetic::QuantisedArithmetic(const ArithmeticName& name, Kernels kernels)
    : WholeArithmetic(name, Fixed{std::get<Integer>(name.format).width, 0}, accumulator_width(name),
                      kernels) {}

Code QuantisedArithmetic::quantise(double value, Quantisation q) const {
  // The quotient of two floats is rounded correctly through a double: no quotient lies closer than
  // 2^-53 to a tie without being one.
  const double quotient = value / static_cast<double>(q.scale);
  const std::int64_t least = codes().least() - q.zero_point, most = codes().most() - q.zero_point;
  return codes().code(round_within(quotient, least, most) + q.zero_point);
}

void QuantisedArithmetic::encode(std::span<const float> values, Quantisation q,
                                 std::byte* out) const {
  // quantise(), without a branch: the loops run in SIMD registers.
  const double least = static_cast<double>(codes().least() - q.zero_point);
  const double most = static_cast<double>(codes().most() - q.zero_point);
  const auto code = [scale = static_cast<double>(q.scale), least, most, zero = q.zero_point,
                     mask = codes().mask()](float value) {
    double quotient = static_cast<double>(value) / scale;
    quotient = quotient == quotient ? quotient : 0.0;
    quotient = quotient < least ? least : quotient;
    quotient = quotient > most ? most : quotient;
    constexpr double kUnits = 0x1.8p52;  // beside it a double has no fraction: the sum is rounded
    const double rounded = (quotient + kUnits) - kUnits;
    return static_cast<Code>(static_cast<std::int32_t>(rounded) + zero) & mask;
  };
  if (code_bytes() == 1) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      store(static_cast<std::uint8_t>(code(values[i])), out + i);
    }
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) {
      store(static_cast<std::uint16_t>(code(values[i])), out + 2 * i);
    }
  }
}

void QuantisedArithmetic::decode(const std::byte* in, Quantisation q,
                                 std::span<float> values) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = q.scale * static_cast<float>(integer_at(in, i) - q.zero_point);
  }
}

void QuantisedArithmetic::encode_exactly(std::span<const double> values, Quantisation q,
                                         std::byte* out) const {
  for (std::size_t i = 0; i < values.size(); ++i) set_code(quantise(values[i], q), out, i);
}

void QuantisedArithmetic::decode_exactly(const std::byte* in, Quantisation q,
                                         std::span<double> values) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(q.scale) * (integer_at(in, i) - q.zero_point);
  }
}

void QuantisedArithmetic::encode_bias(std::span<const float> values, Quantisation a,
                                      std::span<const float> weight_scales, std::byte* bias) const {
  for (std::size_t n = 0; n < values.size(); ++n) {
    const double scale = static_cast<double>(a.scale) * static_cast<double>(weight_scales[n]);
    const std::int64_t code = round_within(static_cast<double>(values[n]) / scale,
                                           std::numeric_limits<std::int32_t>::min(),
                                           std::numeric_limits<std::int32_t>::max());
    store(static_cast<std::int32_t>(code), bias + n * sizeof(std::int32_t));
  }
}

void QuantisedArithmetic::write_back(const WriteBack& work) const {
  const std::int64_t zero = work.output.zero_point;
  const std::int64_t least = work.relu ? std::max(codes().least(), zero) : codes().least();
  for (std::size_t i = 0; i < work.m * work.n; ++i) {
    const std::size_t n = i % work.n;
    std::int64_t sum = sum_at(work.accumulators, i);
    if (work.bias != nullptr) {
      sum = mac().add(sum, load<std::int32_t>(work.bias + n * sizeof(std::int32_t)));
    }
    const float scaled =
        static_cast<float>(sum) * (work.requantise == nullptr ? 1.0F : work.requantise[n]);
    const std::int64_t most = std::max(codes().most(), least);
    set_code(
        codes().code(round_within(static_cast<double>(scaled), least - zero, most - zero) + zero),
        work.codes, i);
  }
}

void QuantisedArithmetic::add(std::size_t count, const std::byte* a, Quantisation qa,
                              const std::byte* b, Quantisation qb, Quantisation qout,
                              std::byte* out) const {
  for (std::size_t i = 0; i < count; ++i) {
    const float x = qa.scale * static_cast<float>(integer_at(a, i) - qa.zero_point);
    const float y = qb.scale * static_cast<float>(integer_at(b, i) - qb.zero_point);
    set_code(quantise(x + y, qout), out, i);
  }
}

Code QuantisedArithmetic::dot(std::span<const Code> a, std::span<const Code> b) const {
  const auto x = integers(codes(), a), y = integers(codes(), b);
  const std::int64_t sum = mac().dot(x, y.data(), std::max<std::size_t>(x.size(), 1), 0);
  return codes().code(std::clamp(sum, codes().least(), codes().most()));
}

FixedArithmetic::FixedArithmetic(const ArithmeticName& name, Kernels kernels)
    : WholeArithmetic(name, std::get<Fixed>(name.format), accumulator_width(name), kernels),
      accumulator_fraction_bits_(name.fixed_sum()->fraction_bits) {}

Code FixedArithmetic::round(std::int64_t sum, int shift) const {
  const std::uint64_t bits = static_cast<std::uint64_t>(sum);
  return codes().round({sum < 0 ? 0 - bits : bits, shift - accumulator_fraction_bits_, sum < 0});
}

void FixedArithmetic::encode_bias(std::span<const float> values, Quantisation a,
                                  std::span<const float> weight_scales, std::byte* bias) const {
  for (std::size_t n = 0; n < values.size(); ++n) {
    const int scale = scale_of(a) + (weight_scales.empty() ? 0 : scale_of({weight_scales[n]}));
    set_code(codes().round(shifted(from_ieee(values[n]), -scale)), bias, n);
  }
}

void FixedArithmetic::write_back(const WriteBack& work) const {
  // The bias as a term of the accumulator: bits below its last one are dropped.
  const int shift = accumulator_fraction_bits_ - codes().fraction_bits;
  for (std::size_t i = 0; i < work.m * work.n; ++i) {
    std::int64_t sum = sum_at(work.accumulators, i);
    if (work.bias != nullptr) {
      const std::int64_t bias = integer_at(work.bias, i % work.n);
      sum = mac().add(sum, shift >= 0 ? bias * (std::int64_t{1} << shift) : bias >> -shift);
    }
    set_code(round(sum, work.shift), work.codes, i);
  }
  if (work.relu) relu(work.m * work.n, {}, work.codes);
}

void FixedArithmetic::add(std::size_t count, const std::byte* a, Quantisation qa,
                          const std::byte* b, Quantisation qb, Quantisation qout,
                          std::byte* out) const {
  const int shift_a = scale_of(qa) - scale_of(qout), shift_b = scale_of(qb) - scale_of(qout);
  if (shift_a == 0 && shift_b == 0) {
    for (std::size_t i = 0; i < count; ++i) {
      set_code(add_codes(code_at(a, i), code_at(b, i)), out, i);
    }
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Dyadic x = shifted(codes().value(code_at(a, i)), shift_a);
    const Dyadic y = shifted(codes().value(code_at(b, i)), shift_b);
    set_code(codes().round(models::add(x, y)), out, i);
  }
}

Code FixedArithmetic::dot(std::span<const Code> a, std::span<const Code> b) const {
  const auto x = integers(codes(), a), y = integers(codes(), b);
  return round(mac().dot(x, y.data(), std::max<std::size_t>(x.size(), 1), 0));
}

}  // namespace systolog::models
