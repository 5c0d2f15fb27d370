// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>

#include "memory/dram_use.h"

namespace systolog::memory {

using Picoseconds = std::uint64_t;
inline constexpr Picoseconds kNever = std::numeric_limits<Picoseconds>::max();

/// One burst of a bus as a DRAM sees it.
struct DramBurst {
  std::uint64_t id = 0;  // of the answer
  bool write = false;
  std::uint64_t address = 0;
  std::uint32_t bytes = 0;   // >= 1
  std::uint32_t stream = 0;  // for whom its commands are counted
};

/// One burst's time on a channel's data bus.
struct DataBurst {
  std::uint32_t channel = 0;
  Picoseconds begin = 0, end = 0;
  bool write = false;
  std::uint32_t bytes = 0;
};

/// When a DRAM answers: time only, no data, no SystemC.
class DramModel {
 public:
  /// A read's last byte is there, a write is accepted.
  using OnDone = std::function<void(std::uint64_t id, Picoseconds when)>;
  using OnData = std::function<void(const DataBurst&)>;

  virtual ~DramModel() = default;
  /// A burst comes at `at`; not before one that was told of earlier. May answer at once.
  virtual void arrive(const DramBurst& burst, Picoseconds at) = 0;
  /// When advance() is needed for the answers still to come; kNever if it is not.
  virtual Picoseconds next() = 0;
  /// Goes on until just before `until` or, where that is earlier, the first new answer: until then
  /// no burst may come that has not been told of.
  virtual void advance(Picoseconds until) = 0;
  /// Works off what is queued; none for a model without commands.
  virtual std::optional<DramUse> finish(Picoseconds now) = 0;
  virtual void observe(OnData observer) = 0;
};

}  // namespace systolog::memory
