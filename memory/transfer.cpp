// SPDX-License-Identifier: Apache-2.0
#include "memory/transfer.h"

#include <limits>

namespace systolog::memory {

Transfer merged(Transfer t) {
  // Innermost first: a dimension whose steps are exactly one run on both sides joins the run.
  for (int d = 2; d >= 0; --d) {
    const auto i = static_cast<std::size_t>(d);
    const bool contiguous =
        t.count[i] == 1 || (t.dram.stride[i] == t.run_bytes && t.local.stride[i] == t.run_bytes);
    const std::uint64_t joined = std::uint64_t{t.run_bytes} * t.count[i];
    if (!contiguous || joined > std::numeric_limits<std::uint32_t>::max()) break;
    t.run_bytes = static_cast<std::uint32_t>(joined);
    t.count[i] = 1;
    t.dram.stride[i] = t.local.stride[i] = 0;
  }
  return t;
}

}  // namespace systolog::memory
