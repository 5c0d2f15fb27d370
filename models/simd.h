// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace systolog::models {

/// The instruction sets that the kernels were compiled for and this machine has, the best first;
/// the last is "scalar". The best is used unless select_simd says otherwise: no result depends on
/// it.
std::vector<std::string_view> simd_targets();

/// Makes all kernels use this one of simd_targets(). `from` is where the name comes from. Throws
/// UserError naming what this machine can run.
void select_simd(std::string_view name, std::string_view from);

}  // namespace systolog::models
