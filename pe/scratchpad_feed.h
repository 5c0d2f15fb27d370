// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "models/arithmetic.h"
#include "pe/dataflow.h"
#include "pe/matmul.h"

namespace systolog::pe {

/// One scratchpad as an engine sees it: in a cycle an engine's stream reads, or writes, a word of
/// each bank, and all streams together move `ports` words of each bank.
struct PortConfig {
  std::uint32_t width_bytes = 0;  // of a word; 0: the scratchpad gives whatever it is asked for
  std::uint32_t banks = 1;        // words lie in them in turn
  std::uint32_t ports = 10;       // no engine can use more (memory::kMostPorts)

  /// Whole words: what streams move one behind the other.
  std::uint64_t words(std::uint64_t bytes) const {
    return width_bytes == 0 ? 0 : ceil_div(bytes, width_bytes);
  }
};
/// The scratchpads of an engine.
struct FeedRates {
  PortConfig input, weight, output;
  bool unified = false;  // the three are one: they share its ports
};

/// What one command moves through the scratchpads [B], stream by stream.
struct FeedBytes {
  std::uint64_t input = 0, weight = 0, output_read = 0, output_written = 0;
};
/// Bits of a code and of a sum in the scratchpads.
struct FeedWidths {
  std::uint32_t input = 8, weight = 8, sum = 32;
};
FeedWidths widths_of(const Matmul& matmul, const models::Arithmetic& arithmetic);
FeedBytes feed_bytes(const ArrayCounts& counts, const FeedWidths& widths);

/// What the lanes of a step (the array's rows or columns, each with its next word) ask of the
/// banks.
struct BankLoad {
  std::uint64_t heaviest = 1;  // words of the bank that has most of them
  std::uint64_t least = 1;     // if they lay evenly in all banks
};
/// `lanes`: where each lane's `bytes` begin.
BankLoad bank_load(const std::vector<std::uint64_t>& lanes, std::uint64_t bytes,
                   const PortConfig& scratchpad);

/// Bank conflicts of a matmul's streams, of what its first fold's lanes ask for at one step
/// (docs/memory.md): heaviest / least times the cycles of a stream of whole words.
struct FeedConflicts {
  BankLoad input, weight, sums;
};
FeedConflicts feed_conflicts(const ArrayConfig& array, const Matmul& matmul,
                             const models::Arithmetic& arithmetic, const FeedRates& rates);

/// Cycles that the ports take for all of a command's words if no other engine uses them.
Cycles feed_cycles(const FeedBytes& bytes, const FeedRates& rates,
                   const FeedConflicts& conflicts = {});

/// Where an engine's commands wait for the words of others, in a platform whose scratchpads have
/// fewer ports than engines.
class PortQueue {
 public:
  virtual ~PortQueue() = default;
  /// A command starts now. By itself it takes `own` cycles.
  virtual void begin(const FeedBytes& bytes, Cycles own) = 0;
  /// Waits until it has ended.
  virtual void end() = 0;
};

}  // namespace systolog::pe
