// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sim/evaluation.h"

namespace systolog::sim {

/// accuracy.json: FP32's figures and each arithmetic's, with Wilson's 95 % intervals.
Json accuracy_report_json(const Evaluation& evaluation, const std::vector<Evaluated>& rows);

/// accuracy.csv: a header and a row each, FP32 on the host first.
std::string accuracy_csv(const Json& report);

/// The console's table; `seconds` of each row.
std::string accuracy_text(const Json& report, const std::vector<double>& seconds);

/// What switching one layer costs.
struct LayerSensitivity {
  std::string layer, op;
  Evaluated row;
};
struct Sensitivity {
  ArithmeticPlan base;
  std::string arithmetic;  // what one layer at a time is switched to
  Evaluated all_base, all_switched;
  std::vector<LayerSensitivity> layers;
};

Json sensitivity_json(const Evaluation& evaluation, const std::vector<Sensitivity>& tables);
std::string sensitivity_csv(const Json& report);
std::string sensitivity_text(const Json& report);
/// SVG: bars of each layer's drop, in the order of execution.
std::string sensitivity_svg(const Json& report, std::size_t table);

}  // namespace systolog::sim
