// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "workloads/graph.h"

namespace systolog::workloads {

/// One image [channels, height, width] through a convolution in FP32: each output is one sum in the
/// order of channel, kernel row, kernel column, products and sums rounded one by one; padding is a
/// zero like any other; the bias comes last.
std::vector<float> convolve(const Conv& op, const Shape& in, const Shape& out,
                            std::span<const float> image);

}  // namespace systolog::workloads
