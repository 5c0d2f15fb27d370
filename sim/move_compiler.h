// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/tile_writer.h"

namespace systolog::sim {

/// Writes the commands of a layer that moves codes: each tile is loaded, handed on by the vector
/// unit and stored.
void compile_move(TileWriter& writer, std::size_t layer);

}  // namespace systolog::sim
