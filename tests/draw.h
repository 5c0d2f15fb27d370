// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace systolog::test {

/// Same numbers on every machine: the distributions of <random> are not portable, these are.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t word() { return engine_(); }
  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  std::uint32_t bits(int count) { return static_cast<std::uint32_t>(engine_() >> (64 - count)); }
  /// Both ends included.
  std::uint64_t between(std::uint64_t lowest, std::uint64_t highest) {
    return lowest + below(highest - lowest + 1);
  }
  /// In [-1, 1), 24 bits.
  float value() { return static_cast<float>(bits(24)) * 0x1p-23F - 1.0F; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <typename T>
  T of(const std::vector<T>& items) {
    return items[below(items.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace systolog::test
