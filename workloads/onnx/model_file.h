// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>

namespace systolog::workloads::onnx_import {

inline constexpr std::int64_t kOldestOpset = 7, kNewestOpset = 17;

/// Reads the file, without external data, and parses it. protobuf's own messages are switched off.
/// Throws UserError, without the file's name, if it is missing, no regular file, empty, too large
/// or no ONNX model.
onnx::ModelProto read_model(const std::filesystem::path& file);

/// Version of the standard operators the model uses, kOldestOpset to kNewestOpset.
std::int64_t opset_of(const onnx::ModelProto& model);

}  // namespace systolog::workloads::onnx_import
