// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstdint>

namespace systolog::sim {

/// Hands out scratchpad regions one behind the other and starts again where the end is reached:
/// tiles alternate by themselves, so the next one loads while this one is used. Whether an old
/// region is still needed is the hazard tracker's business.
class RingAllocator {
 public:
  /// `alternates`: false where each region begins where the one before did.
  explicit RingAllocator(std::uint64_t capacity_bytes, bool alternates = true)
      : end_(capacity_bytes), alternates_(alternates) {}

  struct Region {
    std::uint64_t begin = 0, end = 0;
    bool overlaps(const Region& other) const { return begin < other.end && other.begin < end; }
  };

  /// From now on only [begin, end) is handed out; `begin` a multiple of kAlignment.
  void use(std::uint64_t begin, std::uint64_t end) {
    begin_ = begin;
    end_ = end;
    if (next_ < begin || next_ > end) next_ = begin;
  }

  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }
  std::uint64_t size() const { return end_ - begin_; }

  /// `bytes` must fit. Addresses are multiples of kAlignment.
  Region allocate(std::uint64_t bytes) {
    assert(bytes <= end_ - begin_);
    if (!alternates_ || next_ + bytes > end_) next_ = begin_;
    const Region region{next_, next_ + bytes};
    next_ = align(region.end);
    return region;
  }

  static constexpr std::uint64_t kAlignment = 16;
  static constexpr std::uint64_t align(std::uint64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

 private:
  std::uint64_t begin_ = 0, end_;
  bool alternates_;
  std::uint64_t next_ = 0;
};

}  // namespace systolog::sim
