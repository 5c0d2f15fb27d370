// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

namespace systolog::memory {

/// The scratchpads a DMA engine and the compute engines share.
enum class Scratchpad : std::uint32_t { kInput, kWeight, kOutput };
inline constexpr std::uint32_t kScratchpads = 3;

/// A strided DMA descriptor: runs of contiguous bytes, repeated along up to three dimensions,
/// outermost first. Run (i, j, k) starts at address + i stride[0] + j stride[1] + k stride[2] on
/// either side. This is the command word the DMA receives in a payload.
struct Transfer {
  enum class Direction : std::uint32_t { kLoad, kStore };  // load: DRAM to scratchpad
  struct Side {
    std::uint64_t address = 0;                 // [B]
    std::array<std::uint64_t, 3> stride = {};  // [B]
  };
  Direction direction = Direction::kLoad;
  Scratchpad scratchpad = Scratchpad::kInput;
  Side dram, local;
  std::array<std::uint32_t, 3> count = {1, 1, 1};
  std::uint32_t run_bytes = 0;
  std::uint32_t stream = 0;  // for whom it moves (stream.h)

  std::uint64_t runs() const { return std::uint64_t{count[0]} * count[1] * count[2]; }
  std::uint64_t bytes() const { return runs() * run_bytes; }
  /// One past the last byte that `side` touches, for non-negative strides.
  std::uint64_t end(const Side& side) const {
    std::uint64_t last = side.address;
    for (std::size_t d = 0; d < 3; ++d) last += (count[d] - 1) * side.stride[d];
    return last + run_bytes;
  }
  /// Calls `run(dram address, local address)` for every run, in order.
  template <typename Run>
  void for_each_run(Run run) const {
    for (std::uint64_t i = 0; i < count[0]; ++i) {
      for (std::uint64_t j = 0; j < count[1]; ++j) {
        for (std::uint64_t k = 0; k < count[2]; ++k) {
          run(dram.address + i * dram.stride[0] + j * dram.stride[1] + k * dram.stride[2],
              local.address + i * local.stride[0] + j * local.stride[1] + k * local.stride[2]);
        }
      }
    }
  }
};
static_assert(std::is_trivially_copyable_v<Transfer>);

/// The same transfer with dimensions that lie contiguously on both sides merged into longer runs.
Transfer merged(Transfer transfer);

}  // namespace systolog::memory
