// SPDX-License-Identifier: Apache-2.0
#include "sim/vector_compiler.h"

#include <cstring>
#include <utility>

namespace systolog::sim {
namespace {

using memory::Scratchpad;
using Region = TileWriter::Region;

Region load_parameters(TileWriter& writer, const VectorLayer& work, std::uint32_t channels,
                       Block block) {
  if (work.parameters.empty()) return {};
  const std::uint64_t row_bytes = block.count * sizeof(float);
  const Region placed = writer.place_constants(2 * row_bytes);
  if (const auto bytes = writer.constants(placed); !bytes.empty()) {
    for (std::size_t row = 0; row < 2; ++row) {
      std::memcpy(bytes.data() + row * row_bytes,
                  work.parameters.data() + row * channels + block.first, row_bytes);
    }
  }
  const Region region = writer.allocate_weight(2 * row_bytes);
  writer.load_constants(placed.begin, region);
  return region;
}

void vector_tile(TileWriter& writer, const LayerGroup& group, const PixelTile& p, Block channels,
                 Region parameters) {
  const Layer& layer = writer.layer(group.first);
  const Network& network = writer.network();
  const models::Arithmetic& in_arithmetic = network.arithmetic_of(network.values[layer.inputs[0]]);
  pe::VectorOp v = writer.vector_op(layer, p.input_rows, p.input_columns);
  v.images = p.images.count;
  v.channels = channels.count;
  v.rows = p.input_rows.count;
  v.columns = p.input_columns.count;
  v.out_rows = p.own_rows.count;
  v.out_columns = p.own_columns.count;

  const std::uint64_t bytes[] = {v.input_bytes(in_arithmetic), v.second_bytes(in_arithmetic)};
  const std::uint64_t second_local = RingAllocator::align(bytes[0]);
  const Region in = writer.allocate_input(second_local + RingAllocator::align(bytes[1]));
  std::vector<MemoryRange> ranges;
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    const std::uint64_t local = in.begin + i * second_local;
    const bool one_pixel = i == 1 && v.second_per_channel != 0;
    writer.load_tile(layer.inputs[i], p.images, one_pixel ? Block{} : p.input_rows.block(),
                     one_pixel ? Block{} : p.input_columns.block(), channels, local);
    (i == 0 ? v.input_address : v.second_address) = local;
    ranges.push_back(TileWriter::range(Scratchpad::kInput, local, bytes[i], false));
  }
  if (parameters.end > parameters.begin) {
    v.parameter_address = parameters.begin;
    ranges.push_back(TileWriter::range(Scratchpad::kWeight, parameters.begin,
                                       parameters.end - parameters.begin, false));
  }
  const OutputTile tile = TileModel(group.shape, writer.arithmetic(), writer.config(), nullptr)
                              .output_tile(p.own_pixels(), p.pixels(), channels.count);
  const Region out = writer.allocate_output(tile.bytes());
  v.output_address = out.begin;
  ranges.push_back(
      TileWriter::range(Scratchpad::kOutput, out.begin, v.output_bytes(writer.arithmetic()), true));
  writer.builder().add(v, std::move(ranges));
  writer.finish_tile(group, p, channels, out.begin, out.begin + tile.codes);
}

}  // namespace

void compile_vector(TileWriter& writer, const LayerGroup& group) {
  const auto& work = std::get<VectorLayer>(writer.layer(group.first).work);
  const Tiling& t = group.search.tiling;
  const auto pixels = pixel_tiles(group.shape, t);
  for (const Block channels : blocks(group.shape.channels, t.channels)) {
    const Region parameters = load_parameters(writer, work, group.shape.channels, channels);
    for (const PixelTile& p : pixels) vector_tile(writer, group, p, channels, parameters);
  }
}

}  // namespace systolog::sim
