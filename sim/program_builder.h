// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/hazards.h"
#include "sim/program.h"

namespace systolog::sim {

/// Bytes of one memory that a command touches.
struct MemoryRange {
  std::uint32_t memory = 0;  // a memory::Scratchpad, or kDramActivations
  std::uint64_t begin = 0, end = 0;
  bool write = false;
};
inline constexpr std::uint32_t kDramActivations = memory::kScratchpads;

/// Appends commands and works out what each has to wait for.
class ProgramBuilder {
 public:
  /// What follows belongs to the next layer.
  void begin_layer();
  void add(memory::Transfer transfer, bool constants);
  void add(const pe::Matmul& matmul, std::vector<MemoryRange> ranges);
  void add(const pe::VectorOp& op, std::vector<MemoryRange> ranges);

  Program& program() { return program_; }

 private:
  void append(Command command, const std::vector<MemoryRange>& ranges);

  static constexpr std::uint32_t kNone = UINT32_MAX;
  Program program_;
  std::array<HazardTracker, memory::kScratchpads + 1> hazards_;
  std::uint32_t layer_ = kNone;  // current
  std::uint32_t last_store_ = kNone, last_store_of_layer_before_ = kNone;
};

}  // namespace systolog::sim
