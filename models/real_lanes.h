// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "models/codes.h"
#include "models/mac.h"
#include "models/mac_lanes.h"

namespace systolog::models {

/// Units of posits and floats. Operands float or double: a step is one fused multiply-add;
/// Unpacked: the Mac's own.
template <typename Operand, typename Decode>
class RealLanes final : public MacLanes {
 public:
  RealLanes(Decoder<Operand, Decode> decoder, const Mac& mac)
      : decoder_(std::move(decoder)), mac_(&mac) {}

  std::size_t operand_bytes() const override { return sizeof(Operand); }
  std::size_t sum_bytes() const override { return mac_->accumulator_bytes(); }
  void decode(const std::byte* codes, std::size_t count, std::byte* operands) const override {
    decoder_(codes, count, reinterpret_cast<Operand*>(operands), 1);
  }
  void step(const LaneStep& work) const override {
    if constexpr (std::is_floating_point_v<Operand>) {
      const auto at = [](const std::byte* b) { return reinterpret_cast<const Operand*>(b); };
      step_lanes(work.count, at(work.sums), at(work.activations), at(work.weights),
                 reinterpret_cast<Operand*>(work.out));
    } else {
      mac_->step(work);
    }
  }
  void merge(const std::byte* sum, std::byte* accumulator) const override {
    mac_->merge(sum, accumulator);
  }
  double operand_value(const std::byte* operand) const override {
    const auto value = load<Operand>(operand);
    if constexpr (std::is_floating_point_v<Operand>) {
      return static_cast<double>(value);
    } else {
      return to_ieee<double>(to_dyadic(value));
    }
  }
  double sum_value(const std::byte* sum) const override {
    return to_ieee<double>(mac_->value(sum));
  }

 private:
  Decoder<Operand, Decode> decoder_;
  const Mac* mac_;
};

template <typename Operand, typename Decode>
std::unique_ptr<const MacLanes> make_real_lanes(Decoder<Operand, Decode> decoder, const Mac& mac) {
  return std::make_unique<RealLanes<Operand, Decode>>(std::move(decoder), mac);
}

}  // namespace systolog::models
