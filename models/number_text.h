// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "models/dyadic.h"

namespace systolog::models {

/// The exact value of a decimal ("-1.5e-3"), a C hex-float ("0x1.8p-2"), "inf" or "nan", the first
/// two with an optional sign, as 64 leading bits and `sticky`; nothing if it is none of these. What
/// lies beyond 10^2000 or below 10^-2000 only keeps its sign and side: no format goes that far.
std::optional<Dyadic> parse_number(std::string_view text);

}  // namespace systolog::models
