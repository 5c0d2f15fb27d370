// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "pe/matmul.h"

namespace systolog::pe {

/// The array's address generator: writes rows [first_m, first_m + count) of group `group`'s
/// activation matrix [M, K] (codes of `code_bytes` bytes) to `matrix`, row by row.
void im2col(const Matmul& command, std::uint32_t group, std::size_t code_bytes,
            std::span<const std::byte> input, std::uint64_t first_m, std::uint64_t count,
            std::byte* matrix);

/// The input tile's pixels that the windows of the same rows take, or kPadding, each
/// [count, kernel_rows * kernel_columns].
inline constexpr std::size_t kPadding = std::numeric_limits<std::size_t>::max();
void window_pixels(const Matmul& command, std::uint64_t first_m, std::uint64_t count,
                   std::size_t* pixels);

}  // namespace systolog::pe
