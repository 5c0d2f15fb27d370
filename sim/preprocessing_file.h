// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/json_reader.h"
#include "workloads/preprocessing.h"

namespace systolog::sim {

/// The fields of a JSON object "preprocessing"; those left out keep their value. Unknown names are
/// the caller's to refuse: done() or finish().
void read_preprocessing(JsonReader& json, workloads::Preprocessing& preprocessing);

/// What the arguments of --preprocessing make of a workload's own: each is a name out of
/// workloads::preprocessings(), a .json file, or KEY=VALUE for one field. Nothing where neither the
/// workload nor the arguments say anything.
std::optional<workloads::Preprocessing> apply_preprocessing(
    std::optional<workloads::Preprocessing> own, const std::vector<std::string>& arguments);

}  // namespace systolog::sim
