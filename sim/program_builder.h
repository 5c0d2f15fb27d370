// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/hazards.h"
#include "sim/program.h"

namespace systolog::sim {

/// Bytes of one memory that a command touches.
struct MemoryRange {
  std::uint32_t memory = 0;  // a memory::Scratchpad, or a part of the DRAM
  std::uint64_t begin = 0, end = 0;
  bool write = false;
};
/// The DRAM in parts that no command crosses: spilled sums, then the activation tensors.
inline constexpr std::uint32_t kDramSpill = memory::kScratchpads;
inline constexpr std::uint32_t kDramValues = kDramSpill + 1;  // + value
/// Constants, which nobody writes.
inline constexpr std::uint32_t kDramConstants = UINT32_MAX;

/// Appends commands and works out what each has to wait for.
class ProgramBuilder {
 public:
  /// `values`: activation tensors in the DRAM. `unified_sram`: the scratchpads are one memory.
  explicit ProgramBuilder(std::size_t values, bool unified_sram = false)
      : unified_sram_(unified_sram), hazards_(kDramValues + values) {}

  /// What follows belongs to the next group of layers: its array and vector commands wait for the
  /// last store before it.
  void begin_group() { last_store_of_group_before_ = last_store_; }
  /// The layer that the commands which follow work for.
  void set_layer(std::size_t layer) { layer_ = static_cast<std::uint32_t>(layer); }

  /// `dram`: the part of the DRAM that the transfer touches.
  void add(memory::Transfer transfer, std::uint32_t dram);
  void add(const pe::Matmul& matmul, std::vector<MemoryRange> ranges);
  void add(const pe::VectorOp& op, std::vector<MemoryRange> ranges);

  Program& program() { return program_; }

 private:
  void append(Command command, const std::vector<MemoryRange>& ranges);

  static constexpr std::uint32_t kNone = UINT32_MAX;
  Program program_;
  bool unified_sram_;
  std::vector<HazardTracker> hazards_;
  std::uint32_t layer_ = 0;
  std::uint32_t last_store_ = kNone, last_store_of_group_before_ = kNone;
};

}  // namespace systolog::sim
