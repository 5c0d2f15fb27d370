// SPDX-License-Identifier: Apache-2.0
#include "sim/quantisation_rules.h"

#include <algorithm>
#include <cstdio>
#include <mutex>

#include "models/error_statistics.h"
#include "models/name.h"
#include "models/user_error.h"
#include "sim/calibration.h"

namespace systolog::sim {
namespace {

template <typename Test>
bool any_of(const ArithmeticPlan& plan, const Test& test) {
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

/// Measured once for each arithmetic: 10^6 pairs take 0.1 s.
double measured_mean(const std::string& canonical) {
  static std::mutex mutex;
  static std::map<std::string, double> known;
  const std::lock_guard lock(mutex);
  const auto [entry, is_new] = known.try_emplace(canonical, 0.0);
  if (is_new) entry->second = models::mean_relative_error(canonical);
  return entry->second;
}

/// Weights divided by 1 + these stay within two bits of what they were.
constexpr double kLeastMean = -0.75, kGreatestMean = 3.0;

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

std::map<std::string, double> mean_product_errors(const ArithmeticPlan& plan) {
  std::map<std::string, double> means;
  any_of(plan, [&](const models::ArithmeticName& name) {
    const double mean = measured_mean(name.canonical);
    if (mean != 0.0) means[name.canonical] = mean;
    return false;
  });
  return means;
}

void check_compensation(const std::vector<ArithmeticPlan>& plans, const std::string& origin) {
  bool any = false;
  for (const ArithmeticPlan& plan : plans) {
    for (const auto& [arithmetic, mean] : mean_product_errors(plan)) {
      any = true;
      if (mean >= kLeastMean && mean <= kGreatestMean) continue;
      char percent[32];
      std::snprintf(percent, sizeof percent, "%.1f", 100 * mean);
      throw UserError(origin + ": products of " + arithmetic + " have a mean relative error of " +
                      percent +
                      " %, which no factor in the weights makes good, allowed -75 to 300");
    }
  }
  if (any) return;
  throw UserError(origin + ": means nothing with " + plans.front().name() +
                  ", whose products have no mean error; allowed with plam, mitchell, mitchw:W, "
                  "drum:K, trunc:K and lut:FILE where they have one");
}

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
