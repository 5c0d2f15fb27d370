// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace systolog::models {

/// One step of `count` multiply-accumulate units side by side. Lane i is enabled where bit i % 64
/// of enabled[i / 64] is 1.
struct LaneStep {
  std::size_t count = 0;
  const std::uint64_t* enabled = nullptr;
  const std::byte *activations = nullptr, *weights = nullptr;  // operands [count]
  const std::byte* sums = nullptr;                             // [count]
  std::byte* out = nullptr;                                    // sums [count]; may be `sums`

  bool is_enabled(std::size_t lane) const { return (enabled[lane / 64] >> (lane % 64) & 1) != 0; }
};

/// The multiply-accumulate units of processing elements, for the register-true array: what all of
/// them do in one clock cycle. Operands and sums are register contents in the form the host
/// computes with, operand_bytes() and sum_bytes() each; all bytes zero is the number zero.
class MacLanes {
 public:
  virtual ~MacLanes() = default;
  virtual std::size_t operand_bytes() const = 0;
  virtual std::size_t sum_bytes() const = 0;
  virtual void decode(const std::byte* codes, std::size_t count, std::byte* operands) const = 0;
  /// out[i] = sums[i] + activations[i] * weights[i] where lane i is enabled. Elsewhere out[i] =
  /// sums[i] if both operands are zero, or else unspecified.
  virtual void step(const LaneStep& work) const = 0;
  /// accumulator += sum of a chain of steps from zero. `accumulator` as Arithmetic has it.
  virtual void merge(const std::byte* sum, std::byte* accumulator) const = 0;
  /// For waveforms. Of int:B and fixed:B,F the integers themselves.
  virtual double operand_value(const std::byte* operand) const = 0;
  virtual double sum_value(const std::byte* sum) const = 0;
};

/// sums[i] + a[i] * w[i], each rounded once; modulo 2^32 for integers.
void step_lanes(std::size_t count, const float* sums, const float* a, const float* w, float* out);
void step_lanes(std::size_t count, const double* sums, const double* a, const double* w,
                double* out);
void step_lanes(std::size_t count, const std::uint32_t* sums, const std::uint32_t* a,
                const std::uint32_t* w, std::uint32_t* out);

}  // namespace systolog::models
