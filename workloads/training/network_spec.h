// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace systolog::workloads::training {

enum class LayerKind { kConv, kLinear, kMaxPool, kGlobalAveragePool, kFlatten, kAdd };

/// One layer of a network, read by the trainer and by the ONNX writer. The output of layer i is
/// value i + 1; value 0 is the image.
struct LayerSpec {
  LayerKind kind = LayerKind::kConv;
  std::string name;
  std::size_t input = 0;      // value
  std::size_t other = 0;      // the second value of kAdd
  std::int64_t channels = 0;  // of the input: features of kLinear
  std::int64_t filters = 0;   // output features of kLinear
  std::int64_t kernel = 1, stride = 1, pad = 0, groups = 1;
  bool batch_norm = false;  // behind kConv, which then has no bias of its own; folded when written
  bool relu = false;
};

/// A network for 32x32 RGB images and ten classes, and how it is trained.
struct NetworkSpec {
  std::string name, description;
  std::vector<LayerSpec> layers;
  bool adam = false;            // else SGD with Nesterov momentum 0.9
  double learning_rate = 0.05;  // at the start; falls to 0 along half a cosine
  double weight_decay = 5e-4;
  std::size_t epochs = 10, batch = 128;
  bool half_weights = false;  // the file holds FP16, rounded from what was trained
};

/// The networks the trainer knows.
std::span<const NetworkSpec> network_specs();

}  // namespace systolog::workloads::training
