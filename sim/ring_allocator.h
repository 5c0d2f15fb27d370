// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstdint>

namespace systolog::sim {

/// Hands out scratchpad regions one behind the other and starts again at 0 where the end is
/// reached: tiles alternate by themselves, so the next one loads while this one is used. Whether
/// an old region is still needed is the hazard tracker's business.
class RingAllocator {
 public:
  explicit RingAllocator(std::uint64_t capacity_bytes) : capacity_(capacity_bytes) {}

  struct Region {
    std::uint64_t begin = 0, end = 0;
    bool overlaps(const Region& other) const { return begin < other.end && other.begin < end; }
  };

  /// `bytes` must fit the capacity. Addresses are multiples of kAlignment.
  Region allocate(std::uint64_t bytes) {
    assert(bytes <= capacity_);
    if (next_ + bytes > capacity_) next_ = 0;
    const Region region{next_, next_ + bytes};
    next_ = align(region.end);
    return region;
  }

  static constexpr std::uint64_t kAlignment = 16;
  static constexpr std::uint64_t align(std::uint64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

 private:
  std::uint64_t capacity_;
  std::uint64_t next_ = 0;
};

}  // namespace systolog::sim
