// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set that Highway knows; see kernels.cpp.
#include "models/table_matmul.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "models/blocks.h"
#include "models/codes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/table_matmul.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

#ifndef SYSTOLOG_MODELS_TABLE_MATMUL_LINES
#define SYSTOLOG_MODELS_TABLE_MATMUL_LINES
namespace systolog::models {

// Lanes of a panel, and k of a group, of which the terms looked up stay in the second-level cache
// beside the sums of a block of output pixels.
inline constexpr std::size_t kTableLanes = 128, kTableGroup = 8, kTablePixels = 1024;

/// For each output pixel of a block, the lines of terms to add.
struct LineList {
  std::array<std::uint32_t, kTableGroup> lines;
  std::uint32_t count;
};

}  // namespace systolog::models
#endif

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <std::size_t kVectors, typename Term>
HWY_INLINE HWY_ATTR void add_chunk(const Term* terms, const LineList& list, std::int32_t* sums) {
  const hn::ScalableTag<std::int32_t> d;
  const hn::Rebind<Term, decltype(d)> dt;
  const std::size_t step = hn::Lanes(d);
  hn::Vec<decltype(d)> sum[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) sum[v] = hn::LoadU(d, sums + v * step);
  for (std::uint32_t i = 0; i < list.count; ++i) {
    const Term* line = terms + list.lines[i] * kTableLanes;
    for (std::size_t v = 0; v < kVectors; ++v) {
      if constexpr (sizeof(Term) == sizeof(std::int32_t)) {
        sum[v] = hn::Add(sum[v], hn::LoadU(d, line + v * step));
      } else {
        sum[v] = hn::Add(sum[v], hn::PromoteTo(d, hn::LoadU(dt, line + v * step)));
      }
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[v], d, sums + v * step);
}

template <typename Term>
HWY_INLINE HWY_ATTR void add_lines(const Term* terms, const LineList* lists, std::size_t pixels,
                                   std::size_t width, std::int32_t* sums) {
  const std::size_t step = hn::Lanes(hn::ScalableTag<std::int32_t>());
  for (std::size_t m = 0; m < pixels; ++m) {
    std::int32_t* at = sums + m * kTableLanes;
    std::size_t lane = 0;
    for (; lane + 8 * step <= width; lane += 8 * step) {
      add_chunk<8>(terms + lane, lists[m], at + lane);
    }
    for (; lane < width; lane += step) add_chunk<1>(terms + lane, lists[m], at + lane);
  }
}
HWY_ATTR void add_lines_i16(const std::int16_t* terms, const LineList* lists, std::size_t pixels,
                            std::size_t width, std::int32_t* sums) {
  add_lines(terms, lists, pixels, width, sums);
}
HWY_ATTR void add_lines_i32(const std::int32_t* terms, const LineList* lists, std::size_t pixels,
                            std::size_t width, std::int32_t* sums) {
  add_lines(terms, lists, pixels, width, sums);
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(add_lines_i16);
HWY_EXPORT(add_lines_i32);

namespace {

void add_lines(const std::int16_t* terms, const LineList* lists, std::size_t pixels,
               std::size_t width, std::int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(add_lines_i16)(terms, lists, pixels, width, sums);
}
void add_lines(const std::int32_t* terms, const LineList* lists, std::size_t pixels,
               std::size_t width, std::int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(add_lines_i32)(terms, lists, pixels, width, sums);
}

/// Each thread's own, kept.
template <typename Term>
struct TableBuffers {
  AlignedBuffer<Term> lines;
  AlignedBuffer<std::int32_t> sums, places;
  AlignedBuffer<LineList> lists;
  AlignedBuffer<std::uint16_t> activations, weights;
  static TableBuffers& mine() {
    thread_local TableBuffers buffers;
    return buffers;
  }
};

/// codes[i] as 16 bits.
void widen(const std::byte* codes, std::size_t count, std::size_t bytes, std::uint16_t* out) {
  if (bytes == 1) {
    for (std::size_t i = 0; i < count; ++i) out[i] = load<std::uint8_t>(codes + i);
  } else {
    std::memcpy(out, codes, count * sizeof *out);
  }
}

/// The terms of `row`, a row of the table, with each of `lanes` codes, a multiple of 16.
template <typename Term>
void look_up(const Term* row, const std::uint16_t* codes, std::size_t lanes, Term* out) {
  for (std::size_t first = 0; first < lanes; first += 16) {
    for (std::size_t l = first; l < first + 16; ++l) out[l] = row[codes[l]];
  }
}

}  // namespace

TableMatmul::TableMatmul(int bits, std::vector<std::int32_t> terms)
    : bits_(bits), terms_(std::move(terms)), counts_(std::size_t{1} << bits) {
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    greatest_ = std::max(greatest_, std::abs(std::int64_t{terms_[i]}));
    if (terms_[i] != 0) counts_[i >> bits] = 1;
  }
  if (greatest_ > std::numeric_limits<std::int16_t>::max()) return;
  short_terms_.assign(terms_.begin(), terms_.end());
  terms_.clear();
}

template <typename Term>
void TableMatmul::add_as(const std::vector<Term>& terms, const MatmulTile& tile,
                         std::int32_t* sums) const {
  const std::size_t bytes = code_bytes_for(bits_), codes = counts_.size();
  auto& buffers = TableBuffers<Term>::mine();
  std::int32_t* places = buffers.places.reserve(kTableGroup * codes);  // of lines; -1: none yet
  LineList* lists = buffers.lists.reserve(kTablePixels);
  std::int32_t* panel_sums = buffers.sums.reserve(kTablePixels * kTableLanes);
  Term* lines = buffers.lines.reserve(kTableGroup * std::min(codes, tile.m) * kTableLanes);
  std::uint16_t* activations = buffers.activations.reserve(tile.m * tile.k);
  std::uint16_t* weights = buffers.weights.reserve(tile.k * kTableLanes);
  widen(tile.activations, tile.m * tile.k, bytes, activations);
  for (std::size_t n = 0; n < tile.n; n += kTableLanes) {
    const std::size_t lanes = std::min(kTableLanes, tile.n - n);
    const std::size_t width = (lanes + 15) / 16 * 16;
    for (std::size_t k = 0; k < tile.k; ++k) {
      std::uint16_t* to = weights + k * kTableLanes;
      widen(tile.weights + (k * tile.n + n) * bytes, lanes, bytes, to);
      std::fill(to + lanes, to + width, std::uint16_t{0});
    }
    for (std::size_t first_m = 0; first_m < tile.m; first_m += kTablePixels) {
      const std::size_t pixels = std::min(kTablePixels, tile.m - first_m);
      std::fill_n(panel_sums, pixels * kTableLanes, 0);
      for (std::size_t first_k = 0; first_k < tile.k; first_k += kTableGroup) {
        const std::size_t group = std::min(kTableGroup, tile.k - first_k);
        std::fill_n(places, kTableGroup * codes, -1);
        std::int32_t next = 0;
        for (std::size_t m = 0; m < pixels; ++m) {
          const std::uint16_t* row = activations + (first_m + m) * tile.k + first_k;
          std::uint32_t count = 0;
          for (std::size_t k = 0; k < group; ++k) {
            const std::size_t a = row[k];
            std::int32_t& place = places[k * codes + a];
            if (place < 0 && counts_[a] != 0) {
              place = next++;
              look_up(terms.data() + (a << bits_), weights + (first_k + k) * kTableLanes, width,
                      lines + static_cast<std::size_t>(place) * kTableLanes);
            }
            // An activation without terms writes where the next one does.
            lists[m].lines[count] = static_cast<std::uint32_t>(place);
            count += counts_[a];
          }
          lists[m].count = count;
        }
        add_lines(lines, lists, pixels, width, panel_sums);
      }
      for (std::size_t m = 0; m < pixels; ++m) {
        std::int32_t* to = sums + (first_m + m) * tile.n + n;
        const std::int32_t* from = panel_sums + m * kTableLanes;
        for (std::size_t l = 0; l < lanes; ++l) {
          to[l] = static_cast<std::int32_t>(static_cast<std::uint32_t>(to[l]) +
                                            static_cast<std::uint32_t>(from[l]));
        }
      }
    }
  }
}

void TableMatmul::add(const MatmulTile& tile, std::int32_t* sums) const {
  terms_.empty() ? add_as(short_terms_, tile, sums) : add_as(terms_, tile, sums);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
