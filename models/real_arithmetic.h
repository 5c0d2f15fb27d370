// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "models/arithmetic_base.h"
#include "models/blocks.h"
#include "models/depthwise.h"
#include "models/exact_matmul.h"
#include "models/exact_window.h"
#include "models/kernels_fma.h"
#include "models/log_matmul.h"
#include "models/mac.h"
#include "models/name.h"
#include "models/real_lanes.h"
#include "models/self_matmul.h"
#include "models/taps.h"
#include "models/tile.h"

namespace systolog::models {

/// Arithmetic on posits or floats. Its specification is Format::unpack, Mac and Format::round;
/// where another way to the same bits is fast, matmul takes that one (see `Way`).
template <typename Format>
class RealArithmetic final : public ArithmeticBase, public DepthwiseKernel {
 public:
  RealArithmetic(const ArithmeticName& name, Kernels kernels);

  std::size_t accumulator_bytes() const override { return mac_->accumulator_bytes(); }
  void encode(std::span<const float> values, Quantisation q, std::byte* codes) const override {
    encode_as(values, scale_of(q), codes);
  }
  void decode(const std::byte* codes, Quantisation q, std::span<float> values) const override {
    decode_as(codes, scale_of(q), values);
  }
  void encode_exactly(std::span<const double> values, Quantisation q,
                      std::byte* codes) const override {
    encode_as(values, scale_of(q), codes);
  }
  void decode_exactly(const std::byte* codes, Quantisation q,
                      std::span<double> values) const override {
    decode_as(codes, scale_of(q), values);
  }
  void encode_bias(std::span<const float> values, Quantisation a,
                   std::span<const float> weight_scales, std::byte* bias) const override;
  void matmul(const MatmulTile& tile) const override;
  std::unique_ptr<const MacLanes> mac_lanes() const override;
  bool sum_channels(const DepthwiseTile& tile) const override;
  void write_back(const WriteBack& work) const override;
  void relu(std::size_t count, Quantisation, std::byte* codes) const override;
  void max(std::size_t count, const std::byte* other, std::byte* codes) const override;
  void add(std::size_t count, const std::byte* a, Quantisation qa, const std::byte* b,
           Quantisation qb, Quantisation qout, std::byte* out) const override;
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
    kScalar,  // Mac on decoded operands
    // Products exact in fp32 or fp64, or fused with the sum, into a sum of that type: the Mac's own
    // step.
    kFloat,
    kDouble,
    kExact,  // quire: products exact in fp64, sums of their parts exact in fp64
    // self: products exact in fp32 or fp64, rounded there
    kSelfFloat,
    kSelfDouble,
  };
  struct Unpack {
    Format format;
    Unpacked operator()(Code code) const { return format.unpack(code); }
  };
  /// What the multiplier keeps of an operand.
  template <typename T>
  struct ToIeee {
    Format format;
    Leading leading;
    T operator()(Code code) const {
      if constexpr (std::is_same_v<Format, Float>) {
        if (format.bits() == 32 && leading.bits == 32) return std::bit_cast<float>(code);
      }
      Unpacked x = format.unpack(code);
      x.significand = leading(x.significand);
      return to_ieee<T>(to_dyadic(x));
    }
  };

  template <typename Decoder>
  static auto contiguous(const Decoder& decoder) {
    return [&decoder](const std::byte* codes, std::size_t count, auto* out) {
      decoder(codes, count, out, 1);
    };
  }

  static Way choose(const ArithmeticName& name, const Format& format, Kernels kernels);
  Dyadic value(Code code) const { return to_dyadic(format_.unpack(code)); }
  /// Decodes operands for kernels that fuse products with sums.
  template <typename T>
  void read(const Decoder<T, ToIeee<T>>& decoder, const std::byte* codes, std::size_t count,
            T* out) const;
  template <typename T>
  void matmul_fused(const Decoder<T, ToIeee<T>>& decoder, const MatmulTile& tile) const;
  template <typename T>
  void encode_as(std::span<const T> values, int scale, std::byte* codes) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      set_code(format_.round(shifted(from_ieee(values[i]), -scale)), codes, i);
    }
  }
  template <typename T>
  void decode_as(const std::byte* codes, int scale, std::span<T> values) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = to_ieee<T>(shifted(value(code_at(codes, i)), scale));
    }
  }
  template <typename T>
  void sum_channels_fused(const Decoder<T, ToIeee<T>>& decoder, const DepthwiseTile& tile) const;
  template <typename T>
  void matmul_rounded(const Decoder<T, ToIeee<T>>& decoder, const MatmulTile& tile) const;
  void matmul_exact(const MatmulTile& tile) const;
  template <typename T>
  void matmul_in_format(const Decoder<T, ToIeee<T>>& decoder, const MatmulTile& tile) const {
    if (sum_tile_in_format<T>(format_, product_, tile, contiguous(decoder))) return;
    matmul_scalar(tile);
  }
  void matmul_scalar(const MatmulTile& tile) const;

  Format format_;
  std::unique_ptr<const Mac> mac_;
  Way way_;
  Product product_;
  bool reads_as_float_;  // fp32, bf16, whole: codes are the leading bits of the operand as a float
  std::optional<Decoder<Unpacked, Unpack>> unpack_;
  std::optional<Decoder<float, ToIeee<float>>> to_float_;
  std::optional<Decoder<double, ToIeee<double>>> to_double_;
  std::optional<ExactMatmul<Format>> exact_;
};

/// True if a code is the first bits of the FP32 number it stands for: fp32 and bf16.
template <typename Format>
bool is_head_of_fp32(const Format& format) {
  if constexpr (std::is_same_v<Format, Float>) {
    return format.exponent_bits == kFp32.exponent_bits &&
           (format.bits() == 32 || format.bits() == 16);
  }
  return false;
}

template <typename Format>
RealArithmetic<Format>::RealArithmetic(const ArithmeticName& name, Kernels kernels)
    : ArithmeticBase(name.canonical, std::get<Format>(name.format).bits()),
      format_(std::get<Format>(name.format)),
      mac_(make_mac(name)),
      way_(choose(name, format_, kernels)),
      product_(name.multiplier.is_logarithmic() ? Product::kLogarithmic : Product::kTimes),
      reads_as_float_(is_head_of_fp32(format_) && name.multiplier.leading().bits == 32) {
  if (way_ == Way::kScalar) {
    unpack_.emplace(bits(), Unpack{format_});
  } else if (way_ == Way::kFloat || way_ == Way::kSelfFloat) {
    to_float_.emplace(bits(), ToIeee<float>{format_, name.multiplier.leading()});
  } else {
    to_double_.emplace(bits(), ToIeee<double>{format_, name.multiplier.leading()});
  }
  if (way_ == Way::kExact && product_ == Product::kTimes) {
    exact_.emplace(format_, name.multiplier.leading());
  }
}

/// True if T holds all operands. (Logarithmic products that leave its normal range are found tile
/// by tile; of fp64, none does.)
template <typename T, typename Format>
bool holds(const Format& format) {
  using Limits = std::numeric_limits<T>;
  // Limits::min() = 2^(min_exponent - 1); subnormal numbers are operands like any other.
  return format.significand_bits() <= Limits::digits && format.max_scale() < Limits::max_exponent &&
         format.least_exponent() >= Limits::min_exponent - Limits::digits;
}

template <typename Format>
auto RealArithmetic<Format>::choose(const ArithmeticName& name, const Format& format,
                                    Kernels kernels) -> Way {
  const bool logarithmic = name.multiplier.is_logarithmic();
  if (kernels == Kernels::kScalar) return Way::kScalar;
  const int significand_bits = std::min(format.significand_bits(), name.multiplier.leading().bits);
  if (std::holds_alternative<RoundedSum>(name.accumulator)) {
    const auto fits = [&](int digits) { return logarithmic || 2 * significand_bits <= digits; };
    if (sums_fit<float>(format) && fits(std::numeric_limits<float>::digits)) {
      return Way::kSelfFloat;
    }
    return sums_fit<double>(format) && fits(std::numeric_limits<double>::digits) ? Way::kSelfDouble
                                                                                 : Way::kScalar;
  }
  if (std::holds_alternative<Fp32Sum>(name.accumulator)) {
    return holds<float>(format) ? Way::kFloat : Way::kScalar;
  }
  if (!holds<double>(format)) return Way::kScalar;
  if (std::holds_alternative<Fp64Sum>(name.accumulator)) return Way::kDouble;
  const bool exact = logarithmic || 2 * significand_bits <= std::numeric_limits<double>::digits;
  return std::holds_alternative<ExactSum>(name.accumulator) && exact ? Way::kExact : Way::kScalar;
}

template <typename Format>
void RealArithmetic<Format>::encode_bias(std::span<const float> values, Quantisation a,
                                         std::span<const float> weight_scales,
                                         std::byte* bias) const {
  for (std::size_t n = 0; n < values.size(); ++n) {
    const int scale = scale_of(a) + (weight_scales.empty() ? 0 : scale_of({weight_scales[n]}));
    set_code(format_.round(shifted(from_ieee(values[n]), -scale)), bias, n);
  }
}

template <typename Format>
void RealArithmetic<Format>::matmul(const MatmulTile& tile) const {
  switch (way_) {
    case Way::kScalar:
      return matmul_scalar(tile);
    case Way::kFloat:
      return matmul_rounded(*to_float_, tile);
    case Way::kDouble:
      return matmul_rounded(*to_double_, tile);
    case Way::kExact:
      return matmul_exact(tile);
    case Way::kSelfFloat:
      return matmul_in_format(*to_float_, tile);
    case Way::kSelfDouble:
      return matmul_in_format(*to_double_, tile);
  }
}

template <typename Format>
bool RealArithmetic<Format>::sum_channels(const DepthwiseTile& tile) const {
  if (product_ == Product::kTimes && way_ == Way::kFloat) {
    sum_channels_fused(*to_float_, tile);
    return true;
  }
  if (product_ == Product::kTimes && way_ == Way::kDouble) {
    sum_channels_fused(*to_double_, tile);
    return true;
  }
  return exact_ && exact_->sum_channels(tile, *mac_);
}

template <typename Format>
template <typename T>
void RealArithmetic<Format>::sum_channels_fused(const Decoder<T, ToIeee<T>>& decoder,
                                                const DepthwiseTile& tile) const {
  const auto decode = [&](const std::byte* codes, std::size_t count, T* out) {
    read(decoder, codes, count, out);
  };
  TapsTile<T, T> taps(tile, code_bytes(), sizeof(T), decode);
  taps.for_each_block([&](const auto& block, std::byte* sums) {
    taps.for_each_sum(block, [=](std::size_t i, T& sum) { sum = load<T>(sums + i * sizeof(T)); });
    sum_fused(block);
    taps.for_each_sum(block, [=](std::size_t i, T sum) { store(sum, sums + i * sizeof(T)); });
  });
}

template <typename Format>
template <typename T>
void RealArithmetic<Format>::read(const Decoder<T, ToIeee<T>>& decoder, const std::byte* codes,
                                  std::size_t count, T* out) const {
  if (!std::is_same_v<T, float> || !reads_as_float_) {
    decoder(codes, count, out, 1);
  } else if (code_bytes() == sizeof(float)) {
    std::memcpy(out, codes, count * sizeof(float));
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t code = models::load<std::uint16_t>(codes + 2 * i);
      models::store(code << 16, reinterpret_cast<std::byte*>(out + i));
    }
  }
}

template <typename Format>
template <typename T>
void RealArithmetic<Format>::matmul_fused(const Decoder<T, ToIeee<T>>& decoder,
                                          const MatmulTile& tile) const {
  const bool widened = std::is_same_v<T, float> && reads_as_float_;
  const auto decode = [&](const std::byte* codes, std::size_t count, T* out) {
    read(decoder, codes, count, out);
  };
  const bool in_place = widened && code_bytes() == sizeof(T) &&
                        reinterpret_cast<std::uintptr_t>(tile.activations) % alignof(T) == 0;
  BlockedTile<T, T> blocked(tile, code_bytes(), sizeof(T),
                            in_place ? reinterpret_cast<const T*>(tile.activations) : nullptr);
  blocked.for_each_block(decode, decode, [&](auto& block) {
    block.work.fold = tile.fold_rows;
    std::byte* sums = block.tile.accumulators;
    block.for_each_sum([=](std::size_t i, T& sum) { sum = load<T>(sums + i * sizeof(T)); });
    sum_fused(block.work);
    block.for_each_sum([=](std::size_t i, T sum) { store(sum, sums + i * sizeof(T)); });
  });
}

template <typename Format>
template <typename T>
void RealArithmetic<Format>::matmul_rounded(const Decoder<T, ToIeee<T>>& decoder,
                                            const MatmulTile& tile) const {
  if (product_ == Product::kTimes) return matmul_fused(decoder, tile);
  LogMatmul<T, Format> products(format_, tile, tile.fold_rows, contiguous(decoder));
  if (!products.add_rounded()) matmul_scalar(tile);
}

template <typename Format>
void RealArithmetic<Format>::matmul_exact(const MatmulTile& tile) const {
  if (exact_ && (*exact_)(tile, *mac_)) return;
  if (product_ == Product::kLogarithmic) {
    LogMatmul<double, Format> products(format_, tile, tile.k, contiguous(*to_double_));
    if (products.add_exactly(*mac_)) return;
  }
  Magnitudes activations, weights;
  const auto decode_into = [&](Magnitudes& magnitudes) {
    return [&](const std::byte* codes, std::size_t count, double* out, std::size_t stride) {
      (*to_double_)(codes, count, out, stride);
      magnitudes.include(out, count, stride);
    };
  };
  PackedTile<double, double> packed(tile, code_bytes(), decode_into(activations),
                                    decode_into(weights));
  if (!activations.finite || !weights.finite) return matmul_scalar(tile);
  const auto splitters = splitters_for(product_, activations, weights, tile.k,
                                       [&](int scale) { return format_.least_place(scale); });
  if (!splitters) return matmul_scalar(tile);
  packed.allocate_sums(splitters->size() + 1);
  sum_exactly(product_, packed.work(), *splitters);
  for (std::size_t set = 0; set <= splitters->size(); ++set) {
    packed.for_each_sum(
        [&](std::size_t i, double sum) {
          mac_->add_exact(sum, tile.accumulators + i * accumulator_bytes());
        },
        set);
  }
}

template <typename Format>
void RealArithmetic<Format>::matmul_scalar(const MatmulTile& tile) const {
  const auto decode = [&](const std::byte* codes, std::size_t count, Unpacked* out,
                          std::size_t stride) {
    if (unpack_) return (*unpack_)(codes, count, out, stride);
    // A tile that a fast way has passed on is not worth a table of all codes.
    for (std::size_t i = 0; i < count; ++i) out[i * stride] = format_.unpack(code_at(codes, i));
  };
  const Rows<Unpacked> rows(tile, code_bytes(), decode);
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
std::unique_ptr<const MacLanes> RealArithmetic<Format>::mac_lanes() const {
  if (product_ == Product::kTimes) {
    if (way_ == Way::kFloat) return make_real_lanes(*to_float_, *mac_);
    if (way_ == Way::kDouble) return make_real_lanes(*to_double_, *mac_);
  }
  return make_real_lanes(Decoder<Unpacked, Unpack>(bits(), {format_}), *mac_);
}

template <typename Format>
void RealArithmetic<Format>::write_back(const WriteBack& work) const {
  std::vector<Dyadic> bias(work.bias == nullptr ? 0 : work.n);
  for (std::size_t n = 0; n < bias.size(); ++n) bias[n] = value(code_at(work.bias, n));
  const std::byte* accumulator = work.accumulators;
  for (std::size_t i = 0; i < work.m * work.n; ++i, accumulator += accumulator_bytes()) {
    const Dyadic sum =
        bias.empty() ? mac_->value(accumulator) : mac_->sum(accumulator, bias[i % work.n]);
    set_code(format_.round(shifted(sum, work.shift)), work.codes, i);
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
void RealArithmetic<Format>::add(std::size_t count, const std::byte* a, Quantisation qa,
                                 const std::byte* b, Quantisation qb, Quantisation qout,
                                 std::byte* out) const {
  const int shift_a = scale_of(qa) - scale_of(qout), shift_b = scale_of(qb) - scale_of(qout);
  for (std::size_t i = 0; i < count; ++i) {
    const Dyadic x = shifted(value(code_at(a, i)), shift_a);
    const Dyadic y = shifted(value(code_at(b, i)), shift_b);
    set_code(format_.round(models::add(x, y)), out, i);
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
