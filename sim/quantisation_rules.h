// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sim/arithmetic_plan.h"

namespace systolog::sim {

/// True where a layer computes in int:B.
bool uses_integers(const ArithmeticPlan& plan);

/// Formats whose precision depends on the numbers' size, but which have no scale of their own.
inline constexpr std::string_view kPowerOfTwoFormats = "fixed:B,F, posit:N,ES, fp8 and fp16";
bool takes_power_of_two(const models::Arithmetic& arithmetic);
bool takes_power_of_two(const ArithmeticPlan& plan);

/// Throws UserError that begins with `origin` where entropy calibration is asked for codes so wide
/// that its histogram has fewer than two bins a level.
void check_quantisation(const ArithmeticPlan& plan, const QuantisationConfig& config,
                        const std::string& origin);

}  // namespace systolog::sim
