// SPDX-License-Identifier: Apache-2.0
#include "pe/im2col.h"

#include <algorithm>
#include <cstring>

namespace systolog::pe {
namespace {

void fill(std::byte* to, std::size_t codes, std::size_t code_bytes, std::uint32_t code) {
  if (code == 0) {
    std::memset(to, 0, codes * code_bytes);
    return;
  }
  for (std::size_t i = 0; i < codes; ++i) std::memcpy(to + i * code_bytes, &code, code_bytes);
}

}  // namespace

void im2col(const Matmul& c, std::uint32_t group, std::size_t code_bytes,
            std::span<const std::byte> input, std::uint64_t first_m, std::uint64_t count,
            std::byte* matrix) {
  const std::size_t depth = c.channels / c.groups;
  const std::size_t run = depth * code_bytes;
  const std::size_t pixel_bytes = c.channels * code_bytes;
  const std::byte* base = input.data() + group * run;
  const bool whole_pixels = c.groups == 1 && c.dilation_columns == 1;
  for (std::uint64_t m = first_m; m < first_m + count; ++m) {
    const std::uint64_t column = m % c.out_columns;
    const std::uint64_t row = m / c.out_columns % c.out_rows;
    const std::uint64_t image = m / c.out_columns / c.out_rows;
    const auto y0 = static_cast<std::int64_t>(row * c.stride_rows) + c.first_row;
    const auto x0 = static_cast<std::int64_t>(column * c.stride_columns) + c.first_column;
    for (std::uint32_t kr = 0; kr < c.kernel_rows; ++kr) {
      const std::int64_t y = y0 + static_cast<std::int64_t>(kr) * c.dilation_rows;
      const bool row_inside = y >= 0 && y < c.rows;
      // Neighbouring pixels' channels lie behind each other: one copy for all that are inside.
      if (whole_pixels && row_inside) {
        const std::int64_t begin = std::clamp<std::int64_t>(-x0, 0, c.kernel_columns);
        const std::int64_t end = std::clamp<std::int64_t>(c.columns - x0, begin, c.kernel_columns);
        const auto left = static_cast<std::size_t>(begin),
                   inside = static_cast<std::size_t>(end) - left;
        const std::size_t right = c.kernel_columns - static_cast<std::size_t>(end);
        if (left > 0) fill(matrix, left * depth, code_bytes, c.zero_code);
        matrix += left * run;
        if (inside > 0) {
          const std::uint64_t pixel = (image * c.rows + static_cast<std::uint64_t>(y)) * c.columns +
                                      static_cast<std::uint64_t>(x0 + begin);
          std::memcpy(matrix, base + pixel * pixel_bytes, inside * run);
        }
        matrix += inside * run;
        if (right > 0) fill(matrix, right * depth, code_bytes, c.zero_code);
        matrix += right * run;
        continue;
      }
      for (std::uint32_t kc = 0; kc < c.kernel_columns; ++kc) {
        const std::int64_t x = x0 + static_cast<std::int64_t>(kc) * c.dilation_columns;
        if (row_inside && x >= 0 && x < c.columns) {
          const std::uint64_t pixel = (image * c.rows + static_cast<std::uint64_t>(y)) * c.columns +
                                      static_cast<std::uint64_t>(x);
          std::memcpy(matrix, base + pixel * pixel_bytes, run);
        } else {
          fill(matrix, depth, code_bytes, c.zero_code);
        }
        matrix += run;
      }
    }
  }
}

}  // namespace systolog::pe
