// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "models/arithmetic_base.h"
#include "models/mac.h"
#include "models/name.h"
#include "models/tile.h"

namespace systolog::models {

/// Arithmetic on posits or floats. Its specification is Format::unpack, Mac and Format::round;
/// where another way to the same bits is fast, matmul takes that one (see `Way`).
template <typename Format>
class RealArithmetic final : public ArithmeticBase {
 public:
  RealArithmetic(const ArithmeticName& name, Kernels kernels);

  std::size_t accumulator_bytes() const override { return mac_->accumulator_bytes(); }
  void encode(std::span<const float> values, Quantisation, std::byte* codes) const override;
  void decode(const std::byte* codes, Quantisation, std::span<float> values) const override;
  void encode_bias(std::span<const float> values, Quantisation, std::span<const float>,
                   std::byte* bias) const override {
    encode(values, {}, bias);
  }
  void matmul(const MatmulTile& tile) const override;
  void write_back(const WriteBack& work) const override;
  void relu(std::size_t count, Quantisation, std::byte* codes) const override;
  void max(std::size_t count, const std::byte* other, std::byte* codes) const override;
  void add(std::size_t count, const std::byte* a, Quantisation, const std::byte* b, Quantisation,
           Quantisation, std::byte* out) const override;
  std::uint64_t multiply(Code a, Code b) const override {
    return format_.round(mac_->multiply(format_.unpack(a), format_.unpack(b)));
  }
  int product_bits() const override { return bits(); }
  Code add_codes(Code a, Code b) const override {
    return format_.round(models::add(value(a), value(b)));
  }
  Code dot(std::span<const Code> a, std::span<const Code> b) const override;
  Code convert(std::string_view text) const override { return format_.round(number(text, true)); }
  std::string to_string(Code code) const override { return shortest(to_ieee<double>(value(code))); }

 private:
  /// How matmul computes.
  enum class Way {
    kScalar,    // Mac on decoded operands
    kFloat,     // exact products into fp32 or fp64, whose numbers include the format's: a fused
    kDouble,    //   multiply-add is the Mac's own step
    kIntegers,  // quire of 64 bits, operands as 32-bit multiples of the least number: exact
                // integers
  };
  struct Unpack {
    Format format;
    Unpacked operator()(Code code) const { return format.unpack(code); }
  };
  template <typename T>
  struct ToIeee {
    Format format;
    T operator()(Code code) const {
      if constexpr (std::is_same_v<Format, Float> && std::is_same_v<T, float>) {
        if (format.bits() == 32) return std::bit_cast<float>(code);
      }
      return to_ieee<T>(to_dyadic(format.unpack(code)));
    }
  };
  /// kNotFinite for infinities and NaN.
  struct ToInteger {
    Format format;
    std::int32_t operator()(Code code) const {
      const Unpacked x = format.unpack(code);
      if (x.kind != Kind::kFinite) return kNotFinite;
      if (x.significand == 0) return 0;
      const auto multiple =
          static_cast<std::int32_t>(x.significand << (x.exponent - format.least_exponent()));
      return x.negative ? -multiple : multiple;
    }
  };
  static constexpr std::int32_t kNotFinite = std::numeric_limits<std::int32_t>::min();

  static Way choose(const ArithmeticName& name, const Format& format, Kernels kernels);
  Dyadic value(Code code) const { return to_dyadic(format_.unpack(code)); }
  template <typename T>
  void matmul_in(const Decoder<T, ToIeee<T>>& decoder, const MatmulTile& tile) const;
  void matmul_in_integers(const MatmulTile& tile) const;
  void matmul_scalar(const MatmulTile& tile) const;

  Format format_;
  std::unique_ptr<const Mac> mac_;
  Way way_;
  std::optional<Decoder<Unpacked, Unpack>> unpack_;
  std::optional<Decoder<float, ToIeee<float>>> to_float_;
  std::optional<Decoder<double, ToIeee<double>>> to_double_;
  std::optional<Decoder<std::int32_t, ToInteger>> to_integer_;
};

template <typename Format>
RealArithmetic<Format>::RealArithmetic(const ArithmeticName& name, Kernels kernels)
    : ArithmeticBase(name.canonical, std::get<Format>(name.format).bits()),
      format_(std::get<Format>(name.format)),
      mac_(make_mac(name)),
      way_(choose(name, format_, kernels)) {
  switch (way_) {
    case Way::kScalar:
      unpack_.emplace(bits(), Unpack{format_});
      break;
    case Way::kFloat:
      to_float_.emplace(bits(), ToIeee<float>{format_});
      break;
    case Way::kDouble:
      to_double_.emplace(bits(), ToIeee<double>{format_});
      break;
    case Way::kIntegers:
      to_integer_.emplace(bits(), ToInteger{format_});
      break;
  }
}

template <typename Format>
auto RealArithmetic<Format>::choose(const ArithmeticName& name, const Format& format,
                                    Kernels kernels) -> Way {
  if (kernels == Kernels::kScalar) return Way::kScalar;
  if (!std::holds_alternative<Exact>(name.multiplier.unit)) return Way::kScalar;
  if (std::holds_alternative<Fp32Sum>(name.accumulator)) {
    return format.significand_bits() <= 24 && format.max_scale() <= 127 &&
                   format.least_exponent() >= -149
               ? Way::kFloat
               : Way::kScalar;
  }
  if (std::holds_alternative<Fp64Sum>(name.accumulator)) return Way::kDouble;
  const bool quire = std::holds_alternative<ExactSum>(name.accumulator);
  const bool fits =
      format.max_scale() - format.least_exponent() <= 30 && quire_bits(format.product_bits()) == 64;
  return quire && fits ? Way::kIntegers : Way::kScalar;
}

template <typename Format>
void RealArithmetic<Format>::encode(std::span<const float> values, Quantisation,
                                    std::byte* codes) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    set_code(format_.round(from_ieee(values[i])), codes, i);
  }
}

template <typename Format>
void RealArithmetic<Format>::decode(const std::byte* codes, Quantisation,
                                    std::span<float> values) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = to_ieee<float>(value(code_at(codes, i)));
  }
}

template <typename Format>
void RealArithmetic<Format>::matmul(const MatmulTile& tile) const {
  switch (way_) {
    case Way::kScalar:
      return matmul_scalar(tile);
    case Way::kFloat:
      return matmul_in(*to_float_, tile);
    case Way::kDouble:
      return matmul_in(*to_double_, tile);
    case Way::kIntegers:
      return matmul_in_integers(tile);
  }
}

template <typename Format>
template <typename T>
void RealArithmetic<Format>::matmul_in(const Decoder<T, ToIeee<T>>& decoder,
                                       const MatmulTile& tile) const {
  std::byte* const sums = tile.accumulators;
  matmul_by_panels<T, T>(
      tile, code_bytes(), decoder, [=](std::size_t i) { return load<T>(sums + i * sizeof(T)); },
      [=](std::size_t i, T sum) { store(sum, sums + i * sizeof(T)); });
}

template <typename Format>
void RealArithmetic<Format>::matmul_in_integers(const MatmulTile& tile) const {
  bool finite = true;
  const auto decode = [&](const std::byte* codes, std::size_t count, std::int32_t* out,
                          std::size_t stride) {
    (*to_integer_)(codes, count, out, stride);
    bool all = true;
    for (std::size_t i = 0; i < count; ++i) all = all && out[i * stride] != kNotFinite;
    finite = finite && all;
  };
  std::vector<std::uint64_t> results(tile.m * tile.n);
  matmul_by_panels<std::int32_t, std::uint64_t>(
      tile, code_bytes(), decode, [](std::size_t) { return std::uint64_t{0}; },
      [&](std::size_t i, std::uint64_t sum) { results[i] = sum; });
  if (!finite) return matmul_scalar(tile);
  const QuireSum<1> quire{2 * format_.least_exponent()};
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::byte* at = tile.accumulators + i * sizeof(std::uint64_t);
    auto total = quire.load(at);
    quire.merge(total, {{results[i]}});
    quire.store(total, at);
  }
}

template <typename Format>
void RealArithmetic<Format>::matmul_scalar(const MatmulTile& tile) const {
  const Decoder<Unpacked, Unpack> decoder =
      unpack_ ? Decoder<Unpacked, Unpack>(*unpack_) : Decoder<Unpacked, Unpack>(bits(), {format_});
  const Rows<Unpacked> rows(tile, code_bytes(), decoder);
  const auto finite = [&](const std::vector<Unpacked>& all, std::size_t row) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(row * tile.k);
    return std::all_of(first, first + static_cast<std::ptrdiff_t>(tile.k),
                       [](const Unpacked& x) { return x.kind == Kind::kFinite; });
  };
  std::vector<bool> finite_column(tile.n);
  for (std::size_t n = 0; n < tile.n; ++n) finite_column[n] = finite(rows.weights, n);
  for (std::size_t m = 0; m < tile.m; ++m) {
    const std::span row(rows.activations.data() + m * tile.k, tile.k);
    const bool finite_row = finite(rows.activations, m);
    for (std::size_t n = 0; n < tile.n; ++n) {
      mac_->dot(row, rows.weights.data() + n * tile.k, tile.fold_rows,
                finite_row && finite_column[n],
                tile.accumulators + (m * tile.n + n) * accumulator_bytes());
    }
  }
}

template <typename Format>
void RealArithmetic<Format>::write_back(const WriteBack& work) const {
  std::vector<Dyadic> bias(work.bias == nullptr ? 0 : work.n);
  for (std::size_t n = 0; n < bias.size(); ++n) bias[n] = value(code_at(work.bias, n));
  const std::byte* accumulator = work.accumulators;
  for (std::size_t i = 0; i < work.m * work.n; ++i, accumulator += accumulator_bytes()) {
    const Dyadic sum =
        bias.empty() ? mac_->value(accumulator) : mac_->sum(accumulator, bias[i % work.n]);
    set_code(format_.round(sum), work.codes, i);
  }
  if (work.relu) relu(work.m * work.n, {}, work.codes);
}

template <typename Format>
void RealArithmetic<Format>::relu(std::size_t count, Quantisation, std::byte* codes) const {
  for (std::size_t i = 0; i < count; ++i) {
    const Code code = code_at(codes, i);
    if (!format_.is_nan(code) && format_.order(code) < 0) set_code(0, codes, i);
  }
}

template <typename Format>
void RealArithmetic<Format>::max(std::size_t count, const std::byte* other,
                                 std::byte* codes) const {
  for (std::size_t i = 0; i < count; ++i) {
    const Code a = code_at(codes, i), b = code_at(other, i);
    if (format_.is_nan(a)) continue;
    if (format_.is_nan(b) || format_.order(b) > format_.order(a)) set_code(b, codes, i);
  }
}

template <typename Format>
void RealArithmetic<Format>::add(std::size_t count, const std::byte* a, Quantisation,
                                 const std::byte* b, Quantisation, Quantisation,
                                 std::byte* out) const {
  for (std::size_t i = 0; i < count; ++i) {
    set_code(add_codes(code_at(a, i), code_at(b, i)), out, i);
  }
}

template <typename Format>
Code RealArithmetic<Format>::dot(std::span<const Code> a, std::span<const Code> b) const {
  std::vector<Unpacked> x(a.size()), y(b.size());
  std::transform(a.begin(), a.end(), x.begin(), Unpack{format_});
  std::transform(b.begin(), b.end(), y.begin(), Unpack{format_});
  return format_.round(mac_->chain(x, y.data()));
}

}  // namespace systolog::models
