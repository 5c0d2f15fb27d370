// SPDX-License-Identifier: Apache-2.0
#include "sim/fusion.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "models/user_error.h"
#include "sim/tile_model.h"

namespace systolog::sim {
namespace {

using Window = workloads::Window;

/// True where windows from one edge to the other see the first and the last of `in` pixels.
bool sees_all(std::size_t in, std::size_t out, std::size_t kernel, std::size_t stride,
              std::size_t pad, std::size_t dilation) {
  return (out - 1) * stride + (kernel - 1) * dilation + 1 >= in + pad;
}

/// Everything in a shape that the search sees, as a key: networks repeat their layers.
std::vector<std::uint64_t> key_of(const LayerShape& s) {
  std::vector<std::uint64_t> key{s.images,
                                 s.in_rows,
                                 s.in_columns,
                                 s.out_rows,
                                 s.out_columns,
                                 s.channels,
                                 s.filters,
                                 s.groups,
                                 s.is_matmul ? 1U : 0U,
                                 s.operands,
                                 s.parameter_bytes,
                                 s.channels_whole ? 1U : 0U,
                                 s.second_per_channel ? 1U : 0U,
                                 s.in_width,
                                 s.second_width,
                                 s.weight_width,
                                 s.out_width,
                                 s.fused.passes_before,
                                 s.fused.passes_behind,
                                 s.fused.operands_before,
                                 s.fused.operands_behind,
                                 s.pooled_rows,
                                 s.pooled_columns,
                                 s.fused.pool ? 1U : 0U};
  for (const Window& w : {s.window, s.fused.pool.value_or(Window{})}) {
    key.insert(key.end(), {w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.pad_top, w.pad_left,
                           w.dilation_h, w.dilation_w});
  }
  return key;
}

TilingCost operator+(const TilingCost& a, const TilingCost& b) {
  return {a.cycles + b.cycles, a.dram_bytes + b.dram_bytes, a.energy_pj + b.energy_pj};
}

class Planner {
 public:
  Planner(const Network& network, const AcceleratorConfig& config, std::uint32_t batch,
          const EnergyFigures* figures)
      : network_(network),
        config_(config),
        batch_(batch),
        figures_(figures),
        readers_(network.values.size()) {
    for (const NetworkOutput& output : network.outputs) ++readers_[network.root_of(output.value)];
    for (const Layer& layer : network.layers) {
      for (const std::size_t input : layer.inputs) ++readers_[network.root_of(input)];
    }
  }

  std::vector<LayerGroup> run() {
    check_smallest_tiles();
    std::vector<LayerGroup> groups;
    for (std::size_t first = 0; first < network_.layers.size();) {
      const auto chain = plan_chain(first);
      groups.insert(groups.end(), chain.begin(), chain.end());
      first = chain.back().first + chain.back().count;
    }
    return groups;
  }

 private:
  /// The best cut of the layers from `first` on that could all be one group. Whatever the
  /// objective, every cut is looked at, so that no other has less of it.
  std::vector<LayerGroup> plan_chain(std::size_t first) {
    if (moves(network_.layers[first])) return {{first, 1, {}, {}}};
    std::size_t end = first + 1;
    for (LayerShape s = shape_of(network_, network_.layers[first], batch_);
         end < network_.layers.size() && append(s, first, end);) {
      ++end;
    }
    struct Rest {
      TilingCost cost;
      std::vector<LayerGroup> groups;
    };
    std::vector<std::optional<Rest>> best(end - first + 1);
    best.back() = Rest{};
    for (std::size_t begin = end; begin-- > first;) {
      LayerShape shape = shape_of(network_, network_.layers[begin], batch_);
      for (std::size_t count = 1; begin + count <= end; ++count) {
        if (count > 1 && !append(shape, begin, begin + count - 1)) break;
        const auto& rest = best[begin + count - first];
        const auto search = search_for(shape, network_.layers[begin]);
        if (!search || !rest) continue;
        const TilingCost cost = search->cost + rest->cost;
        auto& mine = best[begin - first];
        if (mine && !better(cost, mine->cost, config_.compiler.objective)) continue;
        mine = Rest{cost, {{begin, count, shape, *search}}};
        mine->groups.insert(mine->groups.end(), rest->groups.begin(), rest->groups.end());
      }
    }
    return best.front().value().groups;
  }

  /// Fuses layer `next` behind the group from `first` to the layer before it, if it may be.
  bool append(LayerShape& s, std::size_t first, std::size_t next) const {
    if (!config_.compiler.fuse_layers || !may_lead(network_.layers[first])) return false;
    const std::size_t made = network_.layers[next - 1].output;
    const Layer& layer = network_.layers[next];
    const auto* work = std::get_if<VectorLayer>(&layer.work);
    if (work == nullptr || readers_[network_.root_of(made)] != 1 || work->second_per_channel)
      return false;
    // What runs in a unit of its own is no part of the group.
    if (layer.arithmetic != network_.layers[first].arithmetic) return false;
    std::uint32_t operands = 0;
    bool reads_it = false;
    const bool is_packed = network_.values[made].packed;
    if (network_.values[layer.output].packed != is_packed) return false;
    for (const std::size_t input : layer.inputs) {
      if (network_.values[input].packed != is_packed) return false;
      if (input == made) {
        reads_it = true;
      } else {
        ++operands;
      }
    }
    if (!reads_it) return false;
    const auto &from = network_.values[made].shape, &to = network_.values[layer.output].shape;
    switch (work->opcode) {
      case pe::VectorOpcode::kRelu:
      case pe::VectorOpcode::kActivate:
      case pe::VectorOpcode::kAdd:
      case pe::VectorOpcode::kSub:
      case pe::VectorOpcode::kMul:
        if (from.channels != to.channels || from.height != to.height || from.width != to.width) {
          return false;
        }
        (s.fused.pool ? s.fused.passes_behind : s.fused.passes_before) += 1;
        (s.fused.pool ? s.fused.operands_behind : s.fused.operands_before) += operands;
        return true;
      case pe::VectorOpcode::kMaxPool:
      case pe::VectorOpcode::kAveragePool:
        return append_pool(s, work->window, from, to);
      default:
        return false;
    }
  }

  static bool append_pool(LayerShape& s, const Window& w, const workloads::Shape& from,
                          const workloads::Shape& to) {
    if (s.fused.pool || from.height != s.out_rows || from.width != s.out_columns ||
        !sees_all(from.height, to.height, w.kernel_h, w.stride_h, w.pad_top, w.dilation_h) ||
        !sees_all(from.width, to.width, w.kernel_w, w.stride_w, w.pad_left, w.dilation_w)) {
      return false;
    }
    s.fused.pool = w;
    s.pooled_rows = s.out_rows;
    s.pooled_columns = s.out_columns;
    s.out_rows = static_cast<std::uint32_t>(to.height);
    s.out_columns = static_cast<std::uint32_t>(to.width);
    return true;
  }

  static bool moves(const Layer& layer) { return std::holds_alternative<MoveLayer>(layer.work); }

  static bool may_lead(const Layer& layer) {
    const auto* vector = std::get_if<VectorLayer>(&layer.work);
    return vector == nullptr || vector->opcode != pe::VectorOpcode::kSoftmax;
  }

  std::optional<TilingSearch> search_for(const LayerShape& shape, const Layer& layer) {
    const models::Arithmetic& a = network_.arithmetic_of(layer);
    const auto [known, is_new] = searches_.try_emplace({&a, key_of(shape)});
    if (is_new) known->second = choose_tiling(shape, a, config_, figures_);
    return known->second;
  }

  Footprint smallest_tile(const Layer& layer) const {
    const models::Arithmetic& a = network_.arithmetic_of(layer);
    if (moves(layer)) return {.input = a.code_bytes(), .weight = 0, .output = a.code_bytes()};
    const LayerShape shape = shape_of(network_, layer, batch_);
    return TileModel(shape, a, config_, nullptr).footprint(smallest_tiling(shape, config_));
  }

  /// A tile of one output of as few channels as may be is the smallest there is: if each layer's
  /// fits, each layer has a tiling.
  void check_smallest_tiles() const {
    struct Need {
      std::string memory;
      std::uint64_t has, bytes = 0;
      std::string layer;
    };
    std::vector<Need> needs;
    for (const auto& [name, sram] : scratchpads_of(config_)) {
      needs.push_back({name, sram->capacity_bytes, 0, ""});
    }
    bool all_fit = true;
    for (const Layer& layer : network_.layers) {
      const Footprint f = smallest_tile(layer);
      const std::uint64_t separate[] = {f.input, f.weight, f.output}, all[] = {f.all()};
      const std::uint64_t* bytes = config_.unified_sram ? all : separate;
      for (std::size_t s = 0; s < needs.size(); ++s) {
        if (bytes[s] > needs[s].bytes) {
          needs[s].bytes = bytes[s];
          needs[s].layer = layer.name;
        }
        all_fit = all_fit && bytes[s] <= needs[s].has;
      }
    }
    if (all_fit) return;
    std::string message;
    for (const Need& need : needs) {
      if (need.bytes <= need.has) continue;
      message += (message.empty() ? "" : ", ") + std::to_string(need.bytes) + " bytes of /memory/" +
                 need.memory + " (has " + std::to_string(need.has) + "; layer " + need.layer + ")";
    }
    throw UserError("does not fit the scratchpads: the smallest tiles of its layers need " +
                    message);
  }

  const Network& network_;
  const AcceleratorConfig& config_;
  std::uint32_t batch_;
  const EnergyFigures* figures_;
  std::vector<std::uint32_t> readers_;  // of each value
  using Key = std::pair<const models::Arithmetic*, std::vector<std::uint64_t>>;
  std::map<Key, std::optional<TilingSearch>> searches_;
};

}  // namespace

std::vector<LayerGroup> plan_groups(const Network& network, const AcceleratorConfig& config,
                                    std::uint32_t batch, const EnergyFigures* figures) {
  return Planner(network, config, batch, figures).run();
}

}  // namespace systolog::sim
