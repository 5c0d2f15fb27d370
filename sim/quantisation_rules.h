// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/arithmetic_plan.h"

namespace systolog::sim {

/// True where a layer computes in int:B.
bool uses_integers(const ArithmeticPlan& plan);

/// Formats whose precision depends on the numbers' size, but which have no scale of their own.
inline constexpr std::string_view kPowerOfTwoFormats = "fixed:B,F, posit:N,ES, fp8 and fp16";
bool takes_power_of_two(const models::Arithmetic& arithmetic);
bool takes_power_of_two(const ArithmeticPlan& plan);

/// Mean relative errors of the multipliers of a plan, by the arithmetics' canonical names; those
/// without one are left out. Dividing a layer's weights by 1 + error takes its bias away
/// (docs/quantisation.md).
std::map<std::string, double> mean_product_errors(const ArithmeticPlan& plan);

/// Throws UserError that begins with `origin` where no multiplier of the plans has a mean error, or
/// one has an error so large that it is no factor to divide by.
void check_compensation(const std::vector<ArithmeticPlan>& plans, const std::string& origin);

/// Throws UserError that begins with `origin` where entropy calibration is asked for codes so wide
/// that its histogram has fewer than two bins a level.
void check_quantisation(const ArithmeticPlan& plan, const QuantisationConfig& config,
                        const std::string& origin);

}  // namespace systolog::sim
