// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sim/json_file.h"
#include "sim/scalesim_model.h"

namespace systolog::sim::scalesim {

/// One topology on one architecture, counted both ways.
struct Run {
  Architecture architecture;
  std::vector<Layer> layers;
  std::vector<ToolReport> tool;  // one a layer
  std::vector<OwnReport> own;
  std::vector<std::string> notes;  // what was ignored, what is left empty and why
};
Run count(const Architecture& architecture, std::vector<Layer> layers,
          std::vector<std::string> notes);

// SCALE-Sim's three reports with its columns, blanks and commas; a cell that is not given is empty.
std::string compute_csv(const Run& run);
std::string bandwidth_csv(const Run& run);
std::string access_csv(const Run& run);
/// Our own counts, one row a layer.
std::string own_csv(const Run& run);

/// For the console: both counts side by side, totals, notes.
std::string text(const Run& run);
Json json(const Run& run);

}  // namespace systolog::sim::scalesim
