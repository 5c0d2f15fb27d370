// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/tile_writer.h"

namespace systolog::sim {

/// Writes the commands of a group whose first layer is the vector unit's: for each tile its loads,
/// the operation, what is fused, and the store. Parameters are loaded once a block of channels.
void compile_vector(TileWriter& writer, const LayerGroup& group);

}  // namespace systolog::sim
