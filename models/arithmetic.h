// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/mac_lanes.h"

namespace systolog::models {

/// A number's bit pattern, in the low `bits` bits; the bits above are 0.
using Code = std::uint32_t;

/// What one code of a tensor stands for. int:B: real = scale * (code - zero_point). The other
/// formats: real = scale * the code's number, where the scale is a power of two (an exponent
/// shift, exact in hardware; 1 unless the user asks for it) and the zero point 0.
struct Quantisation {
  float scale = 1.0F;
  std::int32_t zero_point = 0;
};

/// Operands of one matmul: acc[m,n] += sum over k of a[m,k] * w[k,n], all row-major and dense.
/// K is summed as the array does it: in folds of `fold_rows`, each fold from zero with k
/// ascending, the fold's sum then merged into the accumulator, folds ascending.
struct MatmulTile {
  std::size_t m = 0, k = 0, n = 0;
  std::size_t fold_rows = 0;               // >= 1
  const std::byte* activations = nullptr;  // codes [m, k]
  const std::byte* weights = nullptr;      // codes [k, n]
  std::byte* accumulators = nullptr;       // [m, n], accumulator_bytes() each
};

/// One write-back: codes[m,n] = round(acc[m,n] + bias[n]), then ReLU on the codes.
struct WriteBack {
  std::size_t m = 0, n = 0;
  const std::byte* accumulators = nullptr;  // [m, n]
  const std::byte* bias = nullptr;          // [n], bias_bytes() each; null: no bias
  const float* requantise = nullptr;        // [n], int:B only: scale_a * scale_w[n] / scale_out
  Quantisation output;                      // int:B only
  int shift = 0;  // not int:B: codes = round((acc + bias) * 2^shift), the shift exact
  bool relu = false;
  std::byte* codes = nullptr;  // [m, n]
};

/// An arithmetic `format/multiplier/accumulator`: what a processing element and the vector unit
/// do to codes: little-endian integers of code_bytes() = 1, 2 or 4 bytes, the smallest of these
/// that holds the format's bits (in memories those of up to 4 bits share bytes: packed_codes.h).
/// Accumulators are accumulator_bytes() bytes whose meaning only the arithmetic knows. All calls
/// are const and may come from many threads. Nothing needs to be aligned.
class Arithmetic {
 public:
  virtual ~Arithmetic() = default;

  /// Canonical name with the accumulator filled in, e.g. "posit:16,1/plam/quire".
  virtual const std::string& name() const = 0;
  virtual int bits() const = 0;  // of one code
  virtual std::size_t code_bytes() const = 0;
  virtual std::size_t accumulator_bytes() const = 0;
  virtual std::size_t bias_bytes() const = 0;  // int:B: 4; otherwise code_bytes()
  /// True for int:B: tensors need a Quantisation from calibration.
  virtual bool is_quantised() const = 0;

  // --- tensors ------------------------------------------------------------------------------
  /// Rounds each value to the format once (int:B: to scale and zero point, ties to even,
  /// saturating; a NaN there becomes the zero point).
  virtual void encode(std::span<const float> values, Quantisation q, std::byte* codes) const = 0;
  /// The value of each code, rounded to FP32 where the format is wider; NaR is a quiet NaN.
  virtual void decode(const std::byte* codes, Quantisation q, std::span<float> values) const = 0;
  /// The same from and to FP64, which holds every number of every format: for conversions between
  /// formats that round once.
  virtual void encode_exactly(std::span<const double> values, Quantisation q,
                              std::byte* codes) const = 0;
  virtual void decode_exactly(const std::byte* codes, Quantisation q,
                              std::span<double> values) const = 0;
  /// Bias as the accumulator takes it. int:B: round(value / (a.scale * w_scale[n])) as int32;
  /// the other formats: value / (a.scale * w_scale[n]) rounded to the format.
  virtual void encode_bias(std::span<const float> values, Quantisation a,
                           std::span<const float> weight_scales, std::byte* bias) const = 0;

  // --- the array ----------------------------------------------------------------------------
  /// Sets `count` accumulators to zero.
  virtual void clear(std::size_t count, std::byte* accumulators) const = 0;
  virtual void matmul(const MatmulTile& tile) const = 0;
  /// The processing elements' units, for the register-true array: a chain of their steps and a
  /// merge give the bits that matmul gives. Must not outlive the arithmetic.
  virtual std::unique_ptr<const MacLanes> mac_lanes() const = 0;

  // --- the vector unit ----------------------------------------------------------------------
  virtual void write_back(const WriteBack& work) const = 0;
  /// codes[i] = max(codes[i], code of zero); NaN and NaR stay.
  virtual void relu(std::size_t count, Quantisation q, std::byte* codes) const = 0;
  /// codes[i] = max(codes[i], other[i]) by value, exact; NaN and NaR win.
  virtual void max(std::size_t count, const std::byte* other, std::byte* codes) const = 0;
  /// out[i] = a[i] + b[i], rounded once (int:B: added in FP32, then quantised).
  virtual void add(std::size_t count, const std::byte* a, Quantisation qa, const std::byte* b,
                   Quantisation qb, Quantisation qout, std::byte* out) const = 0;

  // --- one operation at a time (systolog arith) ----------------------------------------------
  /// Posits and floats: the multiplier's product rounded to the format. int:B and fixed:B,F: the
  /// unit's full product, 2B bits, two's complement in the low bits.
  virtual std::uint64_t multiply(Code a, Code b) const = 0;
  virtual int product_bits() const = 0;              // of multiply()'s result
  virtual Code add_codes(Code a, Code b) const = 0;  // rounded (int:B, fixed:B,F: saturating)
  /// sum of a[i] * b[i] in one chain through the accumulator, rounded to the format at the end.
  virtual Code dot(std::span<const Code> a, std::span<const Code> b) const = 0;
  /// The code nearest to a decimal, C hex-float, "inf" or "nan", rounded once from the exact
  /// value. Throws UserError on anything else.
  virtual Code convert(std::string_view text) const = 0;
  /// Shortest decimal that names the code's value (17 significant digits at most).
  virtual std::string to_string(Code code) const = 0;
};

/// How matmul computes. The results are the same, bit for bit.
enum class Kernels {
  kScalar,   // by the plain scalar models: the specification
  kFastest,  // the fastest way there is on this machine
};

/// Parses `format/multiplier[/accumulator]`. Throws UserError that names the part which is wrong
/// and lists what is allowed there; for combinations that mean nothing, those that do.
std::shared_ptr<const Arithmetic> make_arithmetic(std::string_view text,
                                                  Kernels kernels = Kernels::kFastest);

/// A row of `systolog list` and of the messages above: what exists, in the order it is shown.
struct Entry {
  std::string_view pattern;      // "posit:N,ES"
  std::string_view description;  // "posit, N = 2..32 bits, ES = 0..4 exponent bits"
};
std::span<const Entry> formats();
std::span<const Entry> multipliers();
std::span<const Entry> accumulators();

}  // namespace systolog::models
