// SPDX-License-Identifier: Apache-2.0
#include "sim/tile_model.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/packed_codes.h"
#include "sim/ring_allocator.h"

namespace systolog::sim {
namespace {

using models::bytes_of;

double real(std::uint64_t value) { return static_cast<double>(value); }

std::uint32_t largest_extent(std::uint32_t tile, std::uint32_t in_size, std::size_t kernel,
                             std::size_t stride, std::size_t dilation) {
  const std::uint64_t span = (tile - 1) * stride + (kernel - 1) * dilation + 1;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(span, in_size));
}

/// The largest a tile gets on its way back through the layer.
struct TileSides {
  std::uint64_t own_rows, own_columns;  // outputs of the layer itself
  std::uint64_t rows, columns;          // inputs
};

TileSides sides(const LayerShape& s, const Tiling& t) {
  std::uint32_t own_rows = t.out_rows, own_columns = t.out_columns;
  if (s.fused.pool) {
    const auto& p = *s.fused.pool;
    own_rows = largest_extent(own_rows, s.pooled_rows, p.kernel_h, p.stride_h, p.dilation_h);
    own_columns =
        largest_extent(own_columns, s.pooled_columns, p.kernel_w, p.stride_w, p.dilation_w);
  }
  const auto& w = s.window;
  return {own_rows, own_columns,
          largest_extent(own_rows, s.in_rows, w.kernel_h, w.stride_h, w.dilation_h),
          largest_extent(own_columns, s.in_columns, w.kernel_w, w.stride_w, w.dilation_w)};
}

/// Tiles of input and of weights that a tiling's loops load: a tile stays until another of its kind
/// is needed.
struct Loads {
  std::uint64_t input, weight;
};

Loads loads(const TileCounts& n, const Tiling& t) {
  const std::uint64_t inner = n.pixels * n.filters * n.channels;
  Loads l{inner, inner};
  switch (t.order) {
    case LoopOrder::kPixelsFiltersChannels:
      if (n.channels == 1) l.input = n.pixels;
      if (n.channels * n.filters == 1) l.weight = 1;
      break;
    case LoopOrder::kFiltersPixelsChannels:
      if (n.channels * n.pixels == 1) l.input = 1;
      if (n.channels == 1) l.weight = n.filters;
      break;
    case LoopOrder::kPixelsChannelsFilters:
    case LoopOrder::kChannelsPixelsFilters:
      l.input = n.pixels * n.channels;
      break;
    case LoopOrder::kFiltersChannelsPixels:
    case LoopOrder::kChannelsFiltersPixels:
      l.weight = n.filters * n.channels;
      break;
  }
  return {l.input * n.groups, l.weight * n.groups};
}

/// Contiguous runs of a tile [images, rows, columns, channels] cut out of a larger tensor, cut
/// again at the DMA's burst length.
double bursts(double columns, double rows, double images, bool all_columns, bool all_channels,
              double bytes, const memory::DmaConfig& dma) {
  double runs = images;
  if (!all_columns || !all_channels) runs *= rows;
  if (!all_channels) runs *= columns;
  return std::max(runs, bytes / dma.burst_bytes);
}

/// Whether the widest edge of the array may ask for more than a port gives.
bool starves(const AcceleratorConfig& config, const LayerShape& s,
             const models::Arithmetic& arithmetic) {
  const memory::SramConfig &in = config.input_sram, &weight = config.weight_sram,
                           &out = config.output_sram;
  const std::uint64_t edge = std::max(config.array.rows, config.array.columns);
  return in.shares_ports() || weight.shares_ports() || out.shares_ports() ||
         bytes_of(edge, std::max(s.in_width, s.weight_width)) >
             std::min(in.bytes_per_cycle(), weight.bytes_per_cycle()) ||
         config.array.columns * arithmetic.accumulator_bytes() > out.bytes_per_cycle();
}

}  // namespace

std::uint64_t Footprint::all() const {
  using Ring = RingAllocator;
  return Ring::align(input) + Ring::align(operand) + Ring::align(weight) + Ring::align(output);
}

bool Footprint::fits(const AcceleratorConfig& config, std::uint64_t copies) const {
  const auto holds = [&](const memory::SramConfig& sram, std::uint64_t bytes) {
    return bytes * copies <= sram.capacity_bytes && (copies == 1 || sram.double_buffered);
  };
  if (config.unified_sram) return holds(config.input_sram, all());
  return holds(config.input_sram, input + operand) && holds(config.weight_sram, weight) &&
         holds(config.output_sram, output);
}

TileCounts tile_counts(const LayerShape& s, const Tiling& t) {
  return {ceil_div(s.images, t.images) * ceil_div(s.out_rows, t.out_rows) *
              ceil_div(s.out_columns, t.out_columns),
          ceil_div(s.channels, t.channels), ceil_div(s.filters, t.filters),
          ceil_div(s.groups, t.groups)};
}

std::uint64_t held_tiles(const TileCounts& n, const Tiling& t) {
  if (t.spills_sums) return 1;
  switch (t.order) {
    case LoopOrder::kPixelsFiltersChannels:
    case LoopOrder::kFiltersPixelsChannels:
      return 1;
    case LoopOrder::kPixelsChannelsFilters:
      return n.filters;
    case LoopOrder::kFiltersChannelsPixels:
      return n.pixels;
    case LoopOrder::kChannelsPixelsFilters:
    case LoopOrder::kChannelsFiltersPixels:
      return n.pixels * n.filters;
  }
  return 1;
}

std::uint64_t held_slot(const TileCounts& n, const Tiling& t, std::uint64_t pixel,
                        std::uint64_t filter) {
  if (held_tiles(n, t) == 1) return 0;
  if (t.order == LoopOrder::kPixelsChannelsFilters) return filter;
  if (t.order == LoopOrder::kFiltersChannelsPixels) return pixel;
  return pixel * n.filters + filter;
}

struct TileModel::Work {
  std::uint64_t cycles = 0;
  // For the energy: elements read, sums read and written, registers written.
  std::uint64_t input_reads = 0, weight_reads = 0, sums = 0;
  std::uint64_t operand_register_writes = 0, sum_register_writes = 0;
};

TileModel::TileModel(const LayerShape& shape, const models::Arithmetic& arithmetic,
                     const AcceleratorConfig& config, const EnergyFigures* figures)
    : shape_(shape),
      arithmetic_(arithmetic),
      config_(config),
      figures_(figures),
      starves_(starves(config, shape, arithmetic)),
      swept_rows_(shape.out_rows + 1),
      swept_columns_(shape.out_columns + 1) {}

std::uint64_t TileModel::own_pixels() const {
  return std::uint64_t{shape_.images} * shape_.own_rows() * shape_.own_columns();
}

std::uint64_t TileModel::swept(std::uint32_t tile, bool rows) const {
  std::uint64_t& total = (rows ? swept_rows_ : swept_columns_)[tile];
  if (total > 0) return total;
  const std::uint32_t out = rows ? shape_.out_rows : shape_.out_columns;
  for (std::uint32_t first = 0; first < out; first += tile) {
    const Block block{first, std::min(tile, out - first)};
    total += rows ? shape_.input_rows(shape_.own_rows(block)).count
                  : shape_.input_columns(shape_.own_columns(block)).count;
  }
  return total;
}

std::uint64_t TileModel::swept_pixels(const Tiling& t) const {
  return shape_.images * swept(t.out_rows, true) * swept(t.out_columns, false);
}

OutputTile TileModel::output_tile(std::uint64_t pixels, std::uint64_t pooled,
                                  std::uint64_t filters) const {
  OutputTile tile;
  if (shape_.is_matmul) {
    tile.sums = RingAllocator::align(pixels * filters * arithmetic_.accumulator_bytes());
  }
  tile.codes = pixels * bytes_of(filters, shape_.out_width);
  if (shape_.fused.pool) {
    tile.codes = RingAllocator::align(tile.codes);
    tile.pooled = pooled * bytes_of(filters, shape_.out_width);
  }
  return tile;
}

Footprint TileModel::footprint(const Tiling& t) const {
  const LayerShape& s = shape_;
  const TileSides side = sides(s, t);
  const std::uint64_t pooled = std::uint64_t{t.images} * t.out_rows * t.out_columns;
  const std::uint64_t own = t.images * side.own_rows * side.own_columns;
  const std::uint64_t filters = (s.is_matmul ? std::uint64_t{t.filters} : t.channels) * t.groups;
  const auto input = [&](std::uint32_t width) {
    return RingAllocator::align(t.images * side.rows * side.columns *
                                bytes_of(std::uint64_t{t.channels} * t.groups, width));
  };
  const std::uint64_t out_pixel = bytes_of(filters, s.out_width);
  Footprint f;
  f.input = input(s.in_width) + (s.operands > 1 ? input(s.second_width) : 0);
  f.operand = RingAllocator::align(own * out_pixel) * s.fused.operands_before +
              RingAllocator::align(pooled * out_pixel) * s.fused.operands_behind;
  f.weight = filters * s.parameter_bytes;
  if (s.is_matmul) {
    f.weight +=
        bytes_of(s.window.kernel_h * s.window.kernel_w * t.channels * filters, s.weight_width);
  }
  f.output = output_tile(own, pooled, filters).bytes();
  if (const std::uint64_t held = held_tiles(tile_counts(s, t), t); held > 1) {
    f.output = RingAllocator::align(f.output) * held;
  }
  return f;
}

std::uint64_t TileModel::dram_bytes(const Tiling& t) const {
  const LayerShape& s = shape_;
  const TileCounts n = tile_counts(s, t);
  const std::uint64_t channels = std::uint64_t{s.channels} * s.groups;
  const std::uint64_t filters = s.is_matmul ? std::uint64_t{s.filters} * s.groups : channels;
  const std::uint64_t out_pixels = std::uint64_t{s.images} * s.out_rows * s.out_columns;
  // Tiles of channels are cut at whole bytes, so that those of a pixel add up to its bytes.
  const std::uint64_t out =
      (own_pixels() * s.fused.operands_before + out_pixels * (1 + s.fused.operands_behind)) *
      bytes_of(filters, s.out_width);
  const std::uint64_t input = swept_pixels(t) * bytes_of(channels, s.in_width);
  if (!s.is_matmul) {
    std::uint64_t second = 0;
    if (s.operands > 1) {
      const std::uint64_t pixels = s.second_per_channel
                                       ? s.images * (n.pixels / ceil_div(s.images, t.images))
                                       : swept_pixels(t);
      second = pixels * bytes_of(channels, s.second_width);
    }
    return input + second + out + channels * s.parameter_bytes;
  }
  const std::uint64_t weights = weight_bytes(t) + filters * s.parameter_bytes;
  const Loads l = loads(n, t);
  const std::uint64_t spilled = t.spills_sums ? 2 * (n.channels - 1) * own_pixels() * filters *
                                                    arithmetic_.accumulator_bytes()
                                              : 0;
  return input * (l.input / (n.pixels * n.channels * n.groups)) +
         weights * (l.weight / (n.filters * n.channels * n.groups)) + spilled + out;
}

std::uint64_t TileModel::weight_bytes(const Tiling& t) const {
  const LayerShape& s = shape_;
  const std::uint64_t taps = s.window.kernel_h * s.window.kernel_w;
  if (s.weight_width % 8 == 0) {
    return bytes_of(taps * s.channels * s.groups * s.filters, s.weight_width);
  }
  // Each tile begins at a whole byte: full tiles and the last, smaller one of each loop.
  struct Part {
    std::uint64_t size, times;
  };
  const auto parts = [](std::uint32_t n, std::uint32_t tile) {
    return std::array{Part{tile, n / tile}, Part{n % tile, 1}};
  };
  std::uint64_t bytes = 0;
  for (const Part& g : parts(s.groups, t.groups)) {
    for (const Part& f : parts(s.filters, t.filters)) {
      for (const Part& c : parts(s.channels, t.channels)) {
        bytes +=
            g.times * f.times * c.times * bytes_of(taps * g.size * f.size * c.size, s.weight_width);
      }
    }
  }
  return bytes;
}

/// All the layer's matmuls: full blocks and the last, smaller ones of channels and filters; pixels
/// as if all tiles had the same number of them.
TileModel::Work TileModel::array_work(const Tiling& t, const TileCounts& n) const {
  Work work;
  const std::uint64_t taps = shape_.window.kernel_h * shape_.window.kernel_w;
  const std::uint64_t m = ceil_div(own_pixels(), n.pixels);
  const pe::DataflowPolicy& policy = pe::policy_of(config_.array.dataflow);
  const auto add = [&](std::uint64_t channels, std::uint64_t filters, std::uint64_t times,
                       bool accumulate) {
    if (times == 0 || channels == 0 || filters == 0) return;
    const pe::Gemm gemm{.m = m, .k = taps * channels, .n = filters, .groups = t.groups};
    times *= n.pixels * n.groups;
    const pe::Cycles cycles = policy.cycles(config_.array, gemm);
    work.cycles += cycles * times;
    if (figures_ == nullptr && !starves_) return;
    const pe::ArrayCounts c = policy.counts(config_.array, gemm, accumulate);
    const pe::FeedWidths widths{shape_.in_width, shape_.weight_width,
                                static_cast<std::uint32_t>(8 * arithmetic_.accumulator_bytes())};
    const pe::Cycles fed =
        starves_ ? pe::feed_cycles(pe::feed_bytes(c, widths), feed_rates(config_)) : 0;
    work.cycles += (fed - std::min(fed, cycles)) * times;
    work.input_reads += c.input_reads * times;
    work.weight_reads += c.weight_reads * times;
    work.sums += (c.output_reads + c.output_writes) * times;
    work.operand_register_writes += c.operand_register_writes * times;
    work.sum_register_writes += c.sum_register_writes * times;
  };
  const std::uint64_t rest_channels = shape_.channels % t.channels;
  const std::uint64_t rest_filters = shape_.filters % t.filters;
  const std::uint64_t full_channels = n.channels - (rest_channels > 0 ? 1 : 0);
  const std::uint64_t full_filters = n.filters - (rest_filters > 0 ? 1 : 0);
  for (const auto& [filters, times] :
       {std::pair{std::uint64_t{t.filters}, full_filters},
        std::pair{rest_filters, std::uint64_t{rest_filters > 0 ? 1U : 0U}}}) {
    // The first block of channels starts the sums, the others add to them.
    add(t.channels, filters, times, false);
    add(t.channels, filters, times * (full_channels - 1), true);
    add(rest_channels, filters, times, true);
  }
  return work;
}

double TileModel::transfer_cycles(std::uint64_t bytes) const {
  return real(bytes) / std::min(config_.dram.bandwidth_gb_per_s * 1e3 / config_.clock_mhz,
                                static_cast<double>(config_.bus.width_bytes));
}

TilingCost TileModel::cost(const Tiling& t, const Footprint& f) const {
  const LayerShape& s = shape_;
  const TileCounts n = tile_counts(s, t);
  const TileSides side = sides(s, t);
  const double bytes_per_cycle = 1.0 / transfer_cycles(1);
  // A burst costs the DMA a cycle at least, and its share of the round trip.
  const double round_trip =
      config_.bus.latency_cycles + config_.dram.latency_ns * config_.clock_mhz / 1e3 + 2.0;
  const double burst_cycles = std::max(1.0, round_trip / config_.dma.outstanding_bursts);
  const auto transfer = [&](double count, double bytes) {
    return round_trip + std::max(count * burst_cycles, bytes / bytes_per_cycle);
  };
  const bool all_in = t.channels == s.channels && t.groups == s.groups;
  const bool all_out = s.is_matmul ? t.filters == s.filters && t.groups == s.groups : all_in;
  const std::uint64_t filters = std::uint64_t{s.is_matmul ? t.filters : t.channels} * t.groups;
  const auto tile_transfer = [&](std::uint64_t rows, std::uint64_t columns, bool all_columns,
                                 bool all_channels, double bytes) {
    return transfer(
        bursts(real(columns), real(rows), t.images, all_columns, all_channels, bytes, config_.dma),
        bytes);
  };
  const std::uint64_t own_pixels = t.images * side.own_rows * side.own_columns;
  const std::uint64_t pixels_behind = std::uint64_t{t.images} * t.out_rows * t.out_columns;
  const double own = real(own_pixels * filters), behind = real(pixels_behind * filters);
  const double out_pixel = real(bytes_of(filters, s.out_width));

  const double load_input = tile_transfer(side.rows, side.columns, side.columns == s.in_columns,
                                          all_in, real(f.input) / s.operands) *
                            s.operands;
  const double load_weight =
      f.weight == 0 ? 0 : transfer(real(f.weight) / config_.dma.burst_bytes, real(f.weight));
  const double load_operands =
      s.fused.operands_before * tile_transfer(side.own_rows, side.own_columns,
                                              side.own_columns == s.own_columns(), all_out,
                                              real(own_pixels) * out_pixel) +
      s.fused.operands_behind * tile_transfer(t.out_rows, t.out_columns,
                                              t.out_columns == s.out_columns, all_out,
                                              real(pixels_behind) * out_pixel);
  const double store = tile_transfer(t.out_rows, t.out_columns, t.out_columns == s.out_columns,
                                     all_out, real(pixels_behind) * out_pixel);
  const double sums = own * real(arithmetic_.accumulator_bytes());
  const double spill = transfer(sums / config_.dma.burst_bytes, sums);
  const double spills = t.spills_sums ? real((n.channels - 1) * n.outputs()) : 0;
  const double window =
      s.is_matmul ? 1.0 : static_cast<double>(s.window.kernel_h * s.window.kernel_w);
  const double pool =
      s.fused.pool ? static_cast<double>(s.fused.pool->kernel_h * s.fused.pool->kernel_w) : 0.0;
  const double passes = 1.0 + s.fused.passes_before + s.fused.passes_behind + (pool > 0 ? 1 : 0);
  const double vector =
      config_.vector_unit.latency_cycles * passes +
      (own * (window + s.fused.passes_before) + behind * (pool + s.fused.passes_behind)) /
          config_.vector_unit.lanes;

  TilingCost cost;
  cost.dram_bytes = dram_bytes(t);
  Work work;
  if (s.is_matmul) work = array_work(t, n);
  const Loads l = s.is_matmul ? loads(n, t) : Loads{n.outputs() * n.channels, n.channels};
  const double outputs = real(s.is_matmul ? n.outputs() : n.all());
  const double load_all = load_input * real(l.input) + load_weight * real(l.weight) +
                          load_operands * outputs + spill * spills;
  const double store_all = store * outputs + spill * spills;
  // Loads and stores have a channel each and share the bus; a channel finishes one tile's transfer
  // before it starts the next. Of several tiles that fit at once, all engines work at the same
  // time.
  if (f.fits(config_, 2)) {
    cost.cycles = load_input + load_weight + vector + store +
                  std::max({real(work.cycles), vector * outputs, load_all, store_all,
                            real(cost.dram_bytes) / bytes_per_cycle});
  } else {
    cost.cycles = real(work.cycles) + vector * outputs + load_all + store_all;
  }
  if (figures_ != nullptr) cost.energy_pj = energy(t, n, work, cost);
  return cost;
}

double TileModel::energy(const Tiling& t, const TileCounts& n, const Work& work,
                         const TilingCost& cost) const {
  const LayerShape& s = shape_;
  const double acc = real(arithmetic_.accumulator_bytes());
  const std::uint64_t filters = std::uint64_t{s.is_matmul ? s.filters : s.channels} * s.groups;
  const double outputs = static_cast<double>(s.images) * s.out_rows * s.out_columns *
                         real(bytes_of(filters, s.out_width));
  const double spilled =
      t.spills_sums ? 2.0 * real(n.channels - 1) * real(own_pixels()) * real(filters) * acc : 0;
  const double loaded = real(cost.dram_bytes) - outputs - spilled;
  // Whatever the loads bring passes through a scratchpad once more on its way in; which of the two
  // it is matters little, their figures differ by capacity only.
  const auto& pj = figures_->sram_pj_per_byte;
  return figures_->dram_pj_per_byte * real(cost.dram_bytes) + (pj[0] + pj[1]) / 2 * loaded +
         pj[2] * (outputs + spilled) + pj[0] * s.in_width / 8 * real(work.input_reads) +
         pj[1] * s.weight_width / 8 * real(work.weight_reads) + pj[2] * acc * real(work.sums) +
         figures_->register_pj_per_bit * (arithmetic_.bits() * real(work.operand_register_writes) +
                                          8 * acc * real(work.sum_register_writes)) +
         figures_->standby_pj_per_cycle(config_.clock_mhz) * cost.cycles;
}

}  // namespace systolog::sim
