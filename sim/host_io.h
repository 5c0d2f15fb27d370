// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "sim/network.h"
#include "workloads/tensor.h"

namespace systolog::sim {

/// Images [first, first + count) of a [N, C, H, W] tensor as they lie in the accelerator's DRAM:
/// codes, [image, height, width, channels], packed where the value is.
std::vector<std::byte> encode_images(const Network& network, const workloads::Tensor& images,
                                     std::size_t first, std::size_t count);

/// The codes of any value, not packed: images of a [N, C, H, W] tensor of its values.
std::vector<std::byte> encode_value(const Network& network, std::size_t value,
                                    const workloads::Tensor& values, std::size_t first,
                                    std::size_t count);

/// Images [first, first + count) of the network's fed value `fed`, of `images` in all, as they lie
/// in the DRAM.
std::vector<std::byte> fed_codes(const Network& network, std::size_t images, std::size_t fed,
                                 std::size_t first, std::size_t count);

/// The network's outputs in FP32 and the model's own order, [images, features] or
/// [images, C, H, W] each, filled batch by batch from any thread.
class OutputReader {
 public:
  OutputReader(const Network& network, std::size_t images);

  /// Output `i` of images [first, first + count) as it lies in the DRAM.
  void take(std::size_t i, std::span<const std::byte> stored, std::size_t first, std::size_t count);
  std::vector<workloads::Tensor> finish() { return std::move(tensors_); }

 private:
  const Network& network_;
  std::vector<workloads::Tensor> tensors_;
};

}  // namespace systolog::sim
