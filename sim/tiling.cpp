// SPDX-License-Identifier: Apache-2.0
#include "sim/tiling.h"

#include <numeric>
#include <tuple>
#include <vector>

#include "sim/tile_model.h"

namespace systolog::sim {
namespace {

/// n, and its halvings down to 1, rounded up to multiples of `unit` where larger than it, and of
/// `step`.
std::vector<std::uint32_t> sizes(std::uint32_t n, std::uint32_t unit, std::uint32_t step = 1) {
  std::vector<std::uint32_t> list{n};
  unit = std::lcm(unit, step);
  for (std::uint32_t size = n; size > 1;) {
    size = (size + 1) / 2;
    const std::uint32_t multiple = size > unit ? unit : step;
    const auto rounded = static_cast<std::uint32_t>(ceil_div(size, multiple) * multiple);
    if (rounded < list.back()) list.push_back(rounded);
  }
  return list;
}

bool is_packed(std::uint32_t width) { return width < 8; }
bool packs_input(const LayerShape& s) { return is_packed(s.in_width) || is_packed(s.second_width); }
/// A vector layer's channels are those of its results too.
bool packs_channels(const LayerShape& s) {
  return packs_input(s) || (!s.is_matmul && is_packed(s.out_width));
}

/// Visits the tiling in every loop order that differs from those visited before it.
template <typename Visit>
void for_each_order(const LayerShape& s, Tiling t, Visit visit) {
  visit(t);
  if (!s.is_matmul) return;
  t.order = LoopOrder::kFiltersPixelsChannels;
  visit(t);
  const TileCounts n = tile_counts(s, t);
  if (n.channels == 1) return;
  const auto both = [&](LoopOrder order) {
    t.order = order;
    for (const bool spills : {false, true}) {
      t.spills_sums = spills;
      visit(t);
    }
  };
  if (n.filters > 1) both(LoopOrder::kPixelsChannelsFilters);
  if (n.pixels > 1) both(LoopOrder::kFiltersChannelsPixels);
  if (n.filters > 1 && n.pixels > 1) {
    both(LoopOrder::kChannelsPixelsFilters);
    both(LoopOrder::kChannelsFiltersPixels);
  }
}

/// Calls visit(tiling) for every candidate.
template <typename Visit>
void for_each_tiling(const LayerShape& s, const AcceleratorConfig& config, Visit visit) {
  const pe::ArrayConfig& array = config.array;
  const std::vector<std::uint32_t> one{1};
  const auto channel_sizes =
      keeps_channels_whole(s, config)
          ? std::vector<std::uint32_t>{s.channels}
          : sizes(s.channels, s.is_matmul ? array.rows : 1, packs_channels(s) ? 2 : 1);
  const auto filter_sizes =
      s.is_matmul ? sizes(s.filters, array.columns, is_packed(s.out_width) ? 2 : 1) : one;
  const bool pairs_groups = (packs_channels(s) && s.channels % 2 != 0) ||
                            (s.is_matmul && is_packed(s.out_width) && s.filters % 2 != 0);
  const auto row_sizes =
      s.cuts_rows() ? sizes(s.out_rows, 1) : std::vector<std::uint32_t>{s.out_rows};
  const auto column_sizes =
      s.cuts_columns() ? sizes(s.out_columns, 1) : std::vector<std::uint32_t>{s.out_columns};
  for (const std::uint32_t groups : sizes(s.groups, 1, pairs_groups ? 2 : 1)) {
    for (const std::uint32_t images : sizes(s.images, 1)) {
      for (const std::uint32_t rows : row_sizes) {
        for (const std::uint32_t columns : column_sizes) {
          // A row of pixels is cut only where single rows are left.
          if (columns < s.out_columns && rows > 1 && s.cuts_rows()) continue;
          for (const std::uint32_t channels : channel_sizes) {
            for (const std::uint32_t filters : filter_sizes) {
              const bool part_of_group = channels < s.channels || filters < s.filters;
              if (s.is_matmul && groups > 1 && part_of_group) continue;
              const Tiling t{images, rows, columns, channels, filters, groups};
              if (cuts_whole_bytes(s, t)) for_each_order(s, t, visit);
            }
          }
        }
      }
    }
  }
}

}  // namespace

bool keeps_channels_whole(const LayerShape& s, const AcceleratorConfig& config) {
  return s.channels_whole || (s.is_matmul && !config.compiler.split_k);
}

bool cuts_whole_bytes(const LayerShape& s, const Tiling& t) {
  const auto even = [&](std::uint32_t of_group, std::uint32_t tile) {
    if (t.groups < s.groups && t.groups * of_group % 2 != 0) return false;
    return tile >= of_group || tile % 2 == 0;
  };
  return (!packs_channels(s) || even(s.channels, t.channels)) &&
         (!s.is_matmul || !is_packed(s.out_width) || even(s.filters, t.filters));
}

Tiling smallest_tiling(const LayerShape& s, const AcceleratorConfig& config) {
  Tiling t;
  if (packs_channels(s)) t.channels = std::min<std::uint32_t>(2, s.channels);
  if (s.is_matmul && is_packed(s.out_width)) t.filters = std::min<std::uint32_t>(2, s.filters);
  if (keeps_channels_whole(s, config)) t.channels = s.channels;
  if (cuts_whole_bytes(s, t)) return t;
  // Groups of an odd number of channels: two of them.
  t.groups = std::min<std::uint32_t>(2, s.groups);
  t.channels = s.channels;
  t.filters = s.filters;
  return t;
}

std::array<Loop, 3> loops_of(LoopOrder order) {
  switch (order) {
    case LoopOrder::kPixelsFiltersChannels:
      return {Loop::kPixels, Loop::kFilters, Loop::kChannels};
    case LoopOrder::kFiltersPixelsChannels:
      return {Loop::kFilters, Loop::kPixels, Loop::kChannels};
    case LoopOrder::kPixelsChannelsFilters:
      return {Loop::kPixels, Loop::kChannels, Loop::kFilters};
    case LoopOrder::kFiltersChannelsPixels:
      return {Loop::kFilters, Loop::kChannels, Loop::kPixels};
    case LoopOrder::kChannelsPixelsFilters:
      return {Loop::kChannels, Loop::kPixels, Loop::kFilters};
    case LoopOrder::kChannelsFiltersPixels:
      return {Loop::kChannels, Loop::kFilters, Loop::kPixels};
  }
  return {};
}

std::string_view name_of(LoopOrder order) {
  switch (order) {
    case LoopOrder::kPixelsFiltersChannels:
      return "groups, pixels, filters, channels";
    case LoopOrder::kFiltersPixelsChannels:
      return "groups, filters, pixels, channels";
    case LoopOrder::kPixelsChannelsFilters:
      return "groups, pixels, channels, filters";
    case LoopOrder::kFiltersChannelsPixels:
      return "groups, filters, channels, pixels";
    case LoopOrder::kChannelsPixelsFilters:
      return "groups, channels, pixels, filters";
    case LoopOrder::kChannelsFiltersPixels:
      return "groups, channels, filters, pixels";
  }
  return "";
}

bool better(const TilingCost& a, const TilingCost& b, Objective objective) {
  switch (objective) {
    case Objective::kLatency:
      return std::tie(a.cycles, a.dram_bytes) < std::tie(b.cycles, b.dram_bytes);
    case Objective::kDramTraffic:
      return std::tie(a.dram_bytes, a.cycles) < std::tie(b.dram_bytes, b.cycles);
    case Objective::kEnergy:
      return std::tie(a.energy_pj, a.cycles) < std::tie(b.energy_pj, b.cycles);
  }
  return false;
}

std::optional<TilingSearch> choose_tiling(const LayerShape& shape,
                                          const models::Arithmetic& arithmetic,
                                          const AcceleratorConfig& config,
                                          const EnergyFigures* figures) {
  const Objective objective = config.compiler.objective;
  const TileModel model(shape, arithmetic, config,
                        objective == Objective::kEnergy ? figures : nullptr);
  TilingSearch best;
  for_each_tiling(shape, config, [&](const Tiling& t) {
    const Footprint f = model.footprint(t);
    if (!f.fits(config, 1)) return;
    ++best.candidates;
    // Most are worse already by their bytes, which are quick to count.
    if (best.candidates > 1) {
      const std::uint64_t bytes = model.dram_bytes(t);
      if (objective == Objective::kDramTraffic && bytes > best.cost.dram_bytes) return;
      if (objective == Objective::kLatency && model.transfer_cycles(bytes) > best.cost.cycles) {
        return;
      }
    }
    const TilingCost cost = model.cost(t, f);
    if (best.candidates == 1 || better(cost, best.cost, objective)) {
      best.tiling = t;
      best.cost = cost;
    }
  });
  if (best.candidates == 0) return std::nullopt;
  if (figures != nullptr && objective != Objective::kEnergy) {
    const TileModel weighing(shape, arithmetic, config, figures);
    best.cost = weighing.cost(best.tiling, weighing.footprint(best.tiling));
  }
  return best;
}

}  // namespace systolog::sim
