// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/blocks.h"
#include "models/taps.h"

namespace systolog::models {

/// sum = round(sum + row * lane), rounded once each step: a fused multiply-add; each merge is
/// rounded once.
void sum_fused(const Blocks<float, float>& work);
void sum_fused(const Blocks<double, double>& work);
void sum_fused(const Taps<float, float>& work);
void sum_fused(const Taps<double, double>& work);

}  // namespace systolog::models
