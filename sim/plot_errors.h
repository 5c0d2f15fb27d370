// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "models/error_statistics.h"

namespace systolog::sim {

/// What the plots of one measurement say about it.
struct ErrorCaption {
  std::string arithmetic;                          // "posit:16,1/plam"
  std::string product;                             // "product before rounding"
  std::string pairs;                               // "every pair of codes: 65,536"
  std::function<std::string(models::Code)> value;  // of an operand
};

/// SVG: share of pairs over relative error, with the mean.
std::string histogram_svg(const models::ErrorStatistics& statistics, const ErrorCaption& caption);

/// SVG: mean relative error over both operands, white where there is none, blue where products are
/// too small, red where they are too large, grey where there is no relative error.
std::string heatmap_svg(const models::ErrorStatistics& statistics, const ErrorCaption& caption);

}  // namespace systolog::sim
