// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "memory/dram/trace.h"

namespace systolog::sim {

/// A memory trace, read line by line: `[cycle] R|W address`, the address in hex with or without
/// 0x, the cycle (of the memory clock) in decimal and never falling. Blank lines and what follows a
/// '#' are skipped. Throws UserError with the line's number and content.
class DramTrace {
 public:
  /// Addresses must lie below `capacity_bytes`.
  DramTrace(const std::filesystem::path& file, std::uint64_t capacity_bytes);

  std::optional<memory::dram::TraceRequest> next();
  std::uint64_t line() const { return line_; }

 private:
  [[noreturn]] void refuse(const std::string& why) const;

  std::string name_;
  std::ifstream stream_;
  std::uint64_t capacity_bytes_;
  std::string text_;
  std::uint64_t line_ = 0;
  memory::dram::Cycle last_ = 0;
};

}  // namespace systolog::sim
