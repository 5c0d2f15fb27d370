// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "bench/shapes.h"

namespace systolog::bench {

enum class OneDnnType { kFp32, kInt8 };  // int8: unsigned activations, signed weights, int32 sums

/// The same matmul (a batch of `groups` of them) by oneDNN on one thread: the baseline of every
/// ratio. Weights are in the layout oneDNN likes best, made before timing.
class OneDnnMatmul {
 public:
  OneDnnMatmul(OneDnnType type, const Shape& shape);
  ~OneDnnMatmul();
  void run();

 private:
  struct Primitive;
  std::unique_ptr<Primitive> primitive_;
};

}  // namespace systolog::bench
