// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/accelerator_config.h"
#include "sim/program.h"

namespace systolog::sim::test {

/// The DRAM, beside the scratchpads' numbers.
inline constexpr std::uint32_t kDram = memory::kScratchpads;

/// Bytes of one memory that a command reads or writes, run by run.
struct Touch {
  std::uint32_t memory;
  std::uint64_t begin, end;
  bool write;
};
std::vector<Touch> touches(const Command& command, const models::Arithmetic& arithmetic);

/// Follows a Program byte by byte and says what is wrong with it, empty if nothing: a command
/// outside its memories, one that reads what nobody wrote, and one that touches a byte another
/// touched before (one of them writing) without having to wait for it by `after` and the order of
/// the engines alone, however long commands take.
std::string wrong_with(const Program& program, const AcceleratorConfig& config,
                       const models::Arithmetic& arithmetic);

/// Commands that have ended, whatever the timing, when command i starts: ordered(i)[j].
std::vector<std::vector<bool>> ordered_before(const Program& program);

/// Everything in a Program as text: equal Programs, equal texts.
std::string describe(const Program& program);

}  // namespace systolog::sim::test
