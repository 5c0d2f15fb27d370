// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace systolog::workloads {

/// A dense FP32 array on the host, row-major. Activations are [images, channels, height, width]
/// or [images, features].
struct Tensor {
  std::vector<std::size_t> shape;
  std::vector<float> values;
};

}  // namespace systolog::workloads
