// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sim/accelerator_config.h"
#include "sim/command_processor.h"
#include "sim/execution.h"
#include "sim/program.h"

namespace systolog::sim {

/// Adds one batch's cycles to the layers'. A layer's time runs from the end of the layer before to
/// the end of its own last command; the array and the vector unit start a layer when the one
/// before has ended (compiler.h), so their busy time lies inside.
///
/// Layers that are fused share their cycles: they stand with the first, the others have none.
///
/// Every cycle in which the layer's main engine (the array; the vector unit of layers without a
/// matmul) stands still goes to what it waits for: back from the command that starts next, along
/// the commands that ended last of those each had to wait for, to the one that ran in that cycle.
/// The part of a transfer that DMA and bus alone would not have taken is the DRAM's. What a matmul
/// or a vector operation takes beyond its unit's own cycles is its scratchpads'.
void add_cycles(const Program& program, const std::vector<CommandProcessor::Span>& spans,
                const pe::SystolicArray& array, const pe::VectorUnit& vector,
                const AcceleratorConfig& config, std::vector<LayerCycles>& layers);

}  // namespace systolog::sim
