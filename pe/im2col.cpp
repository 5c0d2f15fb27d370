// SPDX-License-Identifier: Apache-2.0
#include "pe/im2col.h"

#include <cstring>

namespace systolog::pe {
namespace {

void fill(std::byte* to, std::size_t codes, std::size_t code_bytes, std::uint32_t code) {
  for (std::size_t i = 0; i < codes; ++i) std::memcpy(to + i * code_bytes, &code, code_bytes);
}

/// Calls visit(pixel or kPadding) for each element of the windows of rows [first_m, first_m +
/// count), row by row.
template <typename Visit>
void for_each_pixel(const Matmul& c, std::uint64_t first_m, std::uint64_t count,
                    const Visit& visit) {
  for (std::uint64_t m = first_m; m < first_m + count; ++m) {
    const std::uint64_t column = m % c.out_columns;
    const std::uint64_t row = m / c.out_columns % c.out_rows;
    const std::uint64_t image = m / c.out_columns / c.out_rows;
    const auto y0 = static_cast<std::int64_t>(row * c.stride_rows) + c.first_row;
    const auto x0 = static_cast<std::int64_t>(column * c.stride_columns) + c.first_column;
    for (std::uint32_t kr = 0; kr < c.kernel_rows; ++kr) {
      const std::int64_t y = y0 + static_cast<std::int64_t>(kr) * c.dilation_rows;
      const bool row_inside = y >= 0 && y < c.rows;
      for (std::uint32_t kc = 0; kc < c.kernel_columns; ++kc) {
        const std::int64_t x = x0 + static_cast<std::int64_t>(kc) * c.dilation_columns;
        const bool inside = row_inside && x >= 0 && x < c.columns;
        visit(inside ? (image * c.rows + static_cast<std::uint64_t>(y)) * c.columns +
                           static_cast<std::uint64_t>(x)
                     : kPadding);
      }
    }
  }
}

}  // namespace

void im2col(const Matmul& c, std::uint32_t group, std::size_t code_bytes,
            std::span<const std::byte> input, std::uint64_t first_m, std::uint64_t count,
            std::byte* matrix) {
  const std::size_t depth = c.channels / c.groups;
  const std::size_t run = depth * code_bytes;
  const std::size_t pixel_bytes = c.channels * code_bytes;
  const std::byte* base = input.data() + group * run;
  for_each_pixel(c, first_m, count, [&](std::size_t pixel) {
    if (pixel != kPadding) {
      std::memcpy(matrix, base + pixel * pixel_bytes, run);
    } else {
      fill(matrix, depth, code_bytes, c.zero_code);
    }
    matrix += run;
  });
}

void window_pixels(const Matmul& c, std::uint64_t first_m, std::uint64_t count,
                   std::size_t* pixels) {
  for_each_pixel(c, first_m, count, [&](std::size_t pixel) { *pixels++ = pixel; });
}

}  // namespace systolog::pe
