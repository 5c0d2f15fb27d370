// SPDX-License-Identifier: Apache-2.0
#include "sim/program_builder.h"

#include <utility>

namespace systolog::sim {

Engine engine_of(const Command& command) {
  if (const auto* transfer = std::get_if<memory::Transfer>(&command.work)) {
    return transfer->direction == memory::Transfer::Direction::kLoad ? Engine::kLoad
                                                                     : Engine::kStore;
  }
  return std::holds_alternative<pe::Matmul>(command.work) ? Engine::kArray : Engine::kVector;
}

void ProgramBuilder::append(Command command, const std::vector<MemoryRange>& ranges) {
  const auto index = static_cast<std::uint32_t>(program_.commands.size());
  const Engine engine = engine_of(command);
  command.layer = layer_;
  program_.commands.push_back(std::move(command));
  std::vector<std::uint32_t> conflicts;
  for (const MemoryRange& r : ranges) {
    const bool shared = unified_sram_ && r.memory < memory::kScratchpads;
    hazards_[shared ? 0 : r.memory].access(index, r.begin, r.end, r.write, conflicts);
  }
  // A range that one command both reads and writes conflicts with itself.
  std::erase(conflicts, index);
  const bool computes = engine == Engine::kArray || engine == Engine::kVector;
  if (computes && last_store_of_group_before_ != kNone) {
    conflicts.push_back(last_store_of_group_before_);
  }
  if (engine == Engine::kStore) last_store_ = index;
  program_.commands[index].after = reduce(conflicts, program_.commands, engine);
}

void ProgramBuilder::add(memory::Transfer transfer, std::uint32_t dram) {
  transfer = memory::merged(transfer);
  transfer.stream = layer_;
  const bool load = transfer.direction == memory::Transfer::Direction::kLoad;
  std::vector<MemoryRange> ranges{{static_cast<std::uint32_t>(transfer.scratchpad),
                                   transfer.local.address, transfer.end(transfer.local), load}};
  if (dram != kDramConstants) {
    ranges.push_back({dram, transfer.dram.address, transfer.end(transfer.dram), !load});
  }
  append({0, transfer, {}}, ranges);
}

void ProgramBuilder::add(const pe::Matmul& matmul, std::vector<MemoryRange> ranges) {
  append({0, matmul, {}}, ranges);
}

void ProgramBuilder::add(const pe::VectorOp& op, std::vector<MemoryRange> ranges) {
  append({0, op, {}}, ranges);
}

}  // namespace systolog::sim
