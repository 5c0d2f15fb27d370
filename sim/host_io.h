// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sim/network.h"
#include "workloads/tensor.h"

namespace systolog::sim {

/// Images [first, first + count) of a [N, C, H, W] tensor as the accelerator reads them: codes,
/// [image, height, width, channels].
std::vector<std::byte> encode_images(const Network& network, const workloads::Tensor& images,
                                     std::size_t first, std::size_t count);

/// The same for any value: images of a [N, C, H, W] tensor of its values.
std::vector<std::byte> encode_value(const Network& network, std::size_t value,
                                    const workloads::Tensor& values, std::size_t first,
                                    std::size_t count);

/// Images [first, first + count) of the network's fed value `fed`, of `images` in all.
std::span<const std::byte> fed_codes(const Network& network, std::size_t images, std::size_t fed,
                                     std::size_t first, std::size_t count);

/// The output codes of `count` images as FP32 in the model's own order, to `values`
/// [count, features] or [count, C, H, W].
void decode_outputs(const Network& network, std::span<const std::byte> codes, std::size_t count,
                    std::span<float> values);

/// A tensor for the outputs of `images` images.
workloads::Tensor output_tensor(const Network& network, std::size_t images);

}  // namespace systolog::sim
