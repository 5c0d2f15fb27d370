// SPDX-License-Identifier: Apache-2.0
#include "sim/packing.h"

#include <vector>

#include "models/packed_codes.h"
#include "sim/moves.h"

namespace systolog::sim {
namespace {

bool is_odd(const Value& value) { return value.shape.channels % 2 != 0; }

/// By the values whose bytes they are.
std::vector<bool> lie_at_whole_bytes(const Network& network) {
  std::vector<bool> whole(network.values.size(), true);
  for (std::size_t v = 0; v < network.values.size(); ++v) {
    const Value &value = network.values[v], &root = network.values[network.root_of(v)];
    const bool seen_otherwise = value.shape.channels != root.shape.channels;
    if (value.shape.channels == 1 || (seen_otherwise && (is_odd(value) || is_odd(root)))) {
      whole[network.root_of(v)] = false;
    }
  }
  for (const Layer& layer : network.layers) {
    const Value& first = network.values[layer.inputs[0]];
    if (layer.op == "gemm" && is_odd(first) && first.shape.height * first.shape.width > 1) {
      whole[network.root_of(layer.inputs[0])] = false;
    }
    const auto* work = std::get_if<MoveLayer>(&layer.work);
    if (work == nullptr) continue;
    const workloads::Shape& out = network.values[layer.output].shape;
    for (const Move& move : work->moves) {
      const std::size_t input = layer.inputs[move.input];
      if (!move.fills && !packed(move, MoveSide::kIn, network.values[input].shape)) {
        whole[network.root_of(input)] = false;
      }
      if (!packed(move, MoveSide::kOut, out)) whole[network.root_of(layer.output)] = false;
    }
  }
  return whole;
}

}  // namespace

void pack_codes(Network& network) {
  const std::vector<bool> whole = lie_at_whole_bytes(network);
  for (std::size_t v = 0; v < network.values.size(); ++v) {
    Value& value = network.values[v];
    value.packed = models::packs(network.arithmetic_of(value)) && whole[network.root_of(v)];
  }
  for (Layer& layer : network.layers) {
    if (auto* matmul = std::get_if<MatmulLayer>(&layer.work)) {
      matmul->packs_weights = models::packs(network.arithmetic_of(layer));
    }
  }
}

}  // namespace systolog::sim
