// SPDX-License-Identifier: Apache-2.0
#include "sim/weight_codes.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace systolog::sim {
namespace {

/// to[place(c)][r] = from[r][c], in squares that stay in the cache on both sides.
template <typename T, typename Place>
void transpose(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_stride, const Place& place) {
  constexpr std::size_t kSide = 32;
  for (std::size_t r0 = 0; r0 < rows; r0 += kSide) {
    const std::size_t r1 = std::min(rows, r0 + kSide);
    for (std::size_t c0 = 0; c0 < columns; c0 += kSide) {
      const std::size_t c1 = std::min(columns, c0 + kSide);
      for (std::size_t c = c0; c < c1; ++c) {
        T* const row = to + place(c) * to_stride;
        for (std::size_t r = r0; r < r1; ++r) row[r] = from[r * from_stride + c];
      }
    }
  }
}

struct AsItIs {
  std::size_t operator()(std::size_t c) const { return c; }
};

/// Calls `turn` with a pointer to the integers that codes of this size are.
template <typename Turn>
void with_code_type(std::size_t code_bytes, const Turn& turn) {
  if (code_bytes == 1) {
    turn(std::uint8_t{});
  } else if (code_bytes == 2) {
    turn(std::uint16_t{});
  } else {
    turn(std::uint32_t{});
  }
}

std::vector<std::byte> encode_filters(const LayerWeights& w, const models::Arithmetic& a,
                                      std::span<const float> scales) {
  const std::size_t bytes = a.code_bytes(), per_group = w.filters / w.groups;
  const std::size_t depth = w.k / w.taps;
  std::vector<std::byte> group(per_group * w.k * bytes), codes(w.values.size() * bytes);
  for (std::size_t g = 0; g < w.groups; ++g) {
    for (std::size_t i = 0; i < per_group; ++i) {
      const std::size_t f = g * per_group + i;
      a.encode(w.values.subspan(f * w.k, w.k), {scales[f], 0}, group.data() + i * w.k * bytes);
    }
    with_code_type(bytes, [&]<typename T>(T) {
      transpose(reinterpret_cast<const T*>(group.data()), w.k, per_group, w.k,
                reinterpret_cast<T*>(codes.data()) + g * per_group * w.k, per_group,
                [&](std::size_t k) { return k % w.taps * depth + k / w.taps; });
    });
  }
  return codes;
}

/// Where each row of a Gemm's weights belongs in memory's order.
std::vector<std::size_t> rows_in_order(const LayerWeights& w) {
  std::vector<std::size_t> place(w.k);
  for (std::size_t k = 0; k < w.k; ++k) place[w.order == nullptr ? k : (*w.order)[k]] = k;
  return place;
}

std::vector<std::byte> encode_columns(const LayerWeights& w, const models::Arithmetic& a,
                                      std::span<const float> scales) {
  const std::size_t bytes = a.code_bytes();
  const std::vector<std::size_t> from = rows_in_order(w);
  std::vector<std::byte> codes(w.values.size() * bytes);
  const bool share_scale =
      std::adjacent_find(scales.begin(), scales.end(), std::not_equal_to<>()) == scales.end();
  if (share_scale) {
    for (std::size_t k = 0; k < w.k; ++k) {
      a.encode(w.values.subspan(from[k] * w.filters, w.filters), {scales[0], 0},
               codes.data() + k * w.filters * bytes);
    }
    return codes;
  }
  // Blocks of filters turned, encoded one filter at a time, and turned back.
  constexpr std::size_t kFilters = 32, kRows = 512;
  std::vector<float> values(kFilters * kRows);
  std::vector<std::byte> block(kFilters * kRows * bytes);
  for (std::size_t k0 = 0; k0 < w.k; k0 += kRows) {
    const std::size_t rows = std::min(kRows, w.k - k0);
    for (std::size_t f0 = 0; f0 < w.filters; f0 += kFilters) {
      const std::size_t filters = std::min(kFilters, w.filters - f0);
      for (std::size_t k = 0; k < rows; ++k) {
        const float* const row = &w.values[from[k0 + k] * w.filters + f0];
        for (std::size_t f = 0; f < filters; ++f) values[f * kRows + k] = row[f];
      }
      for (std::size_t f = 0; f < filters; ++f) {
        a.encode(std::span(values).subspan(f * kRows, rows), {scales[f0 + f], 0},
                 block.data() + f * kRows * bytes);
      }
      with_code_type(bytes, [&]<typename T>(T) {
        transpose(reinterpret_cast<const T*>(block.data()), kRows, filters, rows,
                  reinterpret_cast<T*>(codes.data()) + k0 * w.filters + f0, w.filters, AsItIs{});
      });
    }
  }
  return codes;
}

/// Takes `values`, one behind the other, into lowest and highest of as many filters.
void widen(std::span<const float> values, float* lowest, float* highest) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    lowest[i] = values[i] < lowest[i] ? values[i] : lowest[i];
    highest[i] = values[i] > highest[i] ? values[i] : highest[i];
  }
}

}  // namespace

LayerWeights weights_of(const workloads::Conv& conv, std::size_t depth) {
  const std::size_t taps = conv.window.kernel_h * conv.window.kernel_w;
  return {.values = conv.weights,
          .filters = conv.filters,
          .k = taps * depth,
          .groups = conv.groups,
          .taps = taps};
}

LayerWeights weights_of(const workloads::Gemm& gemm, std::size_t features, const Order* order) {
  return {.values = gemm.weights,
          .filters = gemm.features,
          .k = features,
          .has_filters_inside = true,
          .order = order};
}

std::vector<Range> filter_ranges(const LayerWeights& w) {
  std::vector<Range> ranges(w.filters);
  if (w.has_filters_inside) {
    std::vector<float> lowest(w.filters), highest(w.filters);
    for (std::size_t k = 0; k < w.k; ++k) {
      widen(w.values.subspan(k * w.filters, w.filters), lowest.data(), highest.data());
    }
    for (std::size_t f = 0; f < w.filters; ++f) ranges[f] = {lowest[f], highest[f]};
    return ranges;
  }
  constexpr std::size_t kLanes = 16;
  for (std::size_t f = 0; f < w.filters; ++f) {
    std::array<float, kLanes> lowest{}, highest{};
    for (std::size_t k = 0; k < w.k; k += kLanes) {
      widen(w.values.subspan(f * w.k + k, std::min(kLanes, w.k - k)), lowest.data(),
            highest.data());
    }
    ranges[f] = {*std::min_element(lowest.begin(), lowest.end()),
                 *std::max_element(highest.begin(), highest.end())};
  }
  return ranges;
}

std::vector<std::byte> encode_weights(const LayerWeights& weights,
                                      const models::Arithmetic& arithmetic,
                                      std::span<const float> scales) {
  return weights.has_filters_inside ? encode_columns(weights, arithmetic, scales)
                                    : encode_filters(weights, arithmetic, scales);
}

}  // namespace systolog::sim
