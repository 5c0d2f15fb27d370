// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "pe/matmul.h"

namespace systolog::pe {

/// The array's address generator: writes rows [first_m, first_m + count) of group `group`'s
/// activation matrix [M, K] (codes of `code_bytes` bytes) to `matrix`, row by row.
void im2col(const Matmul& command, std::uint32_t group, std::size_t code_bytes,
            std::span<const std::byte> input, std::uint64_t first_m, std::uint64_t count,
            std::byte* matrix);

}  // namespace systolog::pe
