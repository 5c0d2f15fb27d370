// SPDX-License-Identifier: Apache-2.0
// The moves of layers that compute nothing. Shapes are those of one image.
#pragma once

#include <vector>

#include "sim/network.h"
#include "workloads/graph.h"

namespace systolog::sim {

std::vector<Move> slice_moves(const workloads::Slice& slice, const workloads::Shape& in,
                              const workloads::Shape& out);

/// The image in the middle, and at each side of each axis a box of the pad's value, which spans
/// the axes before it wholly; where the pad mirrors or repeats the image, boxes of the image.
std::vector<Move> pad_moves(const workloads::Pad& pad, const workloads::Shape& in,
                            const workloads::Shape& out);

/// One input behind the other along the axis.
std::vector<Move> concat_moves(const workloads::Concat& concat,
                               const std::vector<workloads::Shape>& in,
                               const workloads::Shape& out);

/// The axes on which the input has size 1 repeated to the output's.
std::vector<Move> repeat_moves(const workloads::Shape& in, const workloads::Shape& out);

}  // namespace systolog::sim
