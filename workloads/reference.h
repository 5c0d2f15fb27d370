// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "workloads/graph.h"
#include "workloads/tensor.h"

namespace systolog::workloads {

/// Sees one image's values after one node: (node index, values in NCHW order). Called from one
/// thread, images ascending, nodes in topological order.
using Observer = std::function<void(std::size_t, std::span<const float>)>;

/// Runs the graph in plain FP32 on the host: the figure every arithmetic is compared with.
/// `images` is [N, C, H, W] (or [N, features]); the result is [N, features] or [N, C, H, W] as
/// the graph's output shape says: of several outputs, the first. Parallel over images, unless
/// somebody observes. Every output is one FP32 sum in a fixed order: the result does not depend on
/// the thread count.
Tensor run_reference(const Graph& graph, const Tensor& images, const Observer& observe = {});

}  // namespace systolog::workloads
