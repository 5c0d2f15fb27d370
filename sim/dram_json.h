// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "memory/dram/counts.h"
#include "memory/dram/energy.h"
#include "sim/json_file.h"

namespace systolog::sim {

/// {"commands", "rows", "forwarded_reads"}: what a DRAM device did, as every report has it.
Json dram_counts_json(const memory::dram::Counts& counts);

/// {"activate", "read", "write", "refresh", "background"} [pJ].
Json dram_energy_json(const memory::dram::Energy& energy);

}  // namespace systolog::sim
