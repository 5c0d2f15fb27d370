// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include "sim/network.h"
#include "sim/program.h"

namespace systolog::sim {

/// A Program as its reader wants it (docs/program.md): one command a line with its engine,
/// operands, addresses, shapes and the commands it waits for; a line that begins with # before each
/// layer.
void write_program(std::ostream& out, const Network& network, const Program& program);

/// A command's line without its number and what it waits for.
std::string work_text(const Command& command);

}  // namespace systolog::sim
