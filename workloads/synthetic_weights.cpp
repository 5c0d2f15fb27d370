// SPDX-License-Identifier: Apache-2.0
#include "workloads/synthetic_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace systolog::workloads {
namespace {

constexpr float kLargestBias = 0.05F;

/// The 32-bit finaliser of MurmurHash3: every input bit reaches every output bit.
constexpr std::uint32_t mixed(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bU;
  x = (x ^ (x >> 13)) * 0xc2b2ae35U;
  return x ^ (x >> 16);
}

/// Uniform in [-limit, limit), 24 bits. One hash a value, so that the loop runs in SIMD registers;
/// a block at a time, so that memory is written once.
void fill(std::vector<float>& values, std::size_t count, std::uint32_t stream, float limit) {
  const float step = limit * 0x1p-23F;
  std::array<float, 1024> block;
  values.clear();
  values.reserve(count);
  for (std::size_t first = 0; first < count; first += block.size()) {
    const std::size_t size = std::min(block.size(), count - first);
    const auto start = static_cast<std::uint32_t>(first);
    for (std::uint32_t i = 0; i < block.size(); ++i) {
      const std::uint32_t bits = mixed((start + i) * 0x9e3779b9U + stream) >> 8;
      block[i] = static_cast<float>(static_cast<std::int32_t>(bits) - (1 << 23)) * step;
    }
    values.insert(values.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(size));
  }
}

template <typename Weighted>
void fill_node(Weighted& op, std::size_t weights, std::size_t products, std::uint32_t stream) {
  fill(op.weights, weights, mixed(stream), std::sqrt(6.0F / static_cast<float>(products)));
  fill(op.bias, op.bias.size(), mixed(stream + 1), kLargestBias);
}

}  // namespace

void fill_synthetic_weights(Graph& graph, std::uint64_t seed) {
  const std::uint32_t start = mixed(static_cast<std::uint32_t>(seed ^ (seed >> 32)));
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    const std::uint32_t stream = start + 2 * static_cast<std::uint32_t>(n);
    if (auto* conv = std::get_if<Conv>(&node.op)) {
      const std::size_t weights = parameters(graph, n) - conv->bias.size();
      fill_node(*conv, weights, weights / conv->filters, stream);
    } else if (auto* gemm = std::get_if<Gemm>(&node.op)) {
      const std::size_t weights = parameters(graph, n) - gemm->bias.size();
      fill_node(*gemm, weights, weights / gemm->features, stream);
    }
  }
  graph.shapes_only = false;
}

void drop_weights(Graph& graph) {
  for (Node& node : graph.nodes) {
    if (auto* conv = std::get_if<Conv>(&node.op)) std::vector<float>().swap(conv->weights);
    if (auto* gemm = std::get_if<Gemm>(&node.op)) std::vector<float>().swap(gemm->weights);
  }
  graph.shapes_only = true;
}

}  // namespace systolog::workloads
