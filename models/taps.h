// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

#include "models/blocks.h"
#include "models/codes.h"
#include "models/depthwise.h"

namespace systolog::models {

/// Operands and sums of a depthwise kernel, lanes over channels: sums[r][l] += sum over k of
/// pixels[taps[r][k] + l] * weights[k][l], in folds of `fold` k, each from zero with k ascending,
/// then merged.
template <typename Operand, typename Sum>
struct Taps {
  static constexpr std::size_t kWidth = 64 / sizeof(Operand);  // whole vectors of every target

  std::size_t row_count = 0, k = 0, lane_count = 0;  // lane_count a multiple of kWidth
  std::size_t fold = 0;
  const std::size_t* taps = nullptr;  // [row_count][k]
  const Operand* pixels = nullptr;
  const Operand* weights = nullptr;  // [k][lane_count]
  Sum* sums = nullptr;               // [row_count][lane_count]
};

/// A depthwise tile with its pixels decoded, each once however many windows take it, and cut into
/// blocks of outputs of which the sums stay in the first-level cache. Buffers are each thread's own
/// and live on, as BlockedTile's: one TapsTile of a kind at a time.
template <typename Operand, typename Sum>
class TapsTile {
 public:
  using Work = Taps<Operand, Sum>;

  /// decode(codes, count, out) writes out[i] = operand of codes[i].
  template <typename Decode>
  TapsTile(const DepthwiseTile& tile, std::size_t code_bytes, std::size_t accumulator_bytes,
           const Decode& decode)
      : tile_(tile), accumulator_bytes_(accumulator_bytes) {
    const std::size_t lanes = (tile.channels + Work::kWidth - 1) / Work::kWidth * Work::kWidth;
    work_.k = tile.k;
    work_.lane_count = lanes;
    work_.fold = tile.fold_rows;
    work_.pixels = decode_pixels(code_bytes, decode);
    work_.weights = turn_weights(code_bytes, decode);
    std::size_t* taps = buffers().taps.reserve(tile.m * tile.k);
    for (std::size_t i = 0; i < tile.m * tile.k; ++i) {
      taps[i] = std::min(tile.taps[i], tile.pixels) * lanes;  // padding lies behind the pixels
    }
    work_.taps = taps;
  }

  /// Calls run(work, accumulators) for blocks of outputs, accumulators those of the first one. The
  /// sums are not set.
  template <typename Run>
  void for_each_block(const Run& run) {
    constexpr std::size_t kCacheBytes = 16 * 1024, kMultiple = 4;
    const std::size_t most =
        std::max(kCacheBytes / (work_.lane_count * sizeof(Sum)) / kMultiple, std::size_t{1}) *
        kMultiple;
    work_.sums = buffers().sums.reserve(most * work_.lane_count);
    Work block = work_;
    for (std::size_t first = 0; first < tile_.m; first += most) {
      block.row_count = std::min(most, tile_.m - first);
      block.taps = work_.taps + first * tile_.k;
      run(block, tile_.accumulators + first * tile_.channels * accumulator_bytes_);
    }
  }

  /// Calls visit(i, sum) for each output i of a block's [row_count, channels].
  template <typename Visit>
  void for_each_sum(const Work& block, const Visit& visit) const {
    for (std::size_t r = 0; r < block.row_count; ++r) {
      Sum* const row = block.sums + r * block.lane_count;
      for (std::size_t c = 0; c < tile_.channels; ++c) visit(r * tile_.channels + c, row[c]);
    }
  }
  static void clear_sums(const Work& block) {
    std::fill_n(block.sums, block.row_count * block.lane_count, Sum{});
  }

 private:
  struct Buffers {
    AlignedBuffer<Operand> pixels, weights, line;
    AlignedBuffer<std::size_t> taps;
    AlignedBuffer<Sum> sums;
  };
  static Buffers& buffers() {
    thread_local Buffers buffers;
    return buffers;
  }

  template <typename Decode>
  const Operand* decode_pixels(std::size_t code_bytes, const Decode& decode) const {
    const std::size_t channels = tile_.channels, lanes = work_.lane_count;
    Operand* const pixels = buffers().pixels.reserve((tile_.pixels + 1) * lanes);
    if (lanes == channels) {
      decode(tile_.activations, tile_.pixels * channels, pixels);
    } else {
      for (std::size_t p = 0; p < tile_.pixels; ++p) {
        decode(tile_.activations + p * channels * code_bytes, channels, pixels + p * lanes);
        std::fill_n(pixels + p * lanes + channels, lanes - channels, Operand{});
      }
    }
    std::byte zero_code[sizeof(Code)];
    store_code(tile_.zero_code, zero_code, 0, code_bytes);
    Operand zero{};
    decode(zero_code, 1, &zero);
    std::fill_n(pixels + tile_.pixels * lanes, lanes, zero);
    return pixels;
  }
  template <typename Decode>
  const Operand* turn_weights(std::size_t code_bytes, const Decode& decode) const {
    const std::size_t k = tile_.k, lanes = work_.lane_count;
    Operand* const weights = buffers().weights.reserve(k * lanes);
    Operand* const line = buffers().line.reserve(k);
    std::fill_n(weights, k * lanes, Operand{});
    for (std::size_t c = 0; c < tile_.channels; ++c) {
      decode(tile_.weights + c * k * code_bytes, k, line);
      for (std::size_t i = 0; i < k; ++i) weights[i * lanes + c] = line[i];
    }
    return weights;
  }

  DepthwiseTile tile_;
  std::size_t accumulator_bytes_;
  Work work_;
};

}  // namespace systolog::models
