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

/// One kernel row of a window.
struct WindowRow {
  std::uint64_t row;  // image * rows + y, if inside
  std::int64_t x0;
  bool inside;  // 0 <= y < rows
};

/// Calls visit(WindowRow) for each kernel row of the windows of rows [first_m, first_m + count).
template <typename Visit>
void for_each_window_row(const Matmul& c, std::uint64_t first_m, std::uint64_t count,
                         const Visit& visit) {
  for (std::uint64_t m = first_m; m < first_m + count; ++m) {
    const std::uint64_t column = m % c.out_columns;
    const std::uint64_t row = m / c.out_columns % c.out_rows;
    const std::uint64_t image = m / c.out_columns / c.out_rows;
    const auto y0 = static_cast<std::int64_t>(row * c.stride_rows) + c.first_row;
    const auto x0 = static_cast<std::int64_t>(column * c.stride_columns) + c.first_column;
    for (std::uint32_t kr = 0; kr < c.kernel_rows; ++kr) {
      const std::int64_t y = y0 + static_cast<std::int64_t>(kr) * c.dilation_rows;
      const bool inside = y >= 0 && y < c.rows;
      visit(WindowRow{inside ? image * c.rows + static_cast<std::uint64_t>(y) : 0, x0, inside});
    }
  }
}

/// Calls visit(pixel or kPadding) for each element of a window's row.
template <typename Visit>
void for_each_pixel(const Matmul& c, const WindowRow& window, const Visit& visit) {
  for (std::uint32_t kc = 0; kc < c.kernel_columns; ++kc) {
    const std::int64_t x = window.x0 + static_cast<std::int64_t>(kc) * c.dilation_columns;
    const bool inside = window.inside && x >= 0 && x < c.columns;
    visit(inside ? window.row * c.columns + static_cast<std::uint64_t>(x) : kPadding);
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
  const bool whole_pixels = c.groups == 1 && c.dilation_columns == 1;
  for_each_window_row(c, first_m, count, [&](const WindowRow& window) {
    // Neighbouring pixels' channels lie behind each other: one copy for all that are inside.
    if (whole_pixels && window.inside) {
      const std::int64_t begin = std::clamp<std::int64_t>(-window.x0, 0, c.kernel_columns);
      const std::int64_t end =
          std::clamp<std::int64_t>(c.columns - window.x0, begin, c.kernel_columns);
      const auto left = static_cast<std::size_t>(begin),
                 inside = static_cast<std::size_t>(end) - left;
      const std::size_t right = c.kernel_columns - static_cast<std::size_t>(end);
      if (left > 0) fill(matrix, left * depth, code_bytes, c.zero_code);
      matrix += left * run;
      if (inside > 0) {
        const std::uint64_t pixel =
            window.row * c.columns + static_cast<std::uint64_t>(window.x0 + begin);
        std::memcpy(matrix, base + pixel * pixel_bytes, inside * run);
      }
      matrix += inside * run;
      if (right > 0) fill(matrix, right * depth, code_bytes, c.zero_code);
      matrix += right * run;
      return;
    }
    for_each_pixel(c, window, [&](std::size_t pixel) {
      if (pixel != kPadding) {
        std::memcpy(matrix, base + pixel * pixel_bytes, run);
      } else {
        fill(matrix, depth, code_bytes, c.zero_code);
      }
      matrix += run;
    });
  });
}

void window_pixels(const Matmul& c, std::uint64_t first_m, std::uint64_t count,
                   std::size_t* pixels) {
  for_each_window_row(c, first_m, count, [&](const WindowRow& window) {
    for_each_pixel(c, window, [&](std::size_t pixel) { *pixels++ = pixel; });
  });
}

}  // namespace systolog::pe
