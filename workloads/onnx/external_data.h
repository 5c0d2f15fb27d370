// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

namespace systolog::workloads::onnx_import {

/// Puts tensors whose data is in files beside the model into the model. Throws UserError naming
/// tensor and file: for a file outside the model's folder, one that is missing, and a piece that
/// does not lie in it or is not what the tensor's dimensions say.
void load_external_data(onnx::ModelProto& model, const std::filesystem::path& folder);

}  // namespace systolog::workloads::onnx_import
