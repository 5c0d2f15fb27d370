// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "memory/occupancy.h"
#include "sim/accelerator_config.h"
#include "sim/command_processor.h"
#include "sim/program.h"

namespace systolog::sim::test {

/// What the DMA moved through each scratchpad, burst by burst.
using PortTraffic = std::array<std::vector<memory::Occupancy>, memory::kScratchpads>;

/// When each matmul and vector operation that started at spans[i].start must end by the rules of
/// docs/memory.md, counted cycle by cycle; 0 for transfers.
std::vector<std::uint64_t> expected_ends(const Program& program,
                                         const std::vector<CommandProcessor::Span>& spans,
                                         const PortTraffic& traffic,
                                         const AcceleratorConfig& config,
                                         const models::Arithmetic& arithmetic);

}  // namespace systolog::sim::test
