// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "models/arithmetic_base.h"
#include "models/depthwise.h"
#include "models/fixed_point.h"
#include "models/integer_mac.h"
#include "models/kernels.h"
#include "models/name.h"
#include "models/table_matmul.h"

namespace systolog::models {

/// What int:B and fixed:B,F share: two's-complement codes, integer products, integer sums.
class WholeArithmetic : public ArithmeticBase, public DepthwiseKernel {
 public:
  std::size_t accumulator_bytes() const final { return accumulator_width_ <= 32 ? 4 : 8; }
  void matmul(const MatmulTile& tile) const final;
  std::unique_ptr<const MacLanes> mac_lanes() const final;
  bool sum_channels(const DepthwiseTile& tile) const final;
  void max(std::size_t count, const std::byte* other, std::byte* codes) const final;
  std::uint64_t multiply(Code a, Code b) const final;
  int product_bits() const final { return 2 * bits(); }
  Code add_codes(Code a, Code b) const final;
  Code convert(std::string_view text) const final { return codes_.round(number(text, false)); }
  std::string to_string(Code code) const final {
    return shortest(to_ieee<double>(codes_.value(code)));
  }

 protected:
  struct Decode {
    Fixed codes;
    std::int32_t operator()(Code code) const { return codes.integer(code); }
  };
  /// What the multiplier keeps of an operand's magnitude, with the operand's sign.
  template <typename T>
  struct Prepare {
    Fixed codes;
    Leading leading;
    Signs signs;
    T operator()(Code code) const {
      const std::int32_t x = codes.integer(code);
      const auto kept = static_cast<T>(leading(magnitude(signs, x)));
      return x < 0 ? -kept : kept;
    }
  };

  WholeArithmetic(const ArithmeticName& name, const Fixed& codes, int accumulator_width,
                  Kernels kernels);
  const Fixed& codes() const { return codes_; }
  const IntegerMac& mac() const { return *mac_; }
  std::int32_t integer_at(const std::byte* codes, std::size_t i) const {
    return codes_.integer(code_at(codes, i));
  }
  std::int64_t sum_at(const std::byte* accumulators, std::size_t i) const;
  void set_sum(std::int64_t sum, std::byte* accumulators, std::size_t i) const;
  void relu_from(std::int64_t zero, std::size_t count, std::byte* codes) const;

 private:
  template <typename Operand, typename Sum>
  class Lanes;

  Fixed codes_;  // of int:B without fraction bits
  int accumulator_width_;
  std::unique_ptr<const IntegerMac> mac_;
  /// How matmul computes.
  enum class Way {
    kScalar,      // IntegerMac
    kModulo,      // exact products, sums that wrap at 32 bits or less: arithmetic modulo 2^32
    kWrapping,    // products and sums of a tile exact in fp64, which then wrap
    kSaturating,  // products and saturating sums exact in fp64
    kLowerOr,     // terms of floats, sums of int32 by the approximate adder
    kTable,       // terms by table
  };
  /// Bits of an operand that the multiplier keeps, at most.
  int kept_bits() const { return std::min(bits(), leading_.bits); }
  Way choose(const ArithmeticName& name, Kernels kernels) const;
  void matmul_modulo(const MatmulTile& tile) const;
  /// Without saturation; false, with nothing done, where a sum may reach its limits.
  bool matmul_floors(const MatmulTile& tile) const;
  bool channels_floors(const DepthwiseTile& tile) const;
  /// True if `count` sums, each of k floors of products of numbers up to a and w, can neither
  /// saturate nor outgrow kernels that merge every kFloorFold.
  bool floors_hold(double a, double w, std::size_t k, std::size_t count,
                   const std::byte* accumulators) const;
  /// Products and sums of integers exact in T.
  template <typename T>
  void channels_modulo(const DepthwiseTile& tile) const;
  double greatest_of(const std::byte* codes, std::size_t count) const;
  void matmul_in_doubles(const MatmulTile& tile) const;
  /// Without the operands that are 0, where no sum can leave its range and T holds all terms; else
  /// does nothing and returns false.
  template <typename T, typename Sum>
  bool matmul_nonzero(const Decoder<T, Prepare<T>>& decode, const MatmulTile& tile) const;
  void matmul_scalar(const MatmulTile& tile) const;
  void matmul_by_table(const MatmulTile& tile) const;
  /// True if the accumulators come to the same whatever the order of sums that add up to `sums` in
  /// magnitude, computed as Sum: nothing saturates, or all wraps.
  template <typename Sum>
  bool any_order(const MatmulTile& tile, double sums) const;
  /// Adds sum(i) to each accumulator i that for_each(visit) visits.
  template <typename ForEach>
  void add_sums(const MatmulTile& tile, const ForEach& for_each) const;

  Product product_;
  Signs signs_;
  Leading leading_;
  bool saturates_;  // fixed:B,F accumulators
  int or_bits_;     // loa:K
  Saturation saturation_;
  Way way_;
  /// Of exact products, the fraction bits that a fixed-point sum drops.
  std::optional<int> dropped_bits_;
  Decoder<std::int32_t, Decode> decoder_;
  std::optional<Decoder<float, Prepare<float>>> to_float_;
  std::optional<Decoder<double, Prepare<double>>> to_double_;
  std::optional<TableMatmul> table_;
};

/// int:B: real = scale (q - zero_point). Sums and biases are integers at scale_a scale_w.
class QuantisedArithmetic final : public WholeArithmetic {
 public:
  QuantisedArithmetic(const ArithmeticName& name, Kernels kernels);

  std::size_t bias_bytes() const override { return sizeof(std::int32_t); }
  bool is_quantised() const override { return true; }
  void encode(std::span<const float> values, Quantisation q, std::byte* out) const override;
  void decode(const std::byte* in, Quantisation q, std::span<float> values) const override;
  void encode_exactly(std::span<const double> values, Quantisation q,
                      std::byte* out) const override;
  void decode_exactly(const std::byte* in, Quantisation q, std::span<double> values) const override;
  void encode_bias(std::span<const float> values, Quantisation a,
                   std::span<const float> weight_scales, std::byte* bias) const override;
  void write_back(const WriteBack& work) const override;
  void relu(std::size_t count, Quantisation q, std::byte* inout) const override {
    relu_from(q.zero_point, count, inout);
  }
  void add(std::size_t count, const std::byte* a, Quantisation qa, const std::byte* b,
           Quantisation qb, Quantisation qout, std::byte* out) const override;
  Code dot(std::span<const Code> a, std::span<const Code> b) const override;

 private:
  Code quantise(double value, Quantisation q) const;
};

/// fixed:B,F.
class FixedArithmetic final : public WholeArithmetic {
 public:
  FixedArithmetic(const ArithmeticName& name, Kernels kernels);

  void encode(std::span<const float> values, Quantisation q, std::byte* out) const override {
    encode_as(values, scale_of(q), out);
  }
  void decode(const std::byte* in, Quantisation q, std::span<float> values) const override {
    decode_as(in, scale_of(q), values);
  }
  void encode_exactly(std::span<const double> values, Quantisation q,
                      std::byte* out) const override {
    encode_as(values, scale_of(q), out);
  }
  void decode_exactly(const std::byte* in, Quantisation q,
                      std::span<double> values) const override {
    decode_as(in, scale_of(q), values);
  }
  void encode_bias(std::span<const float> values, Quantisation a,
                   std::span<const float> weight_scales, std::byte* bias) const override;
  void write_back(const WriteBack& work) const override;
  void relu(std::size_t count, Quantisation, std::byte* inout) const override {
    relu_from(0, count, inout);
  }
  void add(std::size_t count, const std::byte* a, Quantisation qa, const std::byte* b,
           Quantisation qb, Quantisation qout, std::byte* out) const override;
  Code dot(std::span<const Code> a, std::span<const Code> b) const override;

 private:
  /// The accumulator times 2^shift rounded to the format, once.
  Code round(std::int64_t sum, int shift = 0) const;
  template <typename T>
  void encode_as(std::span<const T> values, int scale, std::byte* out) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      set_code(codes().round(shifted(from_ieee(values[i]), -scale)), out, i);
    }
  }
  template <typename T>
  void decode_as(const std::byte* in, int scale, std::span<T> values) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = to_ieee<T>(shifted(codes().value(code_at(in, i)), scale));
    }
  }

  int accumulator_fraction_bits_;
};

}  // namespace systolog::models
