// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/arithmetic.h"
#include "models/error_statistics.h"
#include "sim/json_file.h"
#include "sim/plot_errors.h"

namespace systolog::sim {

/// One measurement: what was asked for and what came out.
struct ErrorReport {
  std::string format, multiplier, operands;
  std::uint64_t seed = 1;
  std::shared_ptr<const models::Arithmetic> arithmetic;
  models::ErrorStatistics statistics;

  std::string name() const { return format + "/" + multiplier; }
};

/// error.json (docs/error.md).
Json error_json(const ErrorReport& report);

/// The console's tables.
std::string error_text(const ErrorReport& report);

/// What the plots say.
ErrorCaption error_caption(const ErrorReport& report);

}  // namespace systolog::sim
