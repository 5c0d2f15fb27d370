// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "memory/memory_config.h"

namespace systolog::sim {

/// A DRAM preset: what the controller and its energy model need.
struct DramFile : memory::DramDevice {
  std::string note;
};

/// The DRAM of an accelerator config: a preset by name or path, and what is changed of it.
struct DramChoice {
  /// The preset that is no device: memory::SimpleDram.
  static constexpr const char* kSimple = "simple";

  std::string preset = "DDR4-2400";
  std::string organisation = "{}", policy = "{}";  // JSON objects of the fields that are changed
};

/// Reads a preset, by name from configs/dram or by path, with `--set path=value` applied. Throws
/// UserError with everything that is wrong in it.
DramFile read_dram(const std::string& name, const std::vector<std::string>& overrides = {});
/// `of`: who chose it, for messages.
DramFile read_dram(const DramChoice& choice, const std::string& of);

}  // namespace systolog::sim
