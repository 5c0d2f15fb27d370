// SPDX-License-Identifier: Apache-2.0
#include "sim/tiling.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "models/user_error.h"
#include "sim/ring_allocator.h"

namespace systolog::sim {
namespace {

using pe::ceil_div;

/// n, and its halvings down to 1, rounded up to multiples of `unit` where larger than it.
std::vector<std::uint32_t> sizes(std::uint32_t n, std::uint32_t unit) {
  std::vector<std::uint32_t> list{n};
  for (std::uint32_t size = n; size > 1;) {
    size = (size + 1) / 2;
    std::uint32_t rounded = size;
    if (size > unit) rounded = static_cast<std::uint32_t>(ceil_div(size, unit) * unit);
    if (rounded < list.back()) list.push_back(rounded);
  }
  return list;
}

struct Footprint {
  std::uint64_t input = 0, weight = 0, output = 0;  // bytes of one tile in each scratchpad
};

std::uint32_t largest_extent(std::uint32_t tile, std::uint32_t in_size, std::size_t kernel,
                             std::size_t stride, std::size_t dilation) {
  const std::uint64_t span = (tile - 1) * stride + (kernel - 1) * dilation + 1;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(span, in_size));
}

Footprint footprint(const LayerShape& s, const Tiling& t, const models::Arithmetic& a) {
  const auto& w = s.window;
  const std::uint64_t rows =
      largest_extent(t.out_rows, s.in_rows, w.kernel_h, w.stride_h, w.dilation_h);
  const std::uint64_t columns =
      largest_extent(t.out_columns, s.in_columns, w.kernel_w, w.stride_w, w.dilation_w);
  const std::uint64_t pixels = std::uint64_t{t.images} * t.out_rows * t.out_columns;
  const std::uint64_t codes = a.code_bytes();
  Footprint f;
  const std::uint64_t operand =
      RingAllocator::align(t.images * rows * columns * t.channels * t.groups * codes);
  f.input = operand * s.operands;
  if (s.is_matmul) {
    const std::uint64_t filters = std::uint64_t{t.filters} * t.groups;
    f.weight = w.kernel_h * w.kernel_w * t.channels * filters * codes + filters * s.parameter_bytes;
    f.output =
        RingAllocator::align(pixels * filters * a.accumulator_bytes()) + pixels * filters * codes;
  } else {
    f.weight = t.channels * s.parameter_bytes;
    f.output = pixels * t.channels * codes;
  }
  return f;
}

struct TileCounts {
  std::uint64_t pixels, channels, filters, groups;
  std::uint64_t outputs() const { return pixels * filters * groups; }
};

TileCounts tile_counts(const LayerShape& s, const Tiling& t) {
  return {ceil_div(s.images, t.images) * ceil_div(s.out_rows, t.out_rows) *
              ceil_div(s.out_columns, t.out_columns),
          ceil_div(s.channels, t.channels), ceil_div(s.filters, t.filters),
          ceil_div(s.groups, t.groups)};
}

/// Input pixels one sweep over all output tiles reads, halos counted as often as they load.
std::uint64_t swept_pixels(const LayerShape& s, const Tiling& t) {
  const auto sweep = [](std::uint32_t out, std::uint32_t tile, std::uint32_t in, std::size_t kernel,
                        std::size_t stride, std::size_t pad, std::size_t dilation) {
    std::uint64_t total = 0;
    for (std::uint32_t first = 0; first < out; first += tile) {
      total +=
          input_extent(first, std::min(tile, out - first), in, kernel, stride, pad, dilation).count;
    }
    return total;
  };
  const auto& w = s.window;
  return s.images *
         sweep(s.out_rows, t.out_rows, s.in_rows, w.kernel_h, w.stride_h, w.pad_top, w.dilation_h) *
         sweep(s.out_columns, t.out_columns, s.in_columns, w.kernel_w, w.stride_w, w.pad_left,
               w.dilation_w);
}

/// Contiguous runs of a tile [images, rows, columns, channels] cut out of a larger tensor, cut
/// again at the DMA's burst length.
double bursts(double pixels_of_row, double rows, double images, bool all_columns, bool all_channels,
              double bytes, const memory::DmaConfig& dma) {
  double runs = images;
  if (!all_columns || !all_channels) runs *= rows;
  if (!all_channels) runs *= pixels_of_row;
  return std::max(runs, bytes / dma.burst_bytes);
}

/// Estimated cycles of one layer. A tile's load, matmul, write-back and store follow each other; of
/// several tiles they overlap if the scratchpads hold two. The estimate only ranks tilings: what a
/// layer takes is simulated.
double estimated_latency(const LayerShape& s, const Tiling& t, const models::Arithmetic& a,
                         const AcceleratorConfig& config, const Footprint& f, bool overlapped) {
  const TileCounts counts = tile_counts(s, t);
  const auto tiles = static_cast<double>(counts.outputs() * counts.channels);
  const auto output_tiles = static_cast<double>(counts.outputs());
  const double bytes_per_cycle = std::min(config.dram.bandwidth_gb_per_s * 1e3 / config.clock_mhz,
                                          static_cast<double>(config.bus.width_bytes));
  // A burst costs the DMA a cycle at least, and its share of the round trip.
  const double round_trip =
      config.bus.latency_cycles + config.dram.latency_ns * config.clock_mhz / 1e3 + 2.0;
  const double burst_cycles = std::max(1.0, round_trip / config.dma.outstanding_bursts);

  const auto& w = s.window;
  const std::uint32_t rows =
      largest_extent(t.out_rows, s.in_rows, w.kernel_h, w.stride_h, w.dilation_h);
  const std::uint32_t columns =
      largest_extent(t.out_columns, s.in_columns, w.kernel_w, w.stride_w, w.dilation_w);
  const bool all_in = t.channels == s.channels && t.groups == s.groups;
  const bool all_out = s.is_matmul ? t.filters == s.filters && t.groups == s.groups : all_in;
  const auto input_bytes = static_cast<double>(f.input),
             weight_bytes = static_cast<double>(f.weight);
  const double outputs = static_cast<double>(t.images) * t.out_rows * t.out_columns *
                         (s.is_matmul ? t.filters : t.channels) * t.groups;
  const double output_bytes = outputs * static_cast<double>(a.code_bytes());

  const double load_bursts =
      bursts(columns, rows, t.images, columns == s.in_columns, all_in, input_bytes, config.dma) *
          s.operands +
      weight_bytes / config.dma.burst_bytes;
  const double store_bursts =
      bursts(t.out_columns, t.out_rows, t.images, t.out_columns == s.out_columns, all_out,
             output_bytes, config.dma);
  const double load = round_trip + std::max(load_bursts * burst_cycles,
                                            (input_bytes + weight_bytes) / bytes_per_cycle);
  const double store =
      round_trip + std::max(store_bursts * burst_cycles, output_bytes / bytes_per_cycle);
  // Loads and stores have a channel each and share the bus; a channel finishes one tile's transfer
  // before it starts the next.
  const double moved = std::max({static_cast<double>(dram_bytes(s, t, a)) / bytes_per_cycle,
                                 load * tiles, store * output_tiles});
  double array = 0;
  if (s.is_matmul) {
    const pe::Gemm gemm{.m = std::uint64_t{t.images} * t.out_rows * t.out_columns,
                        .k = w.kernel_h * w.kernel_w * t.channels,
                        .n = t.filters,
                        .groups = t.groups};
    array = static_cast<double>(pe::policy_of(config.array.dataflow).cycles(config.array, gemm));
  }
  const double window =
      s.is_matmul ? 1.0 : static_cast<double>(w.kernel_h) * static_cast<double>(w.kernel_w);
  const double vector =
      config.vector_unit.latency_cycles + outputs * window / config.vector_unit.lanes;
  if (!overlapped) return (array + load) * tiles + (vector + store) * output_tiles;
  return load + std::max({array * tiles, vector * output_tiles, moved}) + vector + store;
}

bool fits(const Footprint& f, const AcceleratorConfig& config, std::uint64_t share) {
  return f.input <= config.input_sram.capacity_bytes / share &&
         f.weight <= config.weight_sram.capacity_bytes / share &&
         f.output <= config.output_sram.capacity_bytes / share;
}

/// Calls visit(tiling) for every candidate.
template <typename Visit>
void for_each_tiling(const LayerShape& s, const pe::ArrayConfig& array, Visit visit) {
  // Channels and filters in whole folds, where the dataflow lays K along rows, N along columns.
  const bool k_on_rows = s.is_matmul && array.dataflow != pe::Dataflow::kOutputStationary;
  const bool n_on_columns = array.dataflow != pe::Dataflow::kInputStationary;
  const auto channel_sizes = s.channels_whole ? std::vector<std::uint32_t>{s.channels}
                                              : sizes(s.channels, k_on_rows ? array.rows : 1);
  const auto filter_sizes = s.is_matmul ? sizes(s.filters, n_on_columns ? array.columns : 1)
                                        : std::vector<std::uint32_t>{1};
  for (const std::uint32_t groups : sizes(s.groups, 1)) {
    for (const std::uint32_t images : sizes(s.images, 1)) {
      for (const std::uint32_t rows : sizes(s.out_rows, 1)) {
        for (const std::uint32_t columns : sizes(s.out_columns, 1)) {
          // A row of pixels is cut only where single rows are left.
          if (columns < s.out_columns && rows > 1) continue;
          for (const std::uint32_t channels : channel_sizes) {
            for (const std::uint32_t filters : filter_sizes) {
              const bool part_of_group = channels < s.channels || filters < s.filters;
              if (s.is_matmul && groups > 1 && part_of_group) continue;
              for (const bool weights_outer : {false, true}) {
                if (!s.is_matmul && weights_outer) continue;
                visit(Tiling{images, rows, columns, channels, filters, groups, weights_outer});
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace

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

std::uint64_t dram_bytes(const LayerShape& s, const Tiling& t, const models::Arithmetic& a) {
  const TileCounts tiles = tile_counts(s, t);
  const std::uint64_t codes = a.code_bytes();
  const std::uint64_t channels = std::uint64_t{s.channels} * s.groups;
  const std::uint64_t out_pixels = std::uint64_t{s.images} * s.out_rows * s.out_columns;
  if (!s.is_matmul) {
    std::uint64_t input_pixels = swept_pixels(s, t) * s.operands;
    if (s.second_per_channel) {
      input_pixels = swept_pixels(s, t) + s.images * ceil_div(s.out_rows, t.out_rows) *
                                              ceil_div(s.out_columns, t.out_columns);
    }
    return (input_pixels + out_pixels) * channels * codes + channels * s.parameter_bytes;
  }
  const std::uint64_t input = swept_pixels(s, t) * channels * codes;
  const std::uint64_t weights =
      s.window.kernel_h * s.window.kernel_w * channels * s.filters * codes;
  const std::uint64_t parameters = std::uint64_t{s.filters} * s.groups * s.parameter_bytes;
  // An input tile stays for the filters that follow it, a weight tile for the pixels that follow.
  const bool whole_k = tiles.channels == 1;
  const bool input_stays = whole_k && (!t.weights_outer || tiles.pixels == 1);
  const bool weights_stay = whole_k && (t.weights_outer || tiles.filters == 1);
  return input * (input_stays ? 1 : tiles.filters) +
         (weights + parameters) * (weights_stay ? 1 : tiles.pixels) +
         out_pixels * s.filters * s.groups * codes;
}

Tiling choose_tiling(const LayerShape& shape, const std::string& layer,
                     const models::Arithmetic& arithmetic, const AcceleratorConfig& config) {
  Tiling best;
  std::pair<double, std::uint64_t> best_cost;
  bool found = false;
  Footprint smallest;
  std::uint64_t smallest_bytes = UINT64_MAX;
  for_each_tiling(shape, config.array, [&](const Tiling& t) {
    const Footprint f = footprint(shape, t, arithmetic);
    if (f.input + f.weight + f.output < smallest_bytes) {
      smallest = f;
      smallest_bytes = f.input + f.weight + f.output;
    }
    if (!fits(f, config, 1)) return;
    const std::pair cost{estimated_latency(shape, t, arithmetic, config, f, fits(f, config, 2)),
                         dram_bytes(shape, t, arithmetic)};
    if (!found || cost < best_cost) {
      best = t;
      best_cost = cost;
      found = true;
    }
  });
  if (!found) {
    throw UserError("layer " + layer + " does not fit the scratchpads: its smallest tile needs " +
                    std::to_string(smallest.input) + " bytes of /memory/input_sram (has " +
                    std::to_string(config.input_sram.capacity_bytes) + "), " +
                    std::to_string(smallest.weight) + " of /memory/weight_sram (has " +
                    std::to_string(config.weight_sram.capacity_bytes) + ") and " +
                    std::to_string(smallest.output) + " of /memory/output_sram (has " +
                    std::to_string(config.output_sram.capacity_bytes) + ")");
  }
  return best;
}

}  // namespace systolog::sim
