// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/network.h"
#include "workloads/graph.h"

namespace systolog::sim {

/// Where in memory each element of an activation lies, elements in NCHW order.
using Order = std::vector<std::uint32_t>;

/// A value and how a node of the graph finds its own activation in it.
struct Placement {
  std::size_t value = 0;
  std::shared_ptr<const Order> order;  // null: [height, width, channels] of the node's shape
};

/// The order of an activation that lies as [height, width, channels].
Order nhwc_order(const workloads::Shape& shape);

/// The same with the result's axes in another order.
Order transposed(const Order& order, const workloads::Transpose& op);

/// Positions in memory in the order in which a reader of [height, width, channels] wants them.
Order reading_order(const Order& order, const workloads::Shape& shape);

bool is_identity(const Order& order);

/// Moves that read the positions listed and write them one behind the other. Loops are found that
/// give the list; a permutation of axes needs one move.
std::vector<Move> gathering_moves(const Order& positions);

}  // namespace systolog::sim
