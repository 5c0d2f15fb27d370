// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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

/// How a layer was cut into tiles, for the report.
struct TilingChoice {
  std::uint32_t images = 1, out_rows = 1, out_columns = 1, channels = 1, filters = 1, groups = 1;
  std::uint64_t tiles = 1;
  std::string loop_order;  // outermost first
};

/// What the accelerator executes for one batch. DRAM holds the constants from address 0, then the
/// activations. Accumulation order is fixed here: tiles of K ascending, folds of the array's rows
/// inside a tile.
struct Program {
  std::uint32_t batch = 1;
  std::vector<Command> commands;
  std::uint64_t constant_bytes = 0;  // weights, biases, factors, in the order tiles load them
  std::vector<std::byte> constants;  // their bytes; none where the network has no values
  std::uint64_t dram_bytes = 0;      // constants and activations
  std::uint64_t input_address = 0, input_bytes = 0;
  std::uint64_t output_address = 0, output_bytes = 0;
  std::vector<TilingChoice> tilings;  // one a layer
};

}  // namespace systolog::sim
