// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/network.h"

namespace systolog::sim {

/// Decides which tensors of codes of up to 4 bits lie two codes to a byte in the memories. All
/// weights do. Activations do but for those that somebody finds at places between two bytes: a
/// value whose pixels have one code, one of pixels of an odd number of codes that is seen under
/// another shape (as a fully connected layer does with an image), and one that a layer moves
/// by runs which begin or end inside of a byte.
void pack_codes(Network& network);

}  // namespace systolog::sim
