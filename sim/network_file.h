// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/json_reader.h"
#include "workloads/graph.h"

namespace systolog::sim {

/// A network by topology alone (docs/networks.md): "input" and "layers" of a workload file, shapes
/// inferred, no weights (Graph::shapes_only). Throws UserError with file, place, value and what is
/// allowed, for the whole file `json` reads.
workloads::Graph read_network(JsonReader& json);

}  // namespace systolog::sim
