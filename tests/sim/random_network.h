// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/accelerator_config.h"
#include "sim/network.h"
#include "tests/draw.h"
#include "workloads/graph.h"
#include "workloads/tensor.h"

namespace systolog::sim::test {

using systolog::test::Draw;

/// A small network of every kind of layer: convolutions with padding, strides, dilations, groups
/// and depthwise ones, residual additions, pools, batch norms, and most often a classifier with
/// or without softmax at the end.
workloads::Graph random_graph(Draw& draw);

/// `count` images in [-1, 1).
workloads::Tensor random_images(const workloads::Graph& graph, std::size_t count, Draw& draw);

/// An arithmetic and how its tensors are quantised.
struct ArithmeticCase {
  std::string arithmetic;
  QuantisationConfig quantisation;
  bool exact_accumulator = false;  // sums do not depend on their order
};
const std::vector<ArithmeticCase>& arithmetic_cases();

/// Lowers with ranges calibrated on the images themselves.
Network lower_calibrated(const workloads::Graph& graph, const ArithmeticCase& arithmetic,
                         const workloads::Tensor& images);

/// Half of the layers in arithmetics of their own.
Network lower_mixed(const workloads::Graph& graph, const workloads::Tensor& images, Draw& draw);

/// An accelerator with a small random array and generous scratchpads, separate or unified.
AcceleratorConfig random_accelerator(Draw& draw);
/// Gives the other two what the input scratchpad has where they are one.
void unify(AcceleratorConfig& config);

const std::vector<Objective>& objectives();

/// The same with scratchpads shrunk until the network hardly fits them: tiling in every dimension,
/// up to 1,500 commands.
AcceleratorConfig with_tight_scratchpads(AcceleratorConfig config, const Network& network,
                                         std::uint32_t batch, Draw& draw);

}  // namespace systolog::sim::test
