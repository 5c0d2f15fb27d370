// SPDX-License-Identifier: Apache-2.0
// From a plan's names to arithmetics.
#include <utility>

#include "models/name.h"
#include "sim/arithmetic_plan.h"

namespace systolog::sim {

ArithmeticPlan LayerArithmetics::plan() const {
  ArithmeticPlan plan{base->name(), {}};
  for (const auto& [layer, arithmetic] : layers) plan.layers[layer] = arithmetic->name();
  return plan;
}

LayerArithmetics make_arithmetics(const ArithmeticPlan& plan) {
  std::map<std::string, std::shared_ptr<const models::Arithmetic>> made;
  const auto make = [&](const std::string& name) {
    auto& arithmetic = made[models::parse_name(name).canonical];
    if (!arithmetic) arithmetic = models::make_arithmetic(name);
    return arithmetic;
  };
  LayerArithmetics result(make(plan.base));
  for (const auto& [layer, arithmetic] : plan.layers) result.layers[layer] = make(arithmetic);
  return result;
}

}  // namespace systolog::sim
