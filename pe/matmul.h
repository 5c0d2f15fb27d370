// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include "models/packed_codes.h"
#include "pe/dataflow.h"

namespace systolog::pe {

/// One tile of a convolution (a fully connected layer is a 1x1 one) as the array's command word.
/// The input tile lies in the input scratchpad as [images, rows, columns, channels], codes; its
/// im2col matrix is formed on the fly by the array's address generator. Per group:
///   activations [M, K]  M = images * out_rows * out_columns, K = kernel_rows * kernel_columns *
///                       channels / groups, k = (kernel row, kernel column, channel)
///   weights     [K, N]  N = filters / groups, groups one after the other, weight scratchpad
///   accumulators [M, filters], output scratchpad
/// Pixels outside the tile read as the code of zero (padding).
struct Matmul {
  std::uint64_t input_address = 0, weight_address = 0, accumulator_address = 0;  // [B]
  std::uint32_t images = 1;
  std::uint32_t rows = 1, columns = 1, channels = 1;  // of the input tile
  std::uint32_t out_rows = 1, out_columns = 1, filters = 1;
  std::uint32_t groups = 1;
  std::uint32_t kernel_rows = 1, kernel_columns = 1;
  std::uint32_t stride_rows = 1, stride_columns = 1;
  std::uint32_t dilation_rows = 1, dilation_columns = 1;
  // Where kernel element (0, 0) of output pixel (0, 0) lies in the tile; negative in padding.
  std::int32_t first_row = 0, first_column = 0;
  std::uint32_t zero_code = 0;   // what padding reads as
  std::uint32_t accumulate = 0;  // 0: sums start at zero; 1: at what the accumulators hold
  std::uint32_t arithmetic = 0;  // which of the array's
  // 1: two codes lie in a byte; a pixel of an odd number of channels ends in half a byte.
  std::uint32_t packed_input = 0, packed_weights = 0;

  std::uint64_t m() const { return std::uint64_t{images} * out_rows * out_columns; }
  std::uint64_t k() const {
    return std::uint64_t{kernel_rows} * kernel_columns * (channels / groups);
  }
  std::uint64_t n() const { return filters / groups; }
  Gemm gemm() const { return {m(), k(), n(), groups}; }
  std::uint64_t macs() const { return m() * k() * filters; }
  std::uint64_t input_pixels() const { return std::uint64_t{images} * rows * columns; }
  std::uint64_t input_codes() const { return input_pixels() * channels; }
  std::uint64_t weight_codes() const { return k() * filters; }
  std::uint64_t accumulators() const { return m() * filters; }
  /// Bits of a code in the scratchpads, and bytes of the tiles there.
  std::uint32_t input_width(const models::Arithmetic& a) const {
    return models::width_of(a, packed_input != 0);
  }
  std::uint32_t weight_width(const models::Arithmetic& a) const {
    return models::width_of(a, packed_weights != 0);
  }
  std::uint64_t input_bytes(const models::Arithmetic& a) const {
    return input_pixels() * models::bytes_of(channels, input_width(a));
  }
  std::uint64_t weight_bytes(const models::Arithmetic& a) const {
    return models::bytes_of(weight_codes(), weight_width(a));
  }
};
static_assert(std::is_trivially_copyable_v<Matmul>);

}  // namespace systolog::pe
