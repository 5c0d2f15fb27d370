// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "models/arithmetic.h"
#include "sim/calibration.h"
#include "sim/placement.h"
#include "workloads/graph.h"

namespace systolog::sim {

/// A layer's weights as the graph holds them, and what the array calls its axes. A Conv's lie
/// [filters][channel][tap], a Gemm's [k][filters].
struct LayerWeights {
  std::span<const float> values;  // empty in a graph of shapes
  std::size_t filters = 0, k = 0, groups = 1;
  std::size_t taps = 1;  // of a Conv's kernel
  bool has_filters_inside = false;
  const Order* order = nullptr;  // of a Gemm's inputs in memory; null: one behind the other
};

/// `depth`: the channels of a group.
LayerWeights weights_of(const workloads::Conv& conv, std::size_t depth);
/// `features`: the inputs, which lie in memory as `order` says: the weights are put in that order
/// instead of moving the input. `order` must outlive the result.
LayerWeights weights_of(const workloads::Gemm& gemm, std::size_t features, const Order* order);

/// Lowest and highest weight of each filter, and zero.
std::vector<Range> filter_ranges(const LayerWeights& weights);

/// Codes [groups][k][filters / groups] as the array reads them, k in the order of kernel row,
/// kernel column, channel; filter f in units of scales[f].
std::vector<std::byte> encode_weights(const LayerWeights& weights,
                                      const models::Arithmetic& arithmetic,
                                      std::span<const float> scales);

}  // namespace systolog::sim
