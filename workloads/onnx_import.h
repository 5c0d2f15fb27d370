// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "workloads/graph.h"

namespace systolog::workloads {

/// Reads an ONNX model into a Graph with shapes inferred. The batch dimension may be fixed,
/// dynamic or 1. Throws UserError naming file, node and what is supported; nodes that are not
/// supported are all named in one message.
Graph import_onnx(const std::filesystem::path& file);

/// ONNX operator types that import_onnx takes.
std::span<const std::string_view> supported_onnx_operators();

}  // namespace systolog::workloads
