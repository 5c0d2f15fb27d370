// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "workloads/graph.h"

namespace systolog::workloads::onnx_import {

/// An activation as an ONNX model sees it, over a node of our graph, which is always channels x
/// height x width. A Transpose of the model, as between NCHW and NHWC, changes the view only;
/// data moves where a reader needs it in another order.
struct View {
  std::size_t node = 0;
  std::vector<std::size_t> dims;  // without the batch
  /// Which of the node's axes (0 channels, 1 height, 2 width) each dimension is; the node's other
  /// axes are of size 1. Empty where there are more than three dimensions: then they are the
  /// node's elements row by row.
  std::vector<std::size_t> axes;

  bool has_axes() const { return !axes.empty(); }
};

/// Dimensions an activation of up to three has as a Shape: features, a series or an image. More
/// are folded into three.
Shape shape_for(const std::vector<std::size_t>& dims);

/// The node as its shape says.
View plain_view(std::size_t node, const Shape& shape);

/// Whether the view's elements follow each other as the node's do.
bool in_order(const View& view);

}  // namespace systolog::workloads::onnx_import
