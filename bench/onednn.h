// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "bench/shapes.h"

namespace systolog::bench {

enum class OneDnnType { kFp32, kInt8 };  // int8: unsigned activations, signed weights, int32 sums

/// The same matmul, or depthwise convolution where the shape has groups, by oneDNN on one thread:
/// the baseline of every ratio. Operands are in the layouts oneDNN likes best, made before timing.
class OneDnnLayer {
 public:
  OneDnnLayer(OneDnnType type, const Shape& shape);
  ~OneDnnLayer();
  void run();

 private:
  struct Primitive;
  std::unique_ptr<Primitive> primitive_;
};

}  // namespace systolog::bench
