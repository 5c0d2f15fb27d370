// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace systolog::memory {

/// Words that move through a scratchpad's ports, from which slower engines find out what is left to
/// them. Cycles are clock edges of the accelerator.
class PortLedger {
 public:
  /// `words` evenly in the `cycles` from `begin` on; `begin` is now, or later.
  void book(std::uint64_t begin, std::uint64_t cycles, std::uint64_t words) {
    open_.push_back({begin, cycles, words});
  }

  /// Words that have moved before `now`, which never goes back: of a booking's first c cycles
  /// floor(words c / cycles).
  std::uint64_t moved(std::uint64_t now) {
    std::uint64_t words = 0;
    std::erase_if(open_, [&](const Booking& b) {
      if (b.begin + b.cycles <= now) {
        settled_ += b.words;
        return true;
      }
      if (b.begin < now) words += b.words * (now - b.begin) / b.cycles;
      return false;
    });
    return settled_ + words;
  }

 private:
  struct Booking {
    std::uint64_t begin = 0, cycles = 1, words = 0;
  };
  std::vector<Booking> open_;  // not yet over when last asked
  std::uint64_t settled_ = 0;
};

}  // namespace systolog::memory
