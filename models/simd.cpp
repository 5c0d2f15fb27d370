// SPDX-License-Identifier: Apache-2.0
#include "models/simd.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "models/user_error.h"

namespace systolog::models {
namespace {

struct Target {
  std::string_view name;
  std::int64_t bits;  // Highway's
};
// The best of each architecture first.
constexpr Target kTargets[] = {
    {"avx512_vnni", HWY_AVX3_DL}, {"avx512", HWY_AVX3},
    {"avx2", HWY_AVX2},           {"sse4", HWY_SSE4},
    {"ssse3", HWY_SSSE3},         {"neon", HWY_NEON},
    {"ppc8", HWY_PPC8},           {"scalar", HWY_EMU128 | HWY_SCALAR},
};

/// Before select_simd hides any.
std::int64_t available() {
  static const std::int64_t targets =
      (hwy::SupportedTargets() | HWY_EMU128 | HWY_SCALAR) & HWY_TARGETS;
  return targets;
}

std::string list(const std::vector<std::string_view>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace

std::vector<std::string_view> simd_targets() {
  std::vector<std::string_view> names;
  for (const Target& target : kTargets) {
    if ((target.bits & available()) != 0) names.push_back(target.name);
  }
  return names;
}

void select_simd(std::string_view name, std::string_view from) {
  const auto* found = std::find_if(std::begin(kTargets), std::end(kTargets),
                                   [&](const Target& target) { return target.name == name; });
  const bool known = found != std::end(kTargets);
  if (!known || (found->bits & available()) == 0) {
    throw UserError(std::string(from) + " " + std::string(name) + ": " +
                    (known ? "this machine or build lacks it" : "no such instruction set") +
                    "; allowed here: " + list(simd_targets()));
  }
  hwy::DisableTargets(~found->bits);
}

}  // namespace systolog::models
