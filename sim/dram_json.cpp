// SPDX-License-Identifier: Apache-2.0
#include "sim/dram_json.h"

#include <nlohmann/json.hpp>

namespace systolog::sim {

Json dram_counts_json(const memory::dram::Counts& c) {
  return {
      {"commands",
       {{"activate", c.activates},
        {"precharge", c.precharges},
        {"read", c.reads},
        {"write", c.writes},
        {"refresh", c.refreshes}}},
      {"rows", {{"hits", c.row_hits}, {"misses", c.row_misses}, {"conflicts", c.row_conflicts}}},
      {"forwarded_reads", c.forwarded_reads}};
}

Json dram_energy_json(const memory::dram::Energy& e) {
  return {{"activate", e.activate},
          {"read", e.read},
          {"write", e.write},
          {"refresh", e.refresh},
          {"background", e.background}};
}

}  // namespace systolog::sim
