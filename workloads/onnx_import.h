// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/graph.h"

namespace systolog::workloads {

/// Reads an ONNX model into a Graph with shapes inferred. The batch dimension may be fixed,
/// dynamic or 1; other dimensions that the model leaves open are those of `input_shape`, which
/// must not contradict the ones it fixes (without the batch; empty: none). Throws UserError naming
/// file, node and what is supported; everything that is wrong is told in one message. Nodes that no
/// output depends on are skipped, whatever they are, and named in `skipped`.
Graph import_onnx(const std::filesystem::path& file,
                  const std::vector<std::size_t>& input_shape = {},
                  std::vector<std::string>* skipped = nullptr);

/// ONNX operator types that import_onnx takes.
std::span<const std::string_view> supported_onnx_operators();

}  // namespace systolog::workloads
