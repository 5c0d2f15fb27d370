// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "memory/dram/device.h"
#include "memory/dram/energy.h"

namespace systolog::sim {

/// A DRAM preset: what the controller and its energy model need.
struct DramFile {
  memory::dram::Device device;
  memory::dram::Power power;
  std::string note, timing_source;
};

/// Reads a preset, by name from configs/dram or by path, with `--set path=value` applied. Throws
/// UserError with everything that is wrong in it.
DramFile read_dram(const std::string& name, const std::vector<std::string>& overrides = {});

}  // namespace systolog::sim
