// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/tile_writer.h"

namespace systolog::sim {

/// Writes the commands of a group whose first layer is a convolution or fully connected: for each
/// output tile its matmuls, blocks of channels ascending, then the write-back, what is fused, and
/// the store. Tiles of input and weights stay in their scratchpads until others are needed.
void compile_matmul(TileWriter& writer, const LayerGroup& group);

}  // namespace systolog::sim
