// SPDX-License-Identifier: Apache-2.0
#include "sim/activation_map.h"

namespace systolog::sim {

using memory::Scratchpad;
using memory::Transfer;

ActivationMap::ActivationMap(const Network& network, std::uint32_t batch)
    : network_(network), batch_(batch) {
  for (std::size_t v = 0; v < network.values.size(); ++v) {
    if (const auto& same = network.values[v].same_bytes_as) {
      offset_.push_back(offset_[*same]);
      continue;
    }
    offset_.push_back(bytes_);
    bytes_ += align(value_bytes(v));
  }
}

std::uint64_t ActivationMap::value_bytes(std::size_t value) const {
  return network_.values[value].shape.count() *
         network_.arithmetic_of(network_.values[value]).code_bytes() * batch_;
}

Transfer ActivationMap::tile(std::size_t value, Block images, Block rows, Block columns,
                             Block channels, Scratchpad scratchpad, std::uint64_t local) const {
  const auto& shape = network_.values[value].shape;
  const std::uint64_t code = network_.arithmetic_of(network_.values[value]).code_bytes();
  const std::uint64_t pixel = shape.channels * code, row = shape.width * pixel,
                      image = shape.height * row;
  Transfer t;
  t.scratchpad = scratchpad;
  t.run_bytes = static_cast<std::uint32_t>(channels.count * code);
  t.count = {images.count, rows.count, columns.count};
  t.dram.address = address(value) + images.first * image + rows.first * row +
                   columns.first * pixel + channels.first * code;
  t.dram.stride = {image, row, pixel};
  t.local.address = local;
  const std::uint64_t local_row = std::uint64_t{columns.count} * t.run_bytes;
  t.local.stride = {rows.count * local_row, local_row, t.run_bytes};
  return t;
}

Transfer ActivationMap::features(std::size_t value, Block images, Block features,
                                 std::uint64_t local) const {
  const std::uint64_t code = network_.arithmetic_of(network_.values[value]).code_bytes();
  const std::uint64_t image = network_.values[value].shape.count() * code;
  Transfer t;
  t.scratchpad = Scratchpad::kInput;
  t.run_bytes = static_cast<std::uint32_t>(features.count * code);
  t.count = {1, 1, images.count};
  t.dram.address = address(value) + images.first * image + features.first * code;
  t.dram.stride = {0, 0, image};
  t.local.address = local;
  t.local.stride = {0, 0, t.run_bytes};
  return t;
}

}  // namespace systolog::sim
