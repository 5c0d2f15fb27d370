// SPDX-License-Identifier: Apache-2.0
#include "sim/tile_writer.h"

#include <string>
#include <utility>

#include "models/user_error.h"

namespace systolog::sim {
namespace {

using memory::Scratchpad;
using memory::Transfer;

TilingChoice choice_of(const LayerGroup& group, bool has_energy) {
  const LayerShape& s = group.shape;
  const Tiling& t = group.search.tiling;
  const TileCounts n = tile_counts(s, t);
  const PixelTile first = pixel_tiles(s, t).front();
  TilingChoice c;
  c.images = t.images;
  c.out_rows = t.out_rows;
  c.out_columns = t.out_columns;
  c.channels = t.channels;
  c.filters = s.is_matmul ? t.filters : t.channels;
  c.groups = t.groups;
  c.tiles = n.all();
  c.loop_order = s.is_matmul ? std::string(name_of(t.order)) : "channels, pixels";
  if (s.is_matmul) {
    c.m = first.own_pixels();
    c.k = s.window.kernel_h * s.window.kernel_w * t.channels;
    c.n = t.filters;
    c.sums = t.spills_sums          ? TilingChoice::Sums::kSpilled
             : held_tiles(n, t) > 1 ? TilingChoice::Sums::kHeld
                                    : TilingChoice::Sums::kOneTile;
  }
  c.estimated_cycles = group.search.cost.cycles;
  c.estimated_dram_bytes = group.search.cost.dram_bytes;
  if (has_energy) c.estimated_energy_pj = group.search.cost.energy_pj;
  c.candidates = group.search.candidates;
  return c;
}

/// About what the constants take, so that they are not copied while they grow.
std::size_t constants_of(const Network& network) {
  std::size_t bytes = 0;
  for (const Layer& layer : network.layers) {
    if (const auto* matmul = std::get_if<MatmulLayer>(&layer.work)) {
      bytes +=
          matmul->weights.size() + matmul->bias.size() + matmul->requantise.size() * sizeof(float);
    }
  }
  return bytes + bytes / 64;  // tiles are aligned
}

}  // namespace

std::vector<PixelTile> pixel_tiles(const LayerShape& shape, const Tiling& tiling) {
  std::vector<PixelTile> list;
  for (const Block images : blocks(shape.images, tiling.images)) {
    for (const Block rows : blocks(shape.out_rows, tiling.out_rows)) {
      for (const Block columns : blocks(shape.out_columns, tiling.out_columns)) {
        PixelTile tile{images, rows, columns, shape.own_rows(rows), shape.own_columns(columns),
                       {},     {}};
        tile.input_rows = shape.input_rows(tile.own_rows);
        tile.input_columns = shape.input_columns(tile.own_columns);
        list.push_back(tile);
      }
    }
  }
  return list;
}

TileWriter::TileWriter(const Network& network, const AcceleratorConfig& config, std::uint32_t batch)
    : network_(network),
      config_(config),
      batch_(batch),
      activations_(network, batch),
      builder_(network.values.size(), config.unified_sram),
      input_(config.input_sram.capacity_bytes, config.input_sram.double_buffered),
      weight_(config.weight_sram.capacity_bytes, config.weight_sram.double_buffered),
      output_(config.output_sram.capacity_bytes, config.output_sram.double_buffered),
      operands_(config.input_sram.capacity_bytes) {
  program().batch = batch;
  if (network.has_values) program().constants.reserve(constants_of(network));
}

void TileWriter::begin(const LayerGroup& group) {
  group_ = group.first;
  builder_.begin_group();
  builder_.set_layer(group.first);
  input_.use(0, config_.input_sram.capacity_bytes);
  if (std::holds_alternative<MoveLayer>(layer(group.first).work)) {
    if (config_.unified_sram) divide({.input = 1, .weight = 0, .output = 1});
    return;
  }
  const Footprint f =
      TileModel(group.shape, arithmetic(), config_, nullptr).footprint(group.search.tiling);
  TilingChoice choice = choice_of(group, group.search.cost.energy_pj > 0);
  if (config_.unified_sram) {
    divide(f);
    choice.division = {input_.size(), weight_.size(), output_.size()};
  }
  // The operands of a fused addition have the end of the input scratchpad, for two tiles where it
  // does.
  const std::uint64_t end = input_.end();
  std::uint64_t begin = f.fits(config_, 2) ? end - 2 * f.operand : end - f.operand;
  begin = begin / RingAllocator::kAlignment * RingAllocator::kAlignment;
  input_.use(0, f.operand > 0 ? begin : end);
  operands_.use(f.operand > 0 ? begin : 0, end);
  note(choice, group.first, group.count);
}

/// Cuts a unified scratchpad into the parts of a group: each tile once or, where that fits, twice,
/// and what is left in the same proportion.
void TileWriter::divide(const Footprint& f) {
  constexpr std::uint64_t kUnit = RingAllocator::kAlignment;
  const std::uint64_t copies = f.fits(config_, 2) ? 2 : 1;
  const std::uint64_t units = config_.input_sram.capacity_bytes / kUnit;
  const std::uint64_t all = f.all() / kUnit, spare = units - copies * all;
  const auto part = [&](std::uint64_t bytes) {
    const std::uint64_t tile = RingAllocator::align(bytes) / kUnit;
    return (copies * tile + spare * tile / all) * kUnit;
  };
  const std::uint64_t weight = part(RingAllocator::align(f.input) + f.operand);
  const std::uint64_t output = weight + part(f.weight);
  input_.use(0, weight);
  weight_.use(weight, output);
  output_.use(output, units * kUnit);
}

void TileWriter::note(const TilingChoice& choice, std::size_t first, std::size_t count) {
  program().tilings.insert(program().tilings.end(), count, choice);
  program().group_of.insert(program().group_of.end(), count, static_cast<std::uint32_t>(first));
}

TileWriter::Region TileWriter::place_constants(std::uint64_t bytes) {
  Program& p = program();
  const std::uint64_t begin = ActivationMap::align(p.constant_bytes);
  p.constant_bytes = begin + bytes;
  if (network_.has_values) p.constants.resize(p.constant_bytes);
  return {begin, p.constant_bytes};
}

std::span<std::byte> TileWriter::constants(Region placed) {
  if (!network_.has_values) return {};
  return std::span(program().constants).subspan(placed.begin, placed.end - placed.begin);
}

void TileWriter::load_constants(std::uint64_t address, Region region) {
  Transfer t;
  t.scratchpad = Scratchpad::kWeight;
  t.dram.address = address;
  t.local.address = region.begin;
  t.run_bytes = static_cast<std::uint32_t>(region.end - region.begin);
  builder_.add(t, kDramConstants);
}

void TileWriter::load_tile(std::size_t value, Block images, Block rows, Block columns,
                           Block channels, std::uint64_t local) {
  builder_.add(activations_.tile(value, images, rows, columns, channels, Scratchpad::kInput, local),
               dram_of(value));
}

void TileWriter::move_sums(Transfer::Direction direction, std::uint64_t offset, std::uint64_t local,
                           std::uint64_t bytes) {
  Transfer t;
  t.direction = direction;
  t.scratchpad = Scratchpad::kOutput;
  t.dram.address = kSpillBase + offset;
  t.local.address = local;
  t.run_bytes = static_cast<std::uint32_t>(bytes);
  spill_bytes_ = std::max(spill_bytes_, offset + bytes);
  builder_.add(t, kDramSpill);
}

pe::VectorOp TileWriter::vector_op(const Layer& layer, const Extent& rows,
                                   const Extent& columns) const {
  const auto& work = std::get<VectorLayer>(layer.work);
  pe::VectorOp v;
  v.opcode = work.opcode;
  v.activation = work.activation;
  v.a = work.a;
  v.b = work.b;
  v.second_per_channel = work.second_per_channel ? 1 : 0;
  v.in = network_.values[layer.inputs[0]].quantisation;
  v.out = network_.values[layer.output].quantisation;
  v.packed_input = network_.values[layer.inputs[0]].packed ? 1 : 0;
  v.packed_output = network_.values[layer.output].packed ? 1 : 0;
  if (layer.inputs.size() > 1) {
    v.second = network_.values[layer.inputs[1]].quantisation;
    v.packed_second = network_.values[layer.inputs[1]].packed ? 1 : 0;
  }
  v.arithmetic = v.out_arithmetic = static_cast<std::uint32_t>(layer.arithmetic);
  // Only a conversion reads another format than it writes.
  if (work.opcode == pe::VectorOpcode::kCopy) {
    v.arithmetic = static_cast<std::uint32_t>(network_.values[layer.inputs[0]].arithmetic);
  }
  set_window(v, work.window, rows, columns);
  if (work.count_include_pad) {
    // The end of the image and of the pads that count, from the tile's first row and column.
    const auto end = [](std::size_t size, std::size_t pad, std::size_t beyond, Extent tile) {
      return static_cast<std::int32_t>(size + pad - beyond) - static_cast<std::int32_t>(tile.begin);
    };
    const auto& in = network_.values[layer.inputs[0]].shape;
    v.count_include_pad = 1;
    v.counted_rows = end(in.height, work.window.pad_bottom, work.beyond_h, rows);
    v.counted_columns = end(in.width, work.window.pad_right, work.beyond_w, columns);
  }
  return v;
}

std::uint32_t TileWriter::dram_of(std::size_t value) const {
  return kDramValues + static_cast<std::uint32_t>(network_.root_of(value));
}

void TileWriter::finish_tile(const LayerGroup& group, const PixelTile& tile, Block channels,
                             std::uint64_t address, std::uint64_t pooled) {
  bool pooled_yet = false;
  for (std::size_t i = group.first + 1; i < group.first + group.count; ++i) {
    const std::uint64_t next =
        fused_layer(i, layer(i - 1).output, tile, pooled_yet, channels, address, pooled);
    pooled_yet = pooled_yet || next != address;
    address = next;
  }
  const std::size_t last = group.first + group.count - 1;
  builder_.set_layer(last);
  Transfer store = activations_.tile(layer(last).output, tile.images, tile.rows, tile.columns,
                                     channels, Scratchpad::kOutput, address);
  store.direction = Transfer::Direction::kStore;
  builder_.add(store, dram_of(layer(last).output));
  builder_.set_layer(group.first);
}

/// Element by element in place, a pool to `pooled`; returns where the result lies.
std::uint64_t TileWriter::fused_layer(std::size_t index, std::size_t chained, const PixelTile& tile,
                                      bool pooled_yet, Block channels, std::uint64_t address,
                                      std::uint64_t pooled) {
  builder_.set_layer(index);
  const Layer& l = layer(index);
  const Block rows = pooled_yet ? tile.rows : tile.own_rows.block();
  const Block columns = pooled_yet ? tile.columns : tile.own_columns.block();
  const auto& work = std::get<VectorLayer>(l.work);
  const bool pools =
      work.opcode == pe::VectorOpcode::kMaxPool || work.opcode == pe::VectorOpcode::kAveragePool;
  Extent first_rows{rows.first, rows.count, 0}, first_columns{columns.first, columns.count, 0};
  if (pools) {
    const auto& in = network_.values[l.inputs[0]].shape;
    const auto& w = work.window;
    first_rows =
        input_extent(tile.rows.first, tile.rows.count, static_cast<std::uint32_t>(in.height),
                     w.kernel_h, w.stride_h, w.pad_top, w.dilation_h);
    first_columns =
        input_extent(tile.columns.first, tile.columns.count, static_cast<std::uint32_t>(in.width),
                     w.kernel_w, w.stride_w, w.pad_left, w.dilation_w);
  }
  pe::VectorOp v = vector_op(l, first_rows, first_columns);
  v.images = tile.images.count;
  v.channels = channels.count;
  v.rows = v.out_rows = rows.count;
  v.columns = v.out_columns = columns.count;
  v.input_address = v.output_address = address;
  v.chained = pe::ChainedOperand::kFirst;
  if (pools) {
    v.out_rows = tile.rows.count;
    v.out_columns = tile.columns.count;
    v.output_address = pooled;
  }
  // All tensors of a group are packed, or none.
  const std::uint64_t bytes = v.input_bytes(arithmetic());
  std::vector<MemoryRange> ranges{range(Scratchpad::kOutput, address, bytes, false)};
  if (l.inputs.size() > 1) {
    const bool is_first = l.inputs[0] == chained;
    const std::size_t other = l.inputs[is_first ? 1 : 0];
    const Region region = operands_.allocate(bytes);
    load_tile(other, tile.images, rows, columns, channels, region.begin);
    ranges.push_back(range(Scratchpad::kInput, region.begin, bytes, false));
    v.second_address = region.begin;
    if (!is_first) {
      v.chained = pe::ChainedOperand::kSecond;
      std::swap(v.input_address, v.second_address);
    }
  }
  ranges.push_back(
      range(Scratchpad::kOutput, v.output_address, v.output_bytes(arithmetic()), true));
  const std::uint64_t result = v.output_address;
  builder_.add(v, std::move(ranges));
  return result;
}

Program TileWriter::finish() {
  Program& p = program();
  const std::uint64_t base = ActivationMap::align(p.constant_bytes);
  const std::uint64_t spill = base + activations_.bytes();
  for (Command& command : p.commands) {
    auto* transfer = std::get_if<Transfer>(&command.work);
    if (transfer == nullptr || transfer->dram.address < ActivationMap::kBase) continue;
    std::uint64_t& address = transfer->dram.address;
    address = address >= kSpillBase ? address - kSpillBase + spill
                                    : address - ActivationMap::kBase + base;
  }
  p.input_address = base + activations_.address(0) - ActivationMap::kBase;
  p.input_bytes = activations_.value_bytes(0);
  for (const NetworkOutput& output : network_.outputs) {
    p.outputs.push_back({base + activations_.address(output.value) - ActivationMap::kBase,
                         activations_.value_bytes(output.value)});
  }
  for (const FedValue& fed : network_.fed) {
    p.fed_addresses.push_back(base + activations_.address(fed.value) - ActivationMap::kBase);
  }
  p.spill_address = spill;
  p.dram_bytes = spill + spill_bytes_;
  if (p.dram_bytes > config_.dram.capacity_bytes) {
    throw UserError("needs " + std::to_string(p.dram_bytes) + " bytes of DRAM, " +
                    (config_.dram.device ? "the device of /memory/dram has "
                                         : "/memory/dram/capacity_bytes is ") +
                    std::to_string(config_.dram.capacity_bytes));
  }
  return std::move(p);
}

}  // namespace systolog::sim
