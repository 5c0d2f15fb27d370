// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

namespace systolog::models {

/// Functions of one number that follow a layer, with the parameters of their ONNX namesakes.
enum class Activation : std::uint32_t {
  kClip,         // min(max(x, a), b)
  kLeakyRelu,    // x, below zero a x
  kElu,          // x, below zero a (exp(x) - 1)
  kSigmoid,      // 1 / (1 + exp(-x))
  kTanh,         // hyperbolic tangent
  kHardSigmoid,  // min(max(a x + b, 0), 1)
  kHardSwish,    // x min(max(x / 6 + 1/2, 0), 1)
};

/// In FP32; a NaN stays one. Sources: ONNX operators Clip, LeakyRelu, Elu, Sigmoid, Tanh,
/// HardSigmoid, HardSwish.
inline float activate(Activation function, float a, float b, float x) {
  const auto between = [](float value, float lowest, float highest) {
    if (value < lowest) return lowest;
    return value > highest ? highest : value;
  };
  switch (function) {
    case Activation::kClip:
      return between(x, a, b);
    case Activation::kLeakyRelu:
      return x < 0.0F ? a * x : x;
    case Activation::kElu:
      return x < 0.0F ? a * std::expm1(x) : x;
    case Activation::kSigmoid:
      return 1.0F / (1.0F + std::exp(-x));
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kHardSigmoid:
      return between(a * x + b, 0.0F, 1.0F);
    case Activation::kHardSwish:
      return x * between(x / 6.0F + 0.5F, 0.0F, 1.0F);
  }
  return x;
}

}  // namespace systolog::models
