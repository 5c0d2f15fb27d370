// SPDX-License-Identifier: Apache-2.0
#include "sim/layer_cycles.h"

#include <algorithm>
#include <array>

namespace systolog::sim {
namespace {

using Spans = std::vector<CommandProcessor::Span>;

constexpr std::uint32_t kNone = UINT32_MAX;

/// What a transfer takes without a DRAM behind the bus: its bursts one after the other on the bus.
std::uint64_t on_chip_cycles(const memory::Transfer& t, const AcceleratorConfig& config) {
  const auto beats = [&](std::uint64_t bytes) {
    return (bytes + config.bus.width_bytes - 1) / config.bus.width_bytes;
  };
  const std::uint32_t burst = config.dma.burst_bytes;
  return 1 + config.bus.latency_cycles +
         t.runs() * (t.run_bytes / burst * beats(burst) + beats(t.run_bytes % burst));
}

class Attribution {
 public:
  Attribution(const Program& program, const Spans& spans, const pe::SystolicArray& array,
              const pe::VectorUnit& vector, const AcceleratorConfig& config)
      : program_(program), spans_(spans), array_(array), vector_(vector), config_(config) {
    std::array<std::uint32_t, kEngines> last;
    last.fill(kNone);
    for (std::uint32_t i = 0; i < program.commands.size(); ++i) {
      auto& mine = last[static_cast<std::size_t>(engine_of(program.commands[i]))];
      before_on_engine_.push_back(mine);
      mine = i;
    }
  }

  /// Gives the cycles [begin, end) to the command `waited_for`, which ended at `end`, and back from
  /// there.
  void attribute(std::uint64_t begin, std::uint64_t end, std::uint32_t waited_for,
                 StallCycles& stalls) const {
    for (std::uint64_t at = end; at > begin && waited_for != kNone;) {
      const std::uint64_t from = std::max(spans_[waited_for].start, begin);
      add(waited_for, at - from, stalls);
      at = from;
      waited_for = critical(waited_for);
    }
  }

  /// Of a matmul's or vector operation's cycles those that its unit needs.
  std::uint64_t own_cycles(std::uint32_t command) const {
    const auto& work = program_.commands[command].work;
    const auto* matmul = std::get_if<pe::Matmul>(&work);
    return matmul != nullptr ? array_.cycles(*matmul)
                             : vector_.cycles(std::get<pe::VectorOp>(work));
  }

  /// The command whose end let this one start: of those it waits for and the one before it on its
  /// engine the last to end.
  std::uint32_t critical(std::uint32_t command) const {
    std::uint32_t last = before_on_engine_[command];
    for (const std::uint32_t c : program_.commands[command].after) {
      if (last == kNone || spans_[c].end > spans_[last].end) last = c;
    }
    return last;
  }

 private:
  void add(std::uint32_t index, std::uint64_t cycles, StallCycles& stalls) const {
    const auto* t = std::get_if<memory::Transfer>(&program_.commands[index].work);
    const std::uint64_t took = spans_[index].end - spans_[index].start;
    if (t == nullptr) {
      const std::uint64_t ports = cycles * (took - own_cycles(index)) / took;
      stalls.scratchpads += ports;
      stalls.vector_unit += cycles - ports;
      return;
    }
    const std::uint64_t dram = cycles * (took - std::min(took, on_chip_cycles(*t, config_))) / took;
    stalls.dram += dram;
    std::uint64_t& rest = t->scratchpad == memory::Scratchpad::kInput    ? stalls.inputs
                          : t->scratchpad == memory::Scratchpad::kWeight ? stalls.weights
                                                                         : stalls.outputs;
    rest += cycles - dram;
  }

  const Program& program_;
  const Spans& spans_;
  const pe::SystolicArray& array_;
  const pe::VectorUnit& vector_;
  const AcceleratorConfig& config_;
  std::vector<std::uint32_t> before_on_engine_;
};

/// The commands of one group of fused layers, in Program order.
struct LayerCommands {
  std::vector<std::uint32_t> array, vector;
  std::uint32_t last = kNone;  // to end
};

}  // namespace

void add_cycles(const Program& program, const Spans& spans, const pe::SystolicArray& array,
                const pe::VectorUnit& vector, const AcceleratorConfig& config,
                std::vector<LayerCycles>& layers) {
  std::vector<LayerCommands> commands(layers.size());
  for (std::uint32_t i = 0; i < program.commands.size(); ++i) {
    LayerCommands& mine = commands[program.group_of[program.commands[i].layer]];
    const Engine engine = engine_of(program.commands[i]);
    if (engine == Engine::kArray) mine.array.push_back(i);
    if (engine == Engine::kVector) mine.vector.push_back(i);
    if (mine.last == kNone || spans[i].end > spans[mine.last].end) mine.last = i;
  }
  const Attribution attribution(program, spans, array, vector, config);
  std::uint64_t at = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (commands[l].last == kNone) continue;
    const auto& main = commands[l].array.empty() ? commands[l].vector : commands[l].array;
    const std::uint64_t begin = at, end = spans[commands[l].last].end;
    for (const std::uint32_t c : main) {
      attribution.attribute(at, spans[c].start, attribution.critical(c), layers[l].stalls);
      const std::uint64_t own = attribution.own_cycles(c);
      layers[l].compute += own;
      layers[l].stalls.scratchpads += spans[c].end - spans[c].start - own;
      at = spans[c].end;
    }
    attribution.attribute(at, end, commands[l].last, layers[l].stalls);
    layers[l].total += end - begin;
    at = end;
  }
}

}  // namespace systolog::sim
