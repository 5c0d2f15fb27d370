// SPDX-License-Identifier: Apache-2.0
#include "sim/move_compiler.h"

#include <algorithm>
#include <utility>

#include "sim/moves.h"

namespace systolog::sim {
namespace {

using memory::Scratchpad;
using memory::Transfer;
using Region = TileWriter::Region;

/// Returns the bytes moved.
std::uint64_t move_tile(TileWriter& writer, const Layer& layer, const MoveLayer& work,
                        const Move& move, const MoveTile& tile) {
  const std::size_t input = layer.inputs[move.input];
  const Value& from = writer.network().values[input];
  const Value& to = writer.network().values[layer.output];
  pe::VectorOp v;
  v.opcode = move.fills ? pe::VectorOpcode::kFill : pe::VectorOpcode::kCopy;
  v.fill_code = work.fill_code;
  v.arithmetic = v.out_arithmetic = static_cast<std::uint32_t>(layer.arithmetic);
  v.channels = tile.row_codes;
  v.columns = v.out_columns = tile.codes / tile.row_codes;
  v.in = from.quantisation;
  v.out = to.quantisation;
  v.packed_input = from.packed ? 1 : 0;
  v.packed_output = to.packed ? 1 : 0;
  std::vector<MemoryRange> ranges;
  std::uint64_t moved = tile.store.bytes();
  if (!move.fills) {
    const std::uint64_t bytes = v.input_bytes(writer.arithmetic());
    const Region in = writer.allocate_input(bytes);
    Transfer load = tile.load;
    load.dram.address += writer.activations().address(input);
    load.local.address = v.input_address = in.begin;
    writer.builder().add(load, writer.dram_of(input));
    ranges.push_back(TileWriter::range(Scratchpad::kInput, in.begin, bytes, false));
    moved += load.bytes();
  }
  const std::uint64_t bytes = v.output_bytes(writer.arithmetic());
  const Region out = writer.allocate_output(bytes);
  v.output_address = out.begin;
  ranges.push_back(TileWriter::range(Scratchpad::kOutput, out.begin, bytes, true));
  writer.builder().add(v, std::move(ranges));
  Transfer store = tile.store;
  store.dram.address += writer.activations().address(layer.output);
  store.local.address = out.begin;
  writer.builder().add(store, writer.dram_of(layer.output));
  return moved;
}

}  // namespace

void compile_move(TileWriter& writer, std::size_t index) {
  const Layer& layer = writer.layer(index);
  const auto& work = std::get<MoveLayer>(layer.work);
  const auto tensor = [&](std::size_t value) {
    const Value& v = writer.network().values[value];
    return MovedTensor{v.shape, writer.network().width_of(v), v.packed};
  };
  const std::uint64_t code = writer.arithmetic().code_bytes();
  // Half of a scratchpad: the next tile loads while this one is stored.
  const std::uint64_t room = std::min(writer.input_bytes(), writer.output_bytes()) / 2;
  const std::uint64_t most = room / RingAllocator::align(1) * RingAllocator::align(1) / code;
  TilingChoice choice;
  choice.images = writer.batch();
  choice.tiles = 0;
  choice.loop_order = "moves";
  const MovedTensor out = tensor(layer.output);
  for (const Move& move : work.moves) {
    // What fills is described by its output alone.
    const MovedTensor in = move.fills ? out : tensor(layer.inputs[move.input]);
    for (const MoveTile& tile :
         move_tiles(move, writer.batch(), in, out, std::max<std::uint64_t>(most, 1))) {
      choice.estimated_dram_bytes += move_tile(writer, layer, work, move, tile);
      ++choice.tiles;
    }
  }
  writer.note(choice, index, 1);
}

}  // namespace systolog::sim
