// SPDX-License-Identifier: Apache-2.0
#include "sim/quantisation_rules.h"

#include <algorithm>

#include "models/name.h"
#include "models/user_error.h"
#include "sim/calibration.h"

namespace systolog::sim {
namespace {

template <typename Test>
bool any_of(const ArithmeticPlan& plan, Test test) {
  if (test(models::parse_name(plan.base))) return true;
  return std::any_of(plan.layers.begin(), plan.layers.end(),
                     [&](const auto& layer) { return test(models::parse_name(layer.second)); });
}

bool scales(const models::ArithmeticName& name) {
  if (const auto* real = std::get_if<models::Float>(&name.format)) {
    // fp32 and bf16 have as many bits everywhere: a scale changes nothing.
    return real->bits() <= 16 && !name.canonical.starts_with("bf16");
  }
  return !std::holds_alternative<models::Integer>(name.format);
}

/// Widest int:B with two bins of the histogram a level.
constexpr int kWidestEntropy = 11;
static_assert(ValueHistogram::kBins == std::size_t{2} << (kWidestEntropy - 1));

}  // namespace

bool uses_integers(const ArithmeticPlan& plan) {
  return any_of(plan, [](const models::ArithmeticName& name) {
    return std::holds_alternative<models::Integer>(name.format);
  });
}

bool takes_power_of_two(const models::Arithmetic& arithmetic) {
  return scales(models::parse_name(arithmetic.name()));
}

bool takes_power_of_two(const ArithmeticPlan& plan) { return any_of(plan, scales); }

void check_quantisation(const ArithmeticPlan& plan, const QuantisationConfig& config,
                        const std::string& origin) {
  if (config.calibration != CalibrationMethod::kEntropy) return;
  any_of(plan, [&](const models::ArithmeticName& name) {
    const auto* integer = std::get_if<models::Integer>(&name.format);
    if (integer != nullptr && integer->width > kWidestEntropy) {
      throw UserError(origin + ": means nothing with " + name.canonical +
                      ", allowed int:2 to int:" + std::to_string(kWidestEntropy) +
                      "; min_max or percentile suit wider codes");
    }
    return false;
  });
}

}  // namespace systolog::sim
