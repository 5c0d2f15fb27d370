// SPDX-License-Identifier: Apache-2.0
#include "sim/activation_map.h"

#include <cassert>

#include "models/packed_codes.h"

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
  const Value& v = network_.values[value];
  return v.shape.height * v.shape.width * models::bytes_of(v.shape.channels, network_.width_of(v)) *
         batch_;
}

Transfer ActivationMap::tile(std::size_t value, Block images, Block rows, Block columns,
                             Block channels, Scratchpad scratchpad, std::uint64_t local) const {
  const auto& shape = network_.values[value].shape;
  const std::uint32_t width = network_.width_of(network_.values[value]);
  const std::uint64_t pixel = models::bytes_of(shape.channels, width), row = shape.width * pixel,
                      image = shape.height * row;
  assert(channels.first * width % 8 == 0);
  Transfer t;
  t.scratchpad = scratchpad;
  t.run_bytes = static_cast<std::uint32_t>(models::bytes_of(channels.count, width));
  t.count = {images.count, rows.count, columns.count};
  t.dram.address = address(value) + images.first * image + rows.first * row +
                   columns.first * pixel + models::bytes_of(channels.first, width);
  t.dram.stride = {image, row, pixel};
  t.local.address = local;
  const std::uint64_t local_row = std::uint64_t{columns.count} * t.run_bytes;
  t.local.stride = {rows.count * local_row, local_row, t.run_bytes};
  return t;
}

Transfer ActivationMap::features(std::size_t value, Block images, Block features,
                                 std::uint64_t local) const {
  const std::uint32_t width = network_.width_of(network_.values[value]);
  const std::uint64_t image = value_bytes(value) / batch_;
  assert(features.first * width % 8 == 0);
  Transfer t;
  t.scratchpad = Scratchpad::kInput;
  t.run_bytes = static_cast<std::uint32_t>(models::bytes_of(features.count, width));
  t.count = {1, 1, images.count};
  t.dram.address = address(value) + images.first * image + models::bytes_of(features.first, width);
  t.dram.stride = {0, 0, image};
  t.local.address = local;
  t.local.stride = {0, 0, t.run_bytes};
  return t;
}

}  // namespace systolog::sim
