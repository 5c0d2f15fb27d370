// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sim/placement.h"
#include "workloads/graph.h"

namespace systolog::sim {

/// Weights of a layer as FP32 [filters][k], k in the order the array takes them: kernel row, kernel
/// column, channel. Without values for a graph of shapes.
struct FilterRows {
  std::size_t filters = 0, k = 0;
  std::vector<float> values;
};

FilterRows conv_rows(const workloads::Conv& conv, std::size_t depth);

/// `order` is how the layer's `features` inputs lie in memory (null: one behind the other): the
/// rows of the weights are put in that order instead of moving the input.
FilterRows gemm_rows(const workloads::Gemm& gemm, std::size_t features, const Order* order);

/// Codes [groups, filters / groups, k] turned to [groups, k, filters / groups], as the array reads
/// them; `code_bytes` is 1, 2 or 4.
std::vector<std::byte> columns_of(std::span<const std::byte> codes, std::size_t groups,
                                  std::size_t filters, std::size_t k, std::size_t code_bytes);

}  // namespace systolog::sim
