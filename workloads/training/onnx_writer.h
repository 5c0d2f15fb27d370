// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "workloads/training/lenet5.h"
#include "workloads/training/spec_network.h"

namespace systolog::workloads::training {

/// Throws UserError if the file cannot be written: to be known before a long training.
void check_writable(const std::filesystem::path& file);

/// Writes the network as ONNX, opset 13: input "input" [N, 1, 28, 28], output "logits" [N, 10],
/// weights as raw FP32. The file is written beside and renamed. Throws UserError if it cannot be.
void write_onnx(const LeNet5& net, const std::filesystem::path& file);

/// The same for a network of a spec: input [N, 3, 32, 32], batch norms folded. Specs with
/// `half_weights` are written with FP16 initialisers, each behind a Cast to FP32.
void write_onnx(SpecNetwork& net, const std::filesystem::path& file);

}  // namespace systolog::workloads::training
