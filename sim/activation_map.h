// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "memory/transfer.h"
#include "sim/network.h"

namespace systolog::sim {

/// A block of one loop: `count` from `first`.
struct Block {
  std::uint32_t first = 0, count = 1;
};

/// Where the activation tensors of one batch lie in DRAM, and how tiles of them are cut out.
/// Addresses count from kBase, which stands for the end of the constants.
class ActivationMap {
 public:
  ActivationMap(const Network& network, std::uint32_t batch);

  static constexpr std::uint64_t kBase = std::uint64_t{1} << 60;
  static constexpr std::uint64_t kAlignment = 64;  // a DRAM burst
  static constexpr std::uint64_t align(std::uint64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  std::uint64_t address(std::size_t value) const { return kBase + offset_[value]; }
  std::uint64_t value_bytes(std::size_t value) const;
  std::uint64_t bytes() const { return bytes_; }  // of all tensors

  /// A load of [images, rows, columns, channels] of a tensor to a dense tile at `local`.
  memory::Transfer tile(std::size_t value, Block images, Block rows, Block columns, Block channels,
                        memory::Scratchpad scratchpad, std::uint64_t local) const;
  /// A load of features of a tensor that is read as one vector an image, however it lies.
  memory::Transfer features(std::size_t value, Block images, Block features,
                            std::uint64_t local) const;

 private:
  const Network& network_;
  std::uint32_t batch_;
  std::vector<std::uint64_t> offset_;
  std::uint64_t bytes_ = 0;
};

}  // namespace systolog::sim
