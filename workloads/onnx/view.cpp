// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/view.h"

#include <algorithm>

namespace systolog::workloads::onnx_import {

Shape shape_for(const std::vector<std::size_t>& dims) {
  if (dims.empty()) return {.channels = 1, .is_vector = true};
  if (dims.size() == 1) return {.channels = dims[0], .is_vector = true};
  if (dims.size() == 2) return {.channels = dims[0], .width = dims[1], .is_series = true};
  Shape shape{.channels = dims.front(), .width = dims.back()};
  for (std::size_t d = 1; d + 1 < dims.size(); ++d) shape.height *= dims[d];
  return shape;
}

View plain_view(std::size_t node, const Shape& shape) {
  if (shape.is_vector) return {node, {shape.channels}, {0}};
  if (shape.is_series) return {node, {shape.channels, shape.width}, {0, 2}};
  return {node, {shape.channels, shape.height, shape.width}, {0, 1, 2}};
}

bool in_order(const View& view) {
  std::vector<std::size_t> moving;  // dimensions of size 1 have no place in the order
  for (std::size_t d = 0; d < view.axes.size(); ++d) {
    if (view.dims[d] != 1) moving.push_back(view.axes[d]);
  }
  return std::ranges::is_sorted(moving);
}

}  // namespace systolog::workloads::onnx_import
