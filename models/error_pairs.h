// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include "models/arithmetic.h"

namespace systolog::models {

/// 2^log2_count consecutive codes from `first` on.
struct CodeRange {
  Code first = 0;
  int log2_count = 0;
  constexpr std::uint64_t count() const { return std::uint64_t{1} << log2_count; }
  constexpr Code at(std::uint64_t i) const { return first + static_cast<Code>(i); }
};

/// Pairs (a, b) by their number: all of them with b counting fastest, or draws.
class PairSource {
 public:
  PairSource(const CodeRange& range, std::uint64_t samples, std::uint64_t seed)
      : range_(range), samples_(samples), key_(mix(seed)) {}

  bool exhaustive() const { return samples_ == 0; }
  std::uint64_t size() const { return exhaustive() ? range_.count() * range_.count() : samples_; }
  /// Numbers of a and b within the range.
  std::pair<std::uint32_t, std::uint32_t> operator()(std::uint64_t i) const {
    const int bits = range_.log2_count;
    if (exhaustive()) {
      return {static_cast<std::uint32_t>(i >> bits),
              static_cast<std::uint32_t>(i & (range_.count() - 1))};
    }
    const std::uint64_t word = mix(key_ + (i + 1) * kGolden);
    return {top(word >> 32, bits), top(word & 0xFFFF'FFFFU, bits)};
  }

 private:
  // SplitMix64 [Steele 2014] as a function of the draw's number: any thread can draw any of them.
  static constexpr std::uint64_t kGolden = 0x9E37'79B9'7F4A'7C15U;
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9U;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EBU;
    return z ^ (z >> 31);
  }
  static std::uint32_t top(std::uint64_t word, int bits) {
    return static_cast<std::uint32_t>(word >> (32 - bits));
  }

  CodeRange range_;
  std::uint64_t samples_, key_;
};

}  // namespace systolog::models
