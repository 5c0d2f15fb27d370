// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "workloads/graph.h"
#include "workloads/onnx/node_import.h"

namespace systolog::workloads::onnx_import {

/// Reads strides, dilations, pads and auto_pad; the kernel is in `window` already. `in` is the
/// shape that auto_pad refers to.
void read_window(NodeImport& node, const Shape& in, Window& window);

/// ceil_mode = 1: enlarges the pads at the end until rounding the output size down gives what
/// rounding up would have given.
/// A window that would begin beyond the image and the pads before it is left out.
void round_up(const Shape& in, Window& window);

}  // namespace systolog::workloads::onnx_import
