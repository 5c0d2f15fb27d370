// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "models/arithmetic.h"
#include "pe/matmul.h"
#include "tests/draw.h"

namespace systolog::pe::test {

using systolog::test::Draw;

inline constexpr Dataflow kDataflows[] = {Dataflow::kWeightStationary, Dataflow::kOutputStationary,
                                          Dataflow::kInputStationary};

inline std::uint32_t u32(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

struct Axis {
  std::uint32_t size, out, kernel, stride, dilation;
  std::int32_t first;
};

/// A window along one axis of an image with padding on either side.
inline Axis random_axis(Draw& draw) {
  while (true) {
    Axis a{};
    a.size = u32(draw.between(1, 9));
    a.kernel = u32(draw.between(1, 4));
    a.stride = u32(draw.between(1, 3));
    a.dilation = u32(draw.between(1, 3));
    const std::uint64_t before = draw.below(a.kernel + 1), after = draw.below(a.kernel + 1);
    a.first = -static_cast<std::int32_t>(before);
    const std::uint64_t extent = (a.kernel - 1) * a.dilation + 1, padded = a.size + before + after;
    if (extent > padded) continue;
    a.out = u32((padded - extent) / a.stride + 1);
    return a;
  }
}

/// A convolution tile with padding, strides, dilations and groups.
inline Matmul random_matmul(Draw& draw) {
  const Axis rows = random_axis(draw), columns = random_axis(draw);
  Matmul m;
  m.images = u32(draw.between(1, 3));
  m.groups = u32(draw.one_in(2) ? 1 : draw.between(1, 4));
  m.channels = m.groups * u32(draw.between(1, 4));
  m.filters = m.groups * u32(draw.between(1, 5));
  m.rows = rows.size;
  m.out_rows = rows.out;
  m.kernel_rows = rows.kernel;
  m.stride_rows = rows.stride;
  m.dilation_rows = rows.dilation;
  m.first_row = rows.first;
  m.columns = columns.size;
  m.out_columns = columns.out;
  m.kernel_columns = columns.kernel;
  m.stride_columns = columns.stride;
  m.dilation_columns = columns.dilation;
  m.first_column = columns.first;
  return m;
}

/// [m, k] x [k, n] as a 1x1 convolution of m pixels.
inline Matmul gemm(std::uint64_t m, std::uint64_t k, std::uint64_t n) {
  Matmul matmul;
  matmul.columns = matmul.out_columns = u32(m);
  matmul.channels = u32(k);
  matmul.filters = u32(n);
  return matmul;
}

/// An element of the input tile [image, row, column, channel], or `padding` outside.
template <typename T>
T pixel(const Matmul& c, const std::vector<T>& input, std::uint64_t image, std::int64_t row,
        std::int64_t column, std::uint64_t channel, T padding) {
  if (row < 0 || row >= c.rows || column < 0 || column >= c.columns) return padding;
  const auto y = static_cast<std::uint64_t>(row), x = static_cast<std::uint64_t>(column);
  return input[((image * c.rows + y) * c.columns + x) * c.channels + channel];
}

/// Calls visit(m, filter, products in order of k as pairs (activation, weight)) for every sum of a
/// convolution: the definition, element by element.
template <typename T, typename Visit>
void for_each_sum(const Matmul& c, const std::vector<T>& input, const std::vector<T>& weights,
                  T padding, Visit visit) {
  const std::uint64_t depth = c.channels / c.groups, filters = c.filters / c.groups;
  std::uint64_t m = 0;
  for (std::uint64_t image = 0; image < c.images; ++image) {
    for (std::int64_t oy = 0; oy < c.out_rows; ++oy) {
      for (std::int64_t ox = 0; ox < c.out_columns; ++ox, ++m) {
        for (std::uint64_t f = 0; f < c.filters; ++f) {
          const std::uint64_t group = f / filters;
          std::vector<std::pair<T, T>> products;
          for (std::int64_t ky = 0; ky < c.kernel_rows; ++ky) {
            for (std::int64_t kx = 0; kx < c.kernel_columns; ++kx) {
              for (std::uint64_t d = 0; d < depth; ++d) {
                const T a =
                    pixel(c, input, image, oy * c.stride_rows + ky * c.dilation_rows + c.first_row,
                          ox * c.stride_columns + kx * c.dilation_columns + c.first_column,
                          group * depth + d, padding);
                const std::uint64_t k = (static_cast<std::uint64_t>(ky) * c.kernel_columns +
                                         static_cast<std::uint64_t>(kx)) *
                                            depth +
                                        d;
                const std::uint64_t group_size = c.kernel_rows * c.kernel_columns * depth * filters;
                products.emplace_back(a, weights[group * group_size + k * filters + f % filters]);
              }
            }
          }
          visit(m, f, products);
        }
      }
    }
  }
}

/// Little-endian codes of `bytes` bytes each.
template <typename T>
std::vector<std::byte> codes_of(const std::vector<T>& values, std::size_t bytes) {
  std::vector<std::byte> codes(values.size() * bytes);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::memcpy(codes.data() + i * bytes, &values[i], bytes);
  }
  return codes;
}

}  // namespace systolog::pe::test
