// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "models/cost.h"

namespace systolog::sim {

/// Reads a technology table: `name` is that of a file in configs/technology, or a path ending in
/// .json. Throws UserError naming file, place and what is allowed.
models::CostTable read_technology(const std::string& name);

}  // namespace systolog::sim
