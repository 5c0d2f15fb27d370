// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "memory/transfer.h"
#include "pe/matmul.h"
#include "pe/vector_op.h"

namespace systolog::sim {

/// The engines that carry out commands, each one command at a time, in Program order.
enum class Engine : std::uint32_t { kLoad, kStore, kArray, kVector };
inline constexpr std::size_t kEngines = 4;

/// One instruction of the accelerator. It starts when its engine is free and every command in
/// `after` has ended.
struct Command {
  std::uint32_t layer = 0;
  std::variant<memory::Transfer, pe::Matmul, pe::VectorOp> work;
  std::vector<std::uint32_t> after;  // indices of earlier commands
};

Engine engine_of(const Command& command);

/// How a layer was cut into tiles and why, for the report.
struct TilingChoice {
  std::uint32_t images = 1, out_rows = 1, out_columns = 1, channels = 1, filters = 1, groups = 1;
  std::uint64_t m = 0, k = 0, n = 0;  // of a tile's matmul, one group; 0: none
  std::uint64_t tiles = 1;
  std::string loop_order;  // outermost first
  enum class Sums : std::uint8_t { kNone, kOneTile, kHeld, kSpilled };
  Sums sums = Sums::kNone;  // where they are between two blocks of channels
  // The estimate of the layers fused in one group, and how many tilings fitted.
  double estimated_cycles = 0;
  std::uint64_t estimated_dram_bytes = 0;
  std::optional<double> estimated_energy_pj;
  std::uint64_t candidates = 0;
  // Bytes that inputs, weights and outputs had of a unified scratchpad.
  std::optional<std::array<std::uint64_t, memory::kScratchpads>> division;
};

struct DramRegion {
  std::uint64_t address = 0, bytes = 0;
};

/// What the accelerator executes for one batch. DRAM holds the constants from address 0, then the
/// activations, then spilled sums. Accumulation order is fixed here: tiles of K ascending, folds of
/// the array's rows inside a tile.
struct Program {
  std::uint32_t batch = 1;
  std::vector<Command> commands;
  std::uint64_t constant_bytes = 0;  // weights, biases, factors, in the order tiles load them
  std::vector<std::byte> constants;  // their bytes; none where the network has no values
  std::uint64_t spill_address = 0;   // spilled sums lie from here on
  std::uint64_t dram_bytes = 0;      // all three
  std::uint64_t input_address = 0, input_bytes = 0;
  std::vector<DramRegion> outputs;           // as the network lists them
  std::vector<std::uint64_t> fed_addresses;  // of the network's fed values
  std::vector<TilingChoice> tilings;         // one a layer; of fused layers that of their group
  // Of each layer the first layer of its group: itself, or what it is fused into.
  std::vector<std::uint32_t> group_of;
};

}  // namespace systolog::sim
