// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "workloads/training/lenet5.h"

namespace systolog::workloads::training {

/// Throws UserError if the file cannot be written: to be known before a long training.
void check_writable(const std::filesystem::path& file);

/// Writes the network as ONNX, opset 13: input "input" [N, 1, 28, 28], output "logits" [N, 10],
/// weights as raw FP32. The file is written beside and renamed. Throws UserError if it cannot be.
void write_onnx(const LeNet5& net, const std::filesystem::path& file);

}  // namespace systolog::workloads::training
