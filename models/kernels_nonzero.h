// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/kernels.h"
#include "models/operand_scan.h"

namespace systolog::models {

/// Lanes of a panel; the last panel of a tile may have fewer, a multiple of kLaneStep.
template <typename T>
inline constexpr std::size_t kPanelLanes = 256 / sizeof(T);
template <typename T>
inline constexpr std::size_t kLaneStep = 64 / sizeof(T);

/// Operands and sums of the kernels that skip a row's zeros: sums[r][l] += sum over the listed k of
/// row r's operand times lanes[k][l], fold by fold, each from zero with k ascending, then merged.
template <typename T, typename Sum>
struct NonzeroPanels {
  std::size_t row_count = 0, k = 0, lane_count = 0;  // lane_count a multiple of kLaneStep
  std::span<const FoldBlock> blocks;
  // A row's operands as list_operands lists them: bits, for a logarithmic product less those of 1.
  const IeeeBits<T>*bits = nullptr, *ks = nullptr;
  const std::uint32_t* begins = nullptr;
  const T* lanes = nullptr;  // panels of [k][lanes of the panel]
  Sum* partial = nullptr;    // [row_count][lane_count]: sums of unfinished folds
  Sum* sums = nullptr;       // [row_count][lane_count]
};

/// What a lane that is 0 gives.
enum class LaneZeros : std::uint8_t {
  kNone,    // there is none, or its product is harmless
  kMasked,  // logarithmic products, which a zero has not: look at each
};

/// sum = round(sum + product), and so are merges. Sums of a fold below `flush` in magnitude are 0.
template <typename T>
void sum_nonzero(Product product, LaneZeros zeros, T flush, const NonzeroPanels<T, T>& work);

/// sum += floor(product), exact: the caller has bounded the sums.
template <typename T, typename Sum>
void sum_floors(Product product, LaneZeros zeros, const NonzeroPanels<T, Sum>& work);

/// sum = sum + floor(product) by the adder that ORs the lower `or_bits` bits (lower_or_add), merges
/// too; modulo 2^32.
void sum_floors_lower_or(Product product, LaneZeros zeros, int or_bits,
                         const NonzeroPanels<float, std::int32_t>& work);

}  // namespace systolog::models
