// SPDX-License-Identifier: Apache-2.0
#include "sim/matmul_compiler.h"

#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "sim/weight_tile.h"

namespace systolog::sim {
namespace {

using memory::Scratchpad;
using memory::Transfer;
using Region = TileWriter::Region;

class MatmulCompiler {
 public:
  MatmulCompiler(TileWriter& writer, const LayerGroup& group)
      : writer_(writer),
        group_(group),
        layer_(writer.layer(group.first)),
        work_(std::get<MatmulLayer>(layer_.work)),
        shape_(group.shape),
        tiling_(group.search.tiling),
        model_(group.shape, writer.arithmetic(), writer.config(), nullptr),
        counts_(tile_counts(shape_, tiling_)),
        pixels_(pixel_tiles(shape_, tiling_)),
        filters_(blocks(shape_.filters, tiling_.filters)),
        channels_(blocks(shape_.channels, tiling_.channels)) {
    const PixelTile& largest = pixels_.front();
    slot_ = model_.output_tile(largest_own(), largest.pixels(),
                               filters_.front().count * tiling_.groups);
  }

  void run() {
    for (const Block groups : blocks(shape_.groups, tiling_.groups)) {
      const auto order = loops_of(tiling_.order);
      const auto size = [&](Loop loop) {
        return loop == Loop::kPixels    ? pixels_.size()
               : loop == Loop::kFilters ? filters_.size()
                                        : channels_.size();
      };
      std::size_t at[3];  // by Loop
      auto& outer = at[static_cast<std::size_t>(order[0])];
      auto& middle = at[static_cast<std::size_t>(order[1])];
      auto& inner = at[static_cast<std::size_t>(order[2])];
      for (outer = 0; outer < size(order[0]); ++outer) {
        for (middle = 0; middle < size(order[1]); ++middle) {
          for (inner = 0; inner < size(order[2]); ++inner) {
            visit(groups, at[static_cast<std::size_t>(Loop::kPixels)],
                  at[static_cast<std::size_t>(Loop::kFilters)],
                  at[static_cast<std::size_t>(Loop::kChannels)]);
          }
        }
      }
    }
  }

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

  std::uint64_t largest_own() const {
    std::uint64_t largest = 0;
    for (const PixelTile& p : pixels_) largest = std::max(largest, p.own_pixels());
    return largest;
  }

  /// One block of channels of one output tile; behind the last one the tile is finished.
  void visit(Block groups, std::size_t pixel, std::size_t filter, std::size_t channel) {
    const models::Arithmetic& a = writer_.arithmetic();
    const PixelTile& p = pixels_[pixel];
    const Block filters = filters_[filter], channels = channels_[channel];
    const bool last = channel + 1 == channels_.size();
    pe::Matmul m = command(p, groups, filters, channels);
    m.accumulate = channel > 0 ? 1 : 0;
    const OutputTile tile = model_.output_tile(p.own_pixels(), p.pixels(), m.filters);
    const std::uint64_t out = place_of(tile, pixel, filter, channel);
    const std::uint64_t sums_bytes = m.accumulators() * a.accumulator_bytes();
    const std::uint64_t spill = (pixel * filters_.size() + filter) * slot_.sums;
    if (tiling_.spills_sums && channel > 0) {
      writer_.move_sums(Transfer::Direction::kLoad, spill, out, sums_bytes);
    }
    m.accumulator_address = out;
    const Region weights = weights_of(groups, filters, channels, last);
    m.weight_address = weights.begin;
    m.input_address = input_of(groups.first * shape_.channels + channels.first, m, p).begin;
    writer_.builder().add(
        m, {TileWriter::range(Scratchpad::kInput, m.input_address, m.input_bytes(a), false),
            TileWriter::range(Scratchpad::kWeight, weights.begin, m.weight_bytes(a), false),
            TileWriter::range(Scratchpad::kOutput, out, sums_bytes, true)});
    if (!last) {
      if (tiling_.spills_sums) {
        writer_.move_sums(Transfer::Direction::kStore, spill, out, sums_bytes);
      }
      return;
    }
    write_back(m, weights, out + tile.sums);
    writer_.finish_tile(
        group_, p, {groups.first * shape_.filters + filters.first, groups.count * filters.count},
        out + tile.sums, out + tile.sums + tile.codes);
  }

  pe::Matmul command(const PixelTile& p, Block groups, Block filters, Block channels) const {
    pe::Matmul m;
    m.images = p.images.count;
    m.rows = p.input_rows.count;
    m.columns = p.input_columns.count;
    m.channels = groups.count * channels.count;
    m.out_rows = p.own_rows.count;
    m.out_columns = p.own_columns.count;
    m.groups = groups.count;
    m.filters = groups.count * filters.count;
    set_window(m, shape_.window, p.input_rows, p.input_columns);
    m.zero_code = work_.zero_code;
    m.arithmetic = static_cast<std::uint32_t>(layer_.arithmetic);
    m.packed_input = writer_.network().values[layer_.inputs[0]].packed ? 1 : 0;
    m.packed_weights = work_.packs_weights ? 1 : 0;
    return m;
  }

  /// Where an output tile lies in the output scratchpad: one tile's room after the other, or a slot
  /// of the room for all tiles whose sums stay there.
  std::uint64_t place_of(const OutputTile& tile, std::size_t pixel, std::size_t filter,
                         std::size_t channel) {
    const std::uint64_t held = held_tiles(counts_, tiling_);
    if (held == 1) {
      // Channels are innermost, or the sums come from the DRAM each time.
      if (channel == 0 || tiling_.spills_sums) {
        room_ = writer_.allocate_output(tile.bytes()).begin;
      }
      return room_;
    }
    const std::uint64_t slot_bytes = RingAllocator::align(slot_.bytes());
    const std::uint64_t slot = held_slot(counts_, tiling_, pixel, filter);
    if (channel == 0 && slot == 0) room_ = writer_.allocate_output(held * slot_bytes).begin;
    return room_ + slot * slot_bytes;
  }

  void write_back(const pe::Matmul& m, Region weights, std::uint64_t codes) {
    const models::Arithmetic& a = writer_.arithmetic();
    pe::VectorOp v;
    v.opcode = pe::VectorOpcode::kWriteBack;
    v.relu = work_.relu ? 1 : 0;
    if (work_.clip) {
      v.clips = 1;
      v.a = work_.clip->at(0);
      v.b = work_.clip->at(1);
    }
    v.has_bias = work_.bias.empty() ? 0 : 1;
    v.shift = work_.shift;
    v.arithmetic = v.out_arithmetic = m.arithmetic;
    v.input_address = m.accumulator_address;
    v.parameter_address = weights.begin + m.weight_bytes(a);
    v.output_address = codes;
    v.images = m.images;
    v.rows = v.out_rows = m.out_rows;
    v.columns = v.out_columns = m.out_columns;
    v.channels = m.filters;
    v.out = writer_.network().values[layer_.output].quantisation;
    v.packed_output = writer_.network().values[layer_.output].packed ? 1 : 0;
    std::vector<MemoryRange> ranges{
        TileWriter::range(Scratchpad::kOutput, v.input_address,
                          m.accumulators() * a.accumulator_bytes(), false),
        TileWriter::range(Scratchpad::kOutput, codes, v.output_bytes(a), true)};
    if (const std::uint64_t bytes = v.parameter_bytes(a); bytes > 0) {
      ranges.push_back(TileWriter::range(Scratchpad::kWeight, v.parameter_address, bytes, false));
    }
    writer_.builder().add(v, std::move(ranges));
  }

  /// The weight tile in the weight scratchpad: the one that is there, or a new load.
  Region weights_of(Block groups, Block filters, Block channels, bool parameters) {
    const Key key{groups.first, filters.first, channels.first, 0, 0};
    if (resident_weights_ && resident_weights_->first == key) return resident_weights_->second;
    auto [placed, is_new] = constants_.try_emplace(key);
    if (is_new) {
      const WeightBlock block{groups, filters, channels};
      placed->second = writer_.place_constants(
          weight_tile_bytes(work_, shape_, writer_.arithmetic(), block, parameters));
      if (const auto tile = writer_.constants(placed->second); !tile.empty()) {
        write_weight_tile(work_, shape_, writer_.arithmetic(), block, parameters, tile);
      }
    }
    const Region region = writer_.allocate_weight(placed->second.end - placed->second.begin);
    writer_.load_constants(placed->second.begin, region);
    resident_weights_ = {key, region};
    return region;
  }

  /// The input tile in the input scratchpad: the one that is there, or a new load.
  Region input_of(std::uint32_t first_channel, const pe::Matmul& m, const PixelTile& p) {
    const Key key{first_channel, m.channels, p.images.first, p.rows.first, p.columns.first};
    if (resident_input_ && resident_input_->first == key) return resident_input_->second;
    const Region region = writer_.allocate_input(m.input_bytes(writer_.arithmetic()));
    const std::size_t value = layer_.inputs[0];
    if (layer_.op == "gemm") {
      writer_.builder().add(writer_.activations().features(
                                value, p.images, {first_channel, m.channels}, region.begin),
                            writer_.dram_of(value));
    } else {
      writer_.load_tile(value, p.images, p.input_rows.block(), p.input_columns.block(),
                        {first_channel, m.channels}, region.begin);
    }
    resident_input_ = {key, region};
    return region;
  }

  TileWriter& writer_;
  const LayerGroup& group_;
  const Layer& layer_;
  const MatmulLayer& work_;
  const LayerShape& shape_;
  const Tiling& tiling_;
  TileModel model_;
  TileCounts counts_;
  std::vector<PixelTile> pixels_;
  std::vector<Block> filters_, channels_;
  OutputTile slot_;         // of the largest output tile
  std::uint64_t room_ = 0;  // of the current output tile or tiles
  // What lies in the scratchpads, and where each weight tile is in DRAM.
  std::optional<std::pair<Key, Region>> resident_input_, resident_weights_;
  std::map<Key, Region> constants_;
};

}  // namespace

void compile_matmul(TileWriter& writer, const LayerGroup& group) {
  MatmulCompiler(writer, group).run();
}

}  // namespace systolog::sim
