// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include "models/activation.h"
#include "models/arithmetic.h"
#include "models/packed_codes.h"

namespace systolog::pe {

enum class VectorOpcode : std::uint32_t {
  kWriteBack,  // accumulators + bias, rounded to codes, optional ReLU
  kRelu,
  kMaxPool,
  kAveragePool,  // global pooling is a window as large as the image
  kAdd,
  kBatchNorm,  // scale[c] * x + shift[c] in FP32, rounded once
  kSoftmax,    // over the channels of each pixel, in FP32, rounded once
  kCopy,       // the codes as they are; between two quantisations by FP32, rounded once
  kFill,       // fill_code everywhere; no input
  kSub,        // first minus second operand, in FP32, rounded once
  kMul,        // first times second operand, in FP32, rounded once
  kActivate,   // `activation` of each element: clip on the codes, the others in FP32, rounded once
};

/// Which operand lies in the output scratchpad, where the command before left it: that of a layer
/// fused behind another. The others lie in the input scratchpad.
enum class ChainedOperand : std::uint32_t { kNone, kFirst, kSecond };

/// One tile of work for the vector unit as its command word. Codes lie as [images, rows, columns,
/// channels]; the result goes to the output scratchpad.
struct VectorOp {
  VectorOpcode opcode = VectorOpcode::kRelu;
  std::uint32_t relu = 0;               // kWriteBack: ReLU after rounding
  std::uint64_t input_address = 0;      // input scratchpad; kWriteBack and chained: output's
  std::uint64_t second_address = 0;     // kAdd, kSub, kMul: input scratchpad, or chained
  std::uint64_t parameter_address = 0;  // weight scratchpad
  std::uint64_t output_address = 0;     // output scratchpad
  std::uint32_t images = 1, channels = 1;
  std::uint32_t rows = 1, columns = 1;                // of the input tile
  std::uint32_t out_rows = 1, out_columns = 1;        // of the result
  std::uint32_t kernel_rows = 1, kernel_columns = 1;  // pooling
  std::uint32_t stride_rows = 1, stride_columns = 1;
  std::uint32_t dilation_rows = 1, dilation_columns = 1;
  std::int32_t first_row = 0, first_column = 0;  // as in Matmul
  std::uint32_t count_include_pad = 0;           // kAveragePool
  std::uint32_t has_bias = 0;                    // kWriteBack
  std::uint32_t fill_code = 0;                   // kFill
  // kAveragePool with count_include_pad: rows and columns of the tile from here on do not count.
  std::int32_t counted_rows = INT32_MAX, counted_columns = INT32_MAX;
  std::uint32_t second_per_channel = 0;  // the second operand is [images, channels]
  std::uint32_t clips = 0;               // kWriteBack: clip to [a, b] after rounding
  models::Activation activation = models::Activation::kClip;
  float a = 0.0F, b = 0.0F;  // its parameters
  ChainedOperand chained = ChainedOperand::kNone;
  std::int32_t shift = 0;  // kWriteBack: sums are multiplied by 2^shift before they are rounded
  models::Quantisation in, second, out;  // int:B; the other formats: a power of two
  // Which of the unit's; kCopy converts from one to the other where they are two.
  std::uint32_t arithmetic = 0, out_arithmetic = 0;
  // 1: two codes lie in a byte, as in Matmul. Sums never do.
  std::uint32_t packed_input = 0, packed_second = 0, packed_output = 0;

  bool has_second() const {
    return opcode == VectorOpcode::kAdd || opcode == VectorOpcode::kSub ||
           opcode == VectorOpcode::kMul;
  }
  std::uint64_t input_pixels() const { return std::uint64_t{images} * rows * columns; }
  std::uint64_t second_pixels() const { return second_per_channel != 0 ? images : input_pixels(); }
  std::uint64_t output_pixels() const { return std::uint64_t{images} * out_rows * out_columns; }
  std::uint64_t inputs() const { return input_pixels() * channels; }
  std::uint64_t outputs() const { return output_pixels() * channels; }
  /// Bytes of the first operand (kWriteBack: accumulators; kFill: none), of the second, and of the
  /// result, whose arithmetic is the other.
  std::uint64_t input_bytes(const models::Arithmetic& arithmetic) const;
  std::uint64_t second_bytes(const models::Arithmetic& arithmetic) const;
  std::uint64_t output_bytes(const models::Arithmetic& out_arithmetic) const;
  /// Bytes of parameters: kWriteBack has bias [channels] if any and, where the arithmetic is
  /// quantised, FP32 requantisation factors [channels]; kBatchNorm FP32 scale and shift.
  std::uint64_t parameter_bytes(const models::Arithmetic& arithmetic) const;
};
static_assert(std::is_trivially_copyable_v<VectorOp>);

}  // namespace systolog::pe
