// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/window.h"

#include <algorithm>

#include "models/user_error.h"

namespace systolog::workloads::onnx_import {

namespace {

struct Pads {
  std::size_t begin, end;
};

/// SAME_*: as many outputs as ceil(size / stride); an odd pad's extra pixel goes to the end
/// (SAME_UPPER) or the beginning (SAME_LOWER). [ONNX operators, Conv, auto_pad]
Pads same_pads(std::size_t size, std::size_t kernel, std::size_t stride, std::size_t dilation,
               bool upper) {
  const std::size_t outputs = (size + stride - 1) / stride;
  const std::size_t reach = (outputs - 1) * stride + dilation * (kernel - 1) + 1;
  const std::size_t total = reach > size ? reach - size : 0;
  const std::size_t half = total / 2;
  return upper ? Pads{half, total - half} : Pads{total - half, half};
}

/// Pixels missing at the end for one more, incomplete window.
std::size_t missing(std::size_t size, std::size_t kernel, std::size_t stride, std::size_t dilation,
                    std::size_t pad_begin, std::size_t pad_end) {
  const std::size_t pads = pad_begin + pad_end;
  const std::size_t extent = dilation * (kernel - 1) + 1;
  if (extent > size + pads) return 0;  // no window at all: shape inference refuses it
  const std::size_t rest = (size + pads - extent) % stride;
  const std::size_t next = (size + pads - extent) - rest + stride;  // beginning of one more
  return rest == 0 || next >= size + pad_begin ? 0 : stride - rest;
}

}  // namespace

void read_window(NodeImport& node, const Shape& in, Window& w) {
  const std::size_t axes = in.spatial_axes();
  const auto strides = node.attributes.sizes("strides", axes, 1, kMaxWindow);
  const auto dilations = node.attributes.sizes("dilations", axes, 1, kMaxWindow);
  const auto pads = node.attributes.sizes("pads", 2 * axes, 0, kMaxWindow);
  const std::string auto_pad = node.attributes.text("auto_pad", "NOTSET");
  // A series is an image of one row.
  if (!strides.empty()) w.stride_h = axes == 1 ? 1 : strides[0], w.stride_w = strides.back();
  if (!dilations.empty()) {
    w.dilation_h = axes == 1 ? 1 : dilations[0], w.dilation_w = dilations.back();
  }
  if (auto_pad == "NOTSET") {
    if (pads.empty()) return;
    w.pad_left = pads[axes - 1], w.pad_right = pads[2 * axes - 1];
    if (axes == 2) w.pad_top = pads[0], w.pad_bottom = pads[2];
    return;
  }
  if (std::ranges::any_of(pads, [](std::size_t pad) { return pad != 0; })) {
    throw UserError("attributes 'pads' and 'auto_pad' (" + printable(auto_pad) +
                    ") are both given, allowed one of them");
  }
  if (auto_pad == "VALID") return;
  if (auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") {
    throw UserError("attribute 'auto_pad': got '" + printable(auto_pad) +
                    "', allowed NOTSET, VALID, SAME_UPPER, SAME_LOWER");
  }
  const bool upper = auto_pad == "SAME_UPPER";
  const Pads rows = same_pads(in.height, w.kernel_h, w.stride_h, w.dilation_h, upper);
  const Pads columns = same_pads(in.width, w.kernel_w, w.stride_w, w.dilation_w, upper);
  w.pad_top = rows.begin, w.pad_bottom = rows.end;
  w.pad_left = columns.begin, w.pad_right = columns.end;
}

void round_up(const Shape& in, Window& w) {
  const std::size_t rows =
      missing(in.height, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom);
  const std::size_t columns =
      missing(in.width, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right);
  w.pad_bottom += rows;
  w.pad_right += columns;
}

}  // namespace systolog::workloads::onnx_import
