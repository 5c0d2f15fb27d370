// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "workloads/graph.h"
#include "workloads/tensor.h"

namespace systolog::sim {

/// Writes a run's output tensors as .npy files: Y.npy, or of several outputs Y.NAME.npy each,
/// where what is no letter, digit, "-" or "_" in a name becomes "_". Throws UserError where two
/// names would be one file.
void write_outputs(const std::filesystem::path& file, const workloads::Graph& graph,
                   const workloads::Tensor& first, std::span<const workloads::Tensor> more);

}  // namespace systolog::sim
