// SPDX-License-Identifier: Apache-2.0
#include "sim/filter_rows.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace systolog::sim {
namespace {

/// to[c][r] = value of row(r)[c], in squares that stay in the cache on both sides.
template <typename Row, typename T>
void transpose(const Row& row, std::size_t rows, std::size_t columns, T* to) {
  constexpr std::size_t kSide = 32;
  for (std::size_t r0 = 0; r0 < rows; r0 += kSide) {
    const std::size_t r1 = std::min(rows, r0 + kSide);
    for (std::size_t c0 = 0; c0 < columns; c0 += kSide) {
      const std::size_t c1 = std::min(columns, c0 + kSide);
      for (std::size_t r = r0; r < r1; ++r) {
        const T* const from = row(r);
        for (std::size_t c = c0; c < c1; ++c) to[c * rows + r] = from[c];
      }
    }
  }
}

template <typename T>
void turn_groups(std::span<const std::byte> codes, std::size_t groups, std::size_t filters,
                 std::size_t k, std::byte* to) {
  const std::size_t per_group = filters / groups;
  const T* const from = reinterpret_cast<const T*>(codes.data());
  for (std::size_t g = 0; g < groups; ++g) {
    const T* const group = from + g * per_group * k;
    transpose([&](std::size_t f) { return group + f * k; }, per_group, k,
              reinterpret_cast<T*>(to) + g * per_group * k);
  }
}

}  // namespace

FilterRows conv_rows(const workloads::Conv& conv, std::size_t depth) {
  const std::size_t taps = conv.window.kernel_h * conv.window.kernel_w;
  FilterRows rows{conv.filters, taps * depth, {}};
  rows.values.resize(conv.weights.size());
  if (conv.weights.empty()) return rows;
  for (std::size_t f = 0; f < conv.filters; ++f) {
    const float* const filter = conv.weights.data() + f * rows.k;
    transpose([&](std::size_t c) { return filter + c * taps; }, depth, taps,
              rows.values.data() + f * rows.k);
  }
  return rows;
}

FilterRows gemm_rows(const workloads::Gemm& gemm, std::size_t features, const Order* order) {
  FilterRows rows{gemm.features, features, {}};
  rows.values.resize(gemm.weights.size());
  if (gemm.weights.empty()) return rows;
  std::vector<std::size_t> element_at(features);
  for (std::size_t k = 0; k < features; ++k) element_at[order == nullptr ? k : (*order)[k]] = k;
  transpose([&](std::size_t k) { return gemm.weights.data() + element_at[k] * gemm.features; },
            rows.k, gemm.features, rows.values.data());
  return rows;
}

std::vector<std::byte> columns_of(std::span<const std::byte> codes, std::size_t groups,
                                  std::size_t filters, std::size_t k, std::size_t code_bytes) {
  std::vector<std::byte> turned(codes.size());
  const auto turn = code_bytes == 1   ? turn_groups<std::uint8_t>
                    : code_bytes == 2 ? turn_groups<std::uint16_t>
                                      : turn_groups<std::uint32_t>;
  turn(codes, groups, filters, k, turned.data());
  return turned;
}

}  // namespace systolog::sim
