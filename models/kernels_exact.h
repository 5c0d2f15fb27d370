// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/blocks.h"
#include "models/taps.h"

namespace systolog::models {

/// Sums of products that are exact in whatever order they are added, so `fold` is only how many k
/// the registers may take up before the totals do.

/// Products of 16-bit integers, two at a time. Totals modulo 2^32; or exact, where no sum of
/// 2 * fold products reaches 2^31.
void sum_pairs(const Blocks<std::int16_t, std::int32_t, 2>& work);
void sum_pairs(const Blocks<std::int16_t, std::int64_t, 2>& work);

/// Products that are multiples of 2^unit, of which no sum of `fold` ones is beyond 2^(unit + 51);
/// totals in units of 2^unit.
/// Proof. Every product and sum is a multiple of 2^unit below 2^(unit + 53), so a double, fused or
/// not. Added to 1.5 * 2^(unit + 52), of which the last place is 2^unit, a sum stays in the same
/// binade, so it stands in the lower bits as a two's-complement integer.
void sum_exact(const Blocks<double, std::int64_t>& work, int unit);
void sum_exact(const Taps<double, std::int64_t>& work, int unit);
/// The same, faster where most rows' operands are 0.
void sum_exact_sparse(const Blocks<double, std::int64_t>& work, int unit);

/// Floors of products of 32-bit integers, floor(product / 2^dropped_bits), dropped_bits <= 63; no
/// sum of `fold` ones may reach 2^(63 - dropped_bits).
void sum_floors(const Blocks<std::int64_t, std::int64_t>& work, int dropped_bits);
void sum_floors(const Taps<std::int64_t, std::int64_t>& work, int dropped_bits);

}  // namespace systolog::models
