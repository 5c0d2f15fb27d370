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
// beside the sums of a block of rows.
inline constexpr std::size_t kTableLanes = 128, kTableGroup = 16, kTableRows = 1024;

/// For each row of a block, the lines of terms to add.
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
HWY_INLINE HWY_ATTR void add_lines(const Term* terms, const LineList* lists, std::size_t rows,
                                   std::size_t width, std::int32_t* sums) {
  const std::size_t step = hn::Lanes(hn::ScalableTag<std::int32_t>());
  for (std::size_t r = 0; r < rows; ++r) {
    std::int32_t* at = sums + r * kTableLanes;
    std::size_t lane = 0;
    for (; lane + 8 * step <= width; lane += 8 * step) {
      add_chunk<8>(terms + lane, lists[r], at + lane);
    }
    for (; lane < width; lane += step) add_chunk<1>(terms + lane, lists[r], at + lane);
  }
}
HWY_ATTR void add_lines_i16(const std::int16_t* terms, const LineList* lists, std::size_t rows,
                            std::size_t width, std::int32_t* sums) {
  add_lines(terms, lists, rows, width, sums);
}
HWY_ATTR void add_lines_i32(const std::int32_t* terms, const LineList* lists, std::size_t rows,
                            std::size_t width, std::int32_t* sums) {
  add_lines(terms, lists, rows, width, sums);
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(add_lines_i16);
HWY_EXPORT(add_lines_i32);

namespace {

void add_lines(const std::int16_t* terms, const LineList* lists, std::size_t rows,
               std::size_t width, std::int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(add_lines_i16)(terms, lists, rows, width, sums);
}
void add_lines(const std::int32_t* terms, const LineList* lists, std::size_t rows,
               std::size_t width, std::int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(add_lines_i32)(terms, lists, rows, width, sums);
}

/// Each thread's own, kept.
template <typename Term>
struct TableBuffers {
  AlignedBuffer<Term> lines;
  AlignedBuffer<std::int32_t> sums, places;
  AlignedBuffer<LineList> lists;
  AlignedBuffer<std::uint16_t> rows, codes, lanes;
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

TableMatmul::Side TableMatmul::side_of(std::vector<std::int32_t> terms) const {
  Side side;
  side.counts.resize(std::size_t{1} << bits_);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (terms[i] != 0) side.counts[i >> bits_] = 1;
  }
  if (greatest_ <= std::numeric_limits<std::int16_t>::max()) {
    side.short_terms.assign(terms.begin(), terms.end());
  } else {
    side.terms = std::move(terms);
  }
  return side;
}

TableMatmul::TableMatmul(int bits, std::vector<std::int32_t> terms) : bits_(bits) {
  std::vector<std::int32_t> turned(terms.size());
  const std::size_t codes = std::size_t{1} << bits;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    greatest_ = std::max(greatest_, std::abs(std::int64_t{terms[i]}));
    turned[i % codes << bits | i >> bits] = terms[i];
  }
  by_activation_ = side_of(std::move(terms));
  by_weight_ = side_of(std::move(turned));
}

template <typename Term>
void TableMatmul::add_as(const std::vector<Term>& terms, const std::vector<std::uint8_t>& counts,
                         const MatmulTile& tile, bool by_weight, std::int32_t* sums) const {
  const std::size_t bytes = code_bytes_for(bits_), codes = counts.size(), depth = tile.k;
  const std::size_t row_count = by_weight ? tile.n : tile.m;
  const std::size_t lane_count = by_weight ? tile.m : tile.n;
  auto& buffers = TableBuffers<Term>::mine();
  std::int32_t* places = buffers.places.reserve(kTableGroup * codes);  // of lines; -1: none yet
  LineList* lists = buffers.lists.reserve(kTableRows);
  std::int32_t* panel_sums = buffers.sums.reserve(kTableRows * kTableLanes);
  Term* lines = buffers.lines.reserve(kTableGroup * std::min(codes, row_count) * kTableLanes);
  std::uint16_t* rows = buffers.rows.reserve(row_count * depth);           // [row][k]
  std::uint16_t* lane_codes = buffers.lanes.reserve(depth * kTableLanes);  // [k][lane]
  std::uint16_t* line = buffers.codes.reserve(std::max(tile.n, depth));
  if (by_weight) {
    for (std::size_t k = 0; k < depth; ++k) {
      widen(tile.weights + k * tile.n * bytes, tile.n, bytes, line);
      for (std::size_t n = 0; n < tile.n; ++n) rows[n * depth + k] = line[n];
    }
  } else {
    widen(tile.activations, tile.m * depth, bytes, rows);
  }
  for (std::size_t first_lane = 0; first_lane < lane_count; first_lane += kTableLanes) {
    const std::size_t lanes = std::min(kTableLanes, lane_count - first_lane);
    const std::size_t width = (lanes + 15) / 16 * 16;
    for (std::size_t k = 0; k < depth; ++k) {
      std::uint16_t* to = lane_codes + k * kTableLanes;
      if (!by_weight) widen(tile.weights + (k * tile.n + first_lane) * bytes, lanes, bytes, to);
      std::fill(to + lanes, to + width, std::uint16_t{0});
    }
    for (std::size_t l = 0; by_weight && l < lanes; ++l) {
      widen(tile.activations + (first_lane + l) * depth * bytes, depth, bytes, line);
      for (std::size_t k = 0; k < depth; ++k) lane_codes[k * kTableLanes + l] = line[k];
    }
    for (std::size_t first_row = 0; first_row < row_count; first_row += kTableRows) {
      const std::size_t block = std::min(kTableRows, row_count - first_row);
      std::fill_n(panel_sums, block * kTableLanes, 0);
      for (std::size_t first_k = 0; first_k < depth; first_k += kTableGroup) {
        const std::size_t group = std::min(kTableGroup, depth - first_k);
        std::fill_n(places, kTableGroup * codes, -1);
        std::int32_t next = 0;
        for (std::size_t r = 0; r < block; ++r) {
          const std::uint16_t* row = rows + (first_row + r) * depth + first_k;
          std::uint32_t count = 0;
          for (std::size_t k = 0; k < group; ++k) {
            const std::size_t a = row[k];
            std::int32_t& place = places[k * codes + a];
            if (place < 0 && counts[a] != 0) {
              place = next++;
              look_up(terms.data() + (a << bits_), lane_codes + (first_k + k) * kTableLanes, width,
                      lines + static_cast<std::size_t>(place) * kTableLanes);
            }
            // An operand without terms writes where the next one does.
            lists[r].lines[count] = static_cast<std::uint32_t>(place);
            count += counts[a];
          }
          lists[r].count = count;
        }
        add_lines(lines, lists, block, width, panel_sums);
      }
      const std::size_t row_stride = by_weight ? 1 : tile.n, lane_stride = by_weight ? tile.n : 1;
      for (std::size_t r = 0; r < block; ++r) {
        std::int32_t* to = sums + (first_row + r) * row_stride + first_lane * lane_stride;
        const std::int32_t* from = panel_sums + r * kTableLanes;
        for (std::size_t l = 0; l < lanes; ++l) {
          std::int32_t& sum = to[l * lane_stride];
          sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) +
                                          static_cast<std::uint32_t>(from[l]));
        }
      }
    }
  }
}

void TableMatmul::add(const MatmulTile& tile, std::int32_t* sums) const {
  const bool by_weight = tile.n > tile.m;
  const Side& side = by_weight ? by_weight_ : by_activation_;
  if (side.terms.empty()) {
    add_as(side.short_terms, side.counts, tile, by_weight, sums);
  } else {
    add_as(side.terms, side.counts, tile, by_weight, sums);
  }
}

}  // namespace systolog::models
#endif  // HWY_ONCE
