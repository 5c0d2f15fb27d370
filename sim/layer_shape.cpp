// SPDX-License-Identifier: Apache-2.0
#include "sim/layer_shape.h"

namespace systolog::sim {
namespace {

std::uint32_t u32(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

/// Windows side by side that share no pixel and leave none out.
bool partitions(std::uint32_t in, std::uint32_t out, std::size_t kernel, std::size_t stride,
                std::size_t pad) {
  return out * stride == in && kernel == stride && pad == 0;
}

}  // namespace

std::vector<Block> blocks(std::uint32_t n, std::uint32_t tile) {
  std::vector<Block> list;
  for (std::uint32_t first = 0; first < n; first += tile) {
    list.push_back({first, std::min(tile, n - first)});
  }
  return list;
}

Extent input_extent(std::uint32_t first, std::uint32_t count, std::uint32_t in_size,
                    std::size_t kernel, std::size_t stride, std::size_t pad, std::size_t dilation) {
  const auto start = static_cast<std::int64_t>(first * stride) - static_cast<std::int64_t>(pad);
  const auto end =
      start + static_cast<std::int64_t>((count - 1) * stride + (kernel - 1) * dilation) + 1;
  // A window wholly in the padding still reads one row: tiles are never empty.
  const auto last = static_cast<std::int64_t>(in_size);
  const std::int64_t begin = std::clamp<std::int64_t>(start, 0, last - 1);
  const std::int64_t stop = std::clamp<std::int64_t>(end, begin + 1, last);
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(stop - begin),
          static_cast<std::int32_t>(start - begin)};
}

Extent LayerShape::own_rows(Block rows) const {
  if (!fused.pool) return {rows.first, rows.count, 0};
  const auto& w = *fused.pool;
  return input_extent(rows.first, rows.count, pooled_rows, w.kernel_h, w.stride_h, w.pad_top,
                      w.dilation_h);
}

Extent LayerShape::own_columns(Block columns) const {
  if (!fused.pool) return {columns.first, columns.count, 0};
  const auto& w = *fused.pool;
  return input_extent(columns.first, columns.count, pooled_columns, w.kernel_w, w.stride_w,
                      w.pad_left, w.dilation_w);
}

Extent LayerShape::input_rows(Extent own) const {
  return input_extent(own.begin, own.count, in_rows, window.kernel_h, window.stride_h,
                      window.pad_top, window.dilation_h);
}

Extent LayerShape::input_columns(Extent own) const {
  return input_extent(own.begin, own.count, in_columns, window.kernel_w, window.stride_w,
                      window.pad_left, window.dilation_w);
}

bool LayerShape::cuts_rows() const {
  if (!fused.pool) return true;
  const auto& w = *fused.pool;
  return partitions(pooled_rows, out_rows, w.kernel_h, w.stride_h, w.pad_top);
}

bool LayerShape::cuts_columns() const {
  if (!fused.pool) return true;
  const auto& w = *fused.pool;
  return partitions(pooled_columns, out_columns, w.kernel_w, w.stride_w, w.pad_left);
}

LayerShape shape_of(const Network& network, const Layer& layer, std::uint32_t batch) {
  const auto& in = network.values[layer.inputs[0]].shape;
  const auto& out = network.values[layer.output].shape;
  LayerShape s;
  s.images = batch;
  s.in_rows = u32(in.height);
  s.in_columns = u32(in.width);
  s.out_rows = u32(out.height);
  s.out_columns = u32(out.width);
  s.operands = u32(layer.inputs.size());
  s.in_width = network.width_of(network.values[layer.inputs.front()]);
  s.second_width = network.width_of(network.values[layer.inputs.back()]);
  s.out_width = network.width_of(network.values[layer.output]);
  if (const auto* matmul = std::get_if<MatmulLayer>(&layer.work)) {
    const models::Arithmetic& a = network.arithmetic_of(layer);
    s.is_matmul = true;
    s.weight_width = models::width_of(a, matmul->packs_weights);
    s.window = matmul->window;
    s.groups = matmul->groups;
    s.channels = matmul->channels / matmul->groups;
    s.filters = matmul->filters / matmul->groups;
    s.parameter_bytes = (matmul->bias.empty() ? 0 : a.bias_bytes()) +
                        (matmul->requantise.empty() ? 0 : sizeof(float));
    // A fully connected layer reads its input as one pixel, however it lies.
    if (layer.op == "gemm") s.in_rows = s.in_columns = 1;
  } else {
    const auto& vector = std::get<VectorLayer>(layer.work);
    s.window = vector.window;
    s.channels = u32(in.channels);
    s.parameter_bytes = vector.parameters.empty() ? 0 : 2 * sizeof(float);
    s.second_per_channel = vector.second_per_channel;
    s.channels_whole = vector.opcode == pe::VectorOpcode::kSoftmax;
  }
  return s;
}

}  // namespace systolog::sim
