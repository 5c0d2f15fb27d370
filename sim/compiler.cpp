// SPDX-License-Identifier: Apache-2.0
#include "sim/compiler.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <tuple>

#include "models/user_error.h"
#include "sim/activation_map.h"
#include "sim/moves.h"
#include "sim/program_builder.h"
#include "sim/ring_allocator.h"
#include "sim/tiling.h"
#include "sim/weight_tile.h"

namespace systolog::sim {
namespace {

using memory::Scratchpad;
using memory::Transfer;
using Region = RingAllocator::Region;

std::uint32_t u32(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

std::vector<Block> blocks(std::uint32_t n, std::uint32_t tile) {
  std::vector<Block> list;
  for (std::uint32_t first = 0; first < n; first += tile) {
    list.push_back({first, std::min(tile, n - first)});
  }
  return list;
}

/// Output pixels of one tile.
struct PixelBlock {
  Block images, rows, columns;
};

std::vector<PixelBlock> pixel_blocks(const LayerShape& shape, const Tiling& tiling) {
  std::vector<PixelBlock> list;
  for (const Block images : blocks(shape.images, tiling.images)) {
    for (const Block rows : blocks(shape.out_rows, tiling.out_rows)) {
      for (const Block columns : blocks(shape.out_columns, tiling.out_columns)) {
        list.push_back({images, rows, columns});
      }
    }
  }
  return list;
}

/// The part of a layer's input that a tile reads.
struct InputWindow {
  Extent rows, columns;
};

class Compiler {
 public:
  Compiler(const Network& network, const AcceleratorConfig& config, std::uint32_t batch)
      : network_(network),
        config_(config),
        arithmetic_(*network.arithmetic),
        batch_(batch),
        activations_(network, batch),
        input_(config.input_sram.capacity_bytes),
        weight_(config.weight_sram.capacity_bytes),
        output_(config.output_sram.capacity_bytes) {}

  Program run() {
    builder_.program().batch = batch_;
    for (const Layer& layer : network_.layers) {
      builder_.begin_layer();
      try {
        if (std::holds_alternative<MatmulLayer>(layer.work)) {
          compile_matmul(layer);
        } else if (std::holds_alternative<VectorLayer>(layer.work)) {
          compile_vector(layer);
        } else {
          compile_move(layer);
        }
      } catch (const UserError& error) {
        throw UserError(network_.name + ": " + error.what());
      }
    }
    return finish();
  }

 private:
  Program& program() { return builder_.program(); }

  Program finish() {
    Program& p = program();
    const std::uint64_t base = ActivationMap::align(p.constant_bytes);
    for (Command& command : p.commands) {
      auto* transfer = std::get_if<Transfer>(&command.work);
      if (transfer != nullptr && transfer->dram.address >= ActivationMap::kBase) {
        transfer->dram.address += base - ActivationMap::kBase;
      }
    }
    p.input_address = base + activations_.address(0) - ActivationMap::kBase;
    p.input_bytes = activations_.value_bytes(0);
    p.output_address = base + activations_.address(network_.output) - ActivationMap::kBase;
    p.output_bytes = activations_.value_bytes(network_.output);
    p.dram_bytes = base + activations_.bytes();
    if (p.dram_bytes > config_.dram.capacity_bytes) {
      throw UserError(network_.name + ": needs " + std::to_string(p.dram_bytes) +
                      " bytes of DRAM, /memory/dram/capacity_bytes is " +
                      std::to_string(config_.dram.capacity_bytes));
    }
    return std::move(p);
  }

  LayerShape shape_of(const Layer& layer, const workloads::Window& window) const {
    const auto& in = network_.values[layer.inputs[0]].shape;
    const auto& out = network_.values[layer.output].shape;
    LayerShape s;
    s.images = batch_;
    s.in_rows = u32(in.height);
    s.in_columns = u32(in.width);
    s.out_rows = u32(out.height);
    s.out_columns = u32(out.width);
    s.channels = u32(in.channels);
    s.window = window;
    s.operands = u32(layer.inputs.size());
    return s;
  }

  InputWindow window_of(const LayerShape& s, const PixelBlock& p) const {
    const auto& w = s.window;
    return {input_extent(p.rows.first, p.rows.count, s.in_rows, w.kernel_h, w.stride_h, w.pad_top,
                         w.dilation_h),
            input_extent(p.columns.first, p.columns.count, s.in_columns, w.kernel_w, w.stride_w,
                         w.pad_left, w.dilation_w)};
  }

  void load_tile(std::size_t value, const PixelBlock& p, const InputWindow& w, Block channels,
                 std::uint64_t local) {
    builder_.add(
        activations_.tile(value, p.images, {w.rows.begin, w.rows.count},
                          {w.columns.begin, w.columns.count}, channels, Scratchpad::kInput, local),
        /*constants=*/false);
  }

  void store_tile(std::size_t value, const PixelBlock& p, Block channels, std::uint64_t local) {
    Transfer t =
        activations_.tile(value, p.images, p.rows, p.columns, channels, Scratchpad::kOutput, local);
    t.direction = Transfer::Direction::kStore;
    builder_.add(t, /*constants=*/false);
  }

  /// The next free bytes of DRAM for constants.
  Region place_constants(std::uint64_t bytes) {
    Program& p = program();
    const std::uint64_t begin = ActivationMap::align(p.constant_bytes);
    p.constant_bytes = begin + bytes;
    if (network_.has_values) p.constants.resize(p.constant_bytes);
    return {begin, p.constant_bytes};
  }

  void load_constants(std::uint64_t address, Region region) {
    Transfer t;
    t.scratchpad = Scratchpad::kWeight;
    t.dram.address = address;
    t.local.address = region.begin;
    t.run_bytes = u32(region.end - region.begin);
    builder_.add(t, /*constants=*/true);
  }

  static MemoryRange range(Scratchpad scratchpad, std::uint64_t begin, std::uint64_t bytes,
                           bool write) {
    return {static_cast<std::uint32_t>(scratchpad), begin, begin + bytes, write};
  }

  // --- matmul layers --------------------------------------------------------------------------

  void compile_matmul(const Layer& layer) {
    const auto& work = std::get<MatmulLayer>(layer.work);
    LayerShape s = shape_of(layer, work.window);
    s.is_matmul = true;
    s.groups = work.groups;
    s.channels = work.channels / work.groups;
    s.filters = work.filters / work.groups;
    s.parameter_bytes = (work.bias.empty() ? 0 : arithmetic_.bias_bytes()) +
                        (work.requantise.empty() ? 0 : sizeof(float));
    // A fully connected layer reads its input as one pixel, however it lies.
    if (layer.op == "gemm") s.in_rows = s.in_columns = 1;
    const Tiling t = choose_tiling(s, layer.name, arithmetic_, config_);
    const auto pixels = pixel_blocks(s, t);
    const auto filter_blocks = blocks(s.filters, t.filters);
    note(s, t,
         pixels.size() * filter_blocks.size() * blocks(s.channels, t.channels).size() *
             blocks(s.groups, t.groups).size());
    forget_tiles();
    for (const Block groups : blocks(s.groups, t.groups)) {
      if (t.weights_outer) {
        for (const Block filters : filter_blocks) {
          for (const PixelBlock& p : pixels) output_tile(layer, work, s, t, groups, filters, p);
        }
      } else {
        for (const PixelBlock& p : pixels) {
          for (const Block filters : filter_blocks) {
            output_tile(layer, work, s, t, groups, filters, p);
          }
        }
      }
    }
  }

  void output_tile(const Layer& layer, const MatmulLayer& work, const LayerShape& s,
                   const Tiling& t, Block groups, Block filters, const PixelBlock& p) {
    const std::uint64_t code = arithmetic_.code_bytes(), acc = arithmetic_.accumulator_bytes();
    const InputWindow w = window_of(s, p);
    const auto channel_blocks = blocks(s.channels, t.channels);
    pe::Matmul m;
    m.images = p.images.count;
    m.rows = w.rows.count;
    m.columns = w.columns.count;
    m.out_rows = p.rows.count;
    m.out_columns = p.columns.count;
    m.groups = groups.count;
    m.filters = groups.count * filters.count;
    m.kernel_rows = u32(s.window.kernel_h);
    m.kernel_columns = u32(s.window.kernel_w);
    m.stride_rows = u32(s.window.stride_h);
    m.stride_columns = u32(s.window.stride_w);
    m.dilation_rows = u32(s.window.dilation_h);
    m.dilation_columns = u32(s.window.dilation_w);
    m.first_row = w.rows.first;
    m.first_column = w.columns.first;
    m.zero_code = work.zero_code;

    const std::uint64_t sums_bytes = RingAllocator::align(m.accumulators() * acc);
    const std::uint64_t codes_bytes = m.accumulators() * code;
    const Region out = output_.allocate(sums_bytes + codes_bytes);
    m.accumulator_address = out.begin;
    Region weights;
    for (std::size_t cb = 0; cb < channel_blocks.size(); ++cb) {
      const Block channels = channel_blocks[cb];
      const bool last = cb + 1 == channel_blocks.size();
      m.channels = groups.count * channels.count;
      m.accumulate = cb > 0 ? 1 : 0;
      weights = weights_of(work, s, groups, filters, channels, last);
      m.weight_address = weights.begin;
      const Region in = input_of(layer, groups.first * s.channels + channels.first, m, p, w);
      m.input_address = in.begin;
      builder_.add(m, {range(Scratchpad::kInput, in.begin, m.input_codes() * code, false),
                       range(Scratchpad::kWeight, weights.begin, m.weight_codes() * code, false),
                       range(Scratchpad::kOutput, out.begin, m.accumulators() * acc, true)});
    }
    write_back(layer, work, m, weights, out, sums_bytes);
    store_tile(layer.output, p,
               {groups.first * s.filters + filters.first, groups.count * filters.count},
               out.begin + sums_bytes);
  }

  void write_back(const Layer& layer, const MatmulLayer& work, const pe::Matmul& m, Region weights,
                  Region out, std::uint64_t sums_bytes) {
    pe::VectorOp v;
    v.opcode = pe::VectorOpcode::kWriteBack;
    v.relu = work.relu ? 1 : 0;
    if (work.clip) {
      v.clips = 1;
      v.a = work.clip->at(0);
      v.b = work.clip->at(1);
    }
    v.has_bias = work.bias.empty() ? 0 : 1;
    v.input_address = out.begin;
    v.parameter_address = weights.begin + m.weight_codes() * arithmetic_.code_bytes();
    v.output_address = out.begin + sums_bytes;
    v.images = m.images;
    v.rows = v.out_rows = m.out_rows;
    v.columns = v.out_columns = m.out_columns;
    v.channels = m.filters;
    v.out = network_.values[layer.output].quantisation;
    std::vector<MemoryRange> ranges{
        range(Scratchpad::kOutput, out.begin, m.accumulators() * arithmetic_.accumulator_bytes(),
              false),
        range(Scratchpad::kOutput, v.output_address, v.outputs() * arithmetic_.code_bytes(), true)};
    if (const std::uint64_t bytes = v.parameter_bytes(arithmetic_); bytes > 0) {
      ranges.push_back(range(Scratchpad::kWeight, v.parameter_address, bytes, false));
    }
    builder_.add(v, std::move(ranges));
  }

  /// The weight tile in the weight scratchpad: the one that is there, or a new load.
  Region weights_of(const MatmulLayer& work, const LayerShape& s, Block groups, Block filters,
                    Block channels, bool parameters) {
    const Key key{groups.first, filters.first, channels.first, 0, 0};
    if (resident_weights_ && resident_weights_->first == key) return resident_weights_->second;
    auto [placed, is_new] = constants_.try_emplace(key);
    if (is_new) {
      const WeightBlock block{groups, filters, channels};
      const std::uint64_t bytes = weight_tile_bytes(work, s, arithmetic_, block, parameters);
      placed->second = place_constants(bytes);
      if (network_.has_values) {
        write_weight_tile(work, s, arithmetic_, block, parameters,
                          std::span(program().constants).subspan(placed->second.begin, bytes));
      }
    }
    const Region region = weight_.allocate(placed->second.end - placed->second.begin);
    load_constants(placed->second.begin, region);
    resident_weights_ = {key, region};
    return region;
  }

  /// The input tile in the input scratchpad: the one that is there, or a new load.
  Region input_of(const Layer& layer, std::uint32_t first_channel, const pe::Matmul& m,
                  const PixelBlock& p, const InputWindow& w) {
    const Key key{first_channel, m.channels, p.images.first, p.rows.first, p.columns.first};
    if (resident_input_ && resident_input_->first == key) return resident_input_->second;
    const Region region = input_.allocate(m.input_codes() * arithmetic_.code_bytes());
    if (layer.op == "gemm") {
      builder_.add(activations_.features(layer.inputs[0], p.images, {first_channel, m.channels},
                                         region.begin),
                   /*constants=*/false);
    } else {
      load_tile(layer.inputs[0], p, w, {first_channel, m.channels}, region.begin);
    }
    resident_input_ = {key, region};
    return region;
  }

  // --- vector layers --------------------------------------------------------------------------

  void compile_vector(const Layer& layer) {
    const auto& work = std::get<VectorLayer>(layer.work);
    LayerShape s = shape_of(layer, work.window);
    s.parameter_bytes = work.parameters.empty() ? 0 : 2 * sizeof(float);
    s.channels_whole = work.opcode == pe::VectorOpcode::kSoftmax;
    s.second_per_channel = work.second_per_channel;
    const Tiling t = choose_tiling(s, layer.name, arithmetic_, config_);
    const auto channel_blocks = blocks(s.channels, t.channels);
    const auto pixels = pixel_blocks(s, t);
    note(s, t, pixels.size() * channel_blocks.size());
    forget_tiles();
    for (const Block channels : channel_blocks) {
      const Region parameters = load_vector_parameters(work, s, channels);
      for (const PixelBlock& p : pixels) vector_tile(layer, work, s, p, channels, parameters);
    }
  }

  Region load_vector_parameters(const VectorLayer& work, const LayerShape& s, Block channels) {
    if (work.parameters.empty()) return {};
    const std::uint64_t row_bytes = channels.count * sizeof(float);
    const Region placed = place_constants(2 * row_bytes);
    for (std::size_t row = 0; row < 2 && network_.has_values; ++row) {
      std::memcpy(program().constants.data() + placed.begin + row * row_bytes,
                  work.parameters.data() + row * s.channels + channels.first, row_bytes);
    }
    const Region region = weight_.allocate(2 * row_bytes);
    load_constants(placed.begin, region);
    return region;
  }

  void vector_tile(const Layer& layer, const VectorLayer& work, const LayerShape& s,
                   const PixelBlock& p, Block channels, Region parameters) {
    const std::uint64_t code = arithmetic_.code_bytes();
    const InputWindow w = window_of(s, p);
    pe::VectorOp v;
    v.opcode = work.opcode;
    v.images = p.images.count;
    v.channels = channels.count;
    v.rows = w.rows.count;
    v.columns = w.columns.count;
    v.out_rows = p.rows.count;
    v.out_columns = p.columns.count;
    v.kernel_rows = u32(s.window.kernel_h);
    v.kernel_columns = u32(s.window.kernel_w);
    v.stride_rows = u32(s.window.stride_h);
    v.stride_columns = u32(s.window.stride_w);
    v.dilation_rows = u32(s.window.dilation_h);
    v.dilation_columns = u32(s.window.dilation_w);
    v.first_row = w.rows.first;
    v.first_column = w.columns.first;
    v.count_include_pad = work.count_include_pad ? 1 : 0;
    if (work.count_include_pad) {
      // The end of the image and of the pads that count, from the tile's first row and column.
      const auto end = [](std::size_t size, std::size_t pad, std::size_t beyond, Extent tile) {
        return static_cast<std::int32_t>(size + pad - beyond) -
               static_cast<std::int32_t>(tile.begin);
      };
      v.counted_rows = end(s.in_rows, s.window.pad_bottom, work.beyond_h, w.rows);
      v.counted_columns = end(s.in_columns, s.window.pad_right, work.beyond_w, w.columns);
    }
    v.second_per_channel = work.second_per_channel ? 1 : 0;
    v.activation = work.activation;
    v.a = work.a;
    v.b = work.b;
    v.in = network_.values[layer.inputs[0]].quantisation;
    v.out = network_.values[layer.output].quantisation;
    if (layer.inputs.size() > 1) v.second = network_.values[layer.inputs[1]].quantisation;

    const std::uint64_t in_bytes = v.inputs() * code, out_bytes = v.outputs() * code;
    const Region in = input_.allocate(RingAllocator::align(in_bytes) * s.operands);
    std::vector<MemoryRange> ranges;
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const std::uint64_t local = in.begin + i * RingAllocator::align(in_bytes);
      const bool one_pixel = i == 1 && work.second_per_channel;
      load_tile(layer.inputs[i], p, one_pixel ? InputWindow{{0, 1, 0}, {0, 1, 0}} : w, channels,
                local);
      (i == 0 ? v.input_address : v.second_address) = local;
      ranges.push_back(range(Scratchpad::kInput, local,
                             one_pixel ? v.second_bytes(arithmetic_) : in_bytes, false));
    }
    if (parameters.end > parameters.begin) {
      v.parameter_address = parameters.begin;
      ranges.push_back(
          range(Scratchpad::kWeight, parameters.begin, parameters.end - parameters.begin, false));
    }
    const Region out = output_.allocate(out_bytes);
    v.output_address = out.begin;
    ranges.push_back(range(Scratchpad::kOutput, out.begin, out_bytes, true));
    builder_.add(v, std::move(ranges));
    store_tile(layer.output, p, channels, out.begin);
  }

  // --- layers that move codes -----------------------------------------------------------------

  void compile_move(const Layer& layer) {
    const auto& work = std::get<MoveLayer>(layer.work);
    const std::uint64_t code = arithmetic_.code_bytes();
    // Half of a scratchpad: the next tile loads while this one is stored.
    const std::uint64_t room =
        std::min(config_.input_sram.capacity_bytes, config_.output_sram.capacity_bytes) / 2;
    const std::uint64_t most = room / RingAllocator::align(1) * RingAllocator::align(1) / code;
    std::uint64_t tiles = 0;
    for (const Move& move : work.moves) {
      const std::size_t input = layer.inputs[move.input];
      for (const MoveTile& tile : move_tiles(move, batch_, network_.values[input].shape.count(),
                                             network_.values[layer.output].shape.count(), code,
                                             std::max<std::uint64_t>(most, 1))) {
        move_tile(layer, work, move, input, tile);
        ++tiles;
      }
    }
    program().tilings.push_back({.images = batch_, .tiles = tiles, .loop_order = "moves"});
  }

  void move_tile(const Layer& layer, const MoveLayer& work, const Move& move, std::size_t input,
                 const MoveTile& tile) {
    const std::uint64_t bytes = tile.codes * arithmetic_.code_bytes();
    pe::VectorOp v;
    v.opcode = move.fills ? pe::VectorOpcode::kFill : pe::VectorOpcode::kCopy;
    v.fill_code = work.fill_code;
    v.channels = tile.codes;
    v.in = network_.values[input].quantisation;
    v.out = network_.values[layer.output].quantisation;
    std::vector<MemoryRange> ranges;
    if (!move.fills) {
      const Region in = input_.allocate(bytes);
      Transfer load = tile.load;
      load.dram.address += activations_.address(input);
      load.local.address = v.input_address = in.begin;
      builder_.add(load, /*constants=*/false);
      ranges.push_back(range(Scratchpad::kInput, in.begin, bytes, false));
    }
    const Region out = output_.allocate(bytes);
    v.output_address = out.begin;
    ranges.push_back(range(Scratchpad::kOutput, out.begin, bytes, true));
    builder_.add(v, std::move(ranges));
    Transfer store = tile.store;
    store.dram.address += activations_.address(layer.output);
    store.local.address = out.begin;
    builder_.add(store, /*constants=*/false);
  }

  // --- bookkeeping ----------------------------------------------------------------------------

  void note(const LayerShape& s, const Tiling& t, std::uint64_t tiles) {
    std::string order = "channels, pixels";
    if (s.is_matmul) {
      order = t.weights_outer ? "groups, filters, pixels, channels"
                              : "groups, pixels, filters, channels";
    }
    program().tilings.push_back({t.images, t.out_rows, t.out_columns, t.channels,
                                 s.is_matmul ? t.filters : t.channels, t.groups, tiles, order});
  }

  void forget_tiles() {
    resident_input_.reset();
    resident_weights_.reset();
    constants_.clear();
  }

  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

  const Network& network_;
  const AcceleratorConfig& config_;
  const models::Arithmetic& arithmetic_;
  std::uint32_t batch_;
  ActivationMap activations_;
  ProgramBuilder builder_;
  RingAllocator input_, weight_, output_;
  // Of the current layer: what lies in the scratchpads, and where each weight tile is in DRAM.
  std::optional<std::pair<Key, Region>> resident_input_, resident_weights_;
  std::map<Key, Region> constants_;
};

}  // namespace

Program compile(const Network& network, const AcceleratorConfig& config, std::uint32_t batch) {
  return Compiler(network, config, batch).run();
}

}  // namespace systolog::sim
