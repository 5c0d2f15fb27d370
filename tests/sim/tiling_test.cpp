// SPDX-License-Identifier: Apache-2.0
#include "sim/tiling.h"

#include <gtest/gtest.h>

#include <utility>

#include "sim/compiler.h"
#include "sim/tile_model.h"
#include "tests/sim/random_network.h"

namespace systolog::sim::test {
namespace {

std::vector<std::uint64_t> transferred_bytes(const Program& program, std::size_t layers) {
  std::vector<std::uint64_t> bytes(layers);
  for (const Command& command : program.commands) {
    if (const auto* t = std::get_if<memory::Transfer>(&command.work)) {
      bytes[command.layer] += std::uint64_t{t->count[0]} * t->count[1] * t->count[2] * t->run_bytes;
    }
  }
  return bytes;
}

/// A random network on a random accelerator with scratchpads that hardly do.
struct Case {
  Network network;
  std::uint32_t batch = 1;
  AcceleratorConfig config;
};

Case random_case(std::uint64_t seed) {
  Draw draw(seed);
  const auto graph = random_graph(draw);
  const auto images = random_images(graph, 2, draw);
  Case c;
  c.network = lower_calibrated(graph, draw.of(arithmetic_cases()), images);
  c.batch = static_cast<std::uint32_t>(draw.between(1, 4));
  c.config = random_accelerator(draw);
  c.config.compiler.objective = draw.of(objectives());
  c.config = with_tight_scratchpads(c.config, c.network, c.batch, draw);
  return c;
}

TEST(Tiling, PromisesTheDramBytesThatTheCompiledTransfersMove) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Case c = random_case(seed);
    const Program program = compile(c.network, c.config, c.batch);
    const auto bytes = transferred_bytes(program, c.network.layers.size());
    std::vector<std::uint64_t> of_group(bytes.size());
    for (std::size_t l = 0; l < bytes.size(); ++l) of_group[program.group_of[l]] += bytes[l];
    for (std::size_t l = 0; l < bytes.size(); ++l) {
      if (program.group_of[l] != l) continue;
      ASSERT_EQ(program.tilings[l].estimated_dram_bytes, of_group[l])
          << "seed " << seed << ", layer " << c.network.layers[l].name << ", "
          << program.tilings[l].tiles << " tiles, " << program.tilings[l].loop_order;
    }
  }
}

TEST(Moves, LoadEveryCodeTheyDoNotFillOnceAndStoreEveryOutputOnce) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Draw draw(seed);
    const auto graph = random_graph(draw);
    const auto images = random_images(graph, 2, draw);
    const Network network = lower_calibrated(graph, draw.of(arithmetic_cases()), images);
    const auto batch = static_cast<std::uint32_t>(draw.between(1, 4));
    const auto config = with_tight_scratchpads(random_accelerator(draw), network, batch, draw);
    const auto bytes = transferred_bytes(compile(network, config, batch), network.layers.size());
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& layer = network.layers[l];
      const auto* work = std::get_if<MoveLayer>(&layer.work);
      if (work == nullptr) continue;
      // A run of codes that begins at a whole byte on this side and takes the rest of its last one.
      const auto bytes_of = [&](const Value& value, std::uint64_t runs, std::uint64_t codes) {
        return value.packed ? runs * (codes / 2 + codes % 2)
                            : runs * codes * network.arithmetic->code_bytes();
      };
      const Value& out = network.values[layer.output];
      std::uint64_t moved = bytes_of(out, out.shape.height * out.shape.width, out.shape.channels);
      for (const Move& move : work->moves) {
        if (move.fills) continue;
        std::uint64_t run = 1, runs = 1;
        for (const Move::Loop& loop : move.loops) {
          if (loop.count > 1) runs *= std::exchange(run, loop.count);
        }
        moved += bytes_of(network.values[layer.inputs[move.input]], runs, run);
      }
      ASSERT_EQ(bytes[l], moved * batch) << "seed " << seed;
    }
  }
}

/// What a whole Program moves, and what its tilings were estimated to cost.
TilingCost cost_of(const Case& c, const AcceleratorConfig& config) {
  EnergyFigures figures;
  figures.sram_pj_per_byte = {1.0, 1.5, 2.0};
  figures.dram_pj_per_byte = 100.0;
  figures.register_pj_per_bit = 0.01;
  figures.leakage_mw = 3.0;
  const Program program = compile(c.network, config, c.batch, &figures);
  TilingCost cost;
  for (std::size_t l = 0; l < program.tilings.size(); ++l) {
    if (program.group_of[l] != l) continue;
    cost.cycles += program.tilings[l].estimated_cycles;
    cost.energy_pj += program.tilings[l].estimated_energy_pj.value_or(0.0);
  }
  for (const std::uint64_t bytes : transferred_bytes(program, program.tilings.size())) {
    cost.dram_bytes += bytes;
  }
  return cost;
}

TEST(Objective, MakesItsOwnFigureNoLargerThanAnyOtherObjectiveDoes) {
  int differ = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Case c = random_case(seed);
    const auto with = [&](Objective objective) {
      AcceleratorConfig config = c.config;
      config.compiler.objective = objective;
      return cost_of(c, config);
    };
    const TilingCost latency = with(Objective::kLatency), energy = with(Objective::kEnergy),
                     traffic = with(Objective::kDramTraffic);
    for (const TilingCost& other : {latency, energy, traffic}) {
      constexpr double kRounding = 1 + 1e-12;  // sums in different orders
      EXPECT_LE(latency.cycles, other.cycles * kRounding) << "seed " << seed;
      EXPECT_LE(energy.energy_pj, other.energy_pj * kRounding) << "seed " << seed;
      EXPECT_LE(traffic.dram_bytes, other.dram_bytes) << "seed " << seed;
    }
    differ += traffic.dram_bytes < latency.dram_bytes ? 1 : 0;
  }
  EXPECT_GE(differ, 5) << "objectives that change nothing";
}

TEST(Objective, OfDramTrafficMovesNoMoreWhereAScratchpadIsLarger) {
  int fell = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Case c = random_case(seed);
    c.config.compiler.objective = Objective::kDramTraffic;
    std::uint64_t before = cost_of(c, c.config).dram_bytes;
    for (int step = 0; step < 6; ++step) {
      for (auto* sram : {&c.config.input_sram, &c.config.weight_sram, &c.config.output_sram}) {
        sram->capacity_bytes = sram->capacity_bytes * 3 / 2;
        const std::uint64_t now = cost_of(c, c.config).dram_bytes;
        ASSERT_LE(now, before) << "seed " << seed << ", step " << step;
        fell += now < before ? 1 : 0;
        before = now;
      }
    }
  }
  EXPECT_GE(fell, 25);
}

TEST(Objective, MoreLayersInOneGroupNeverMoveMore) {
  int fused = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Case c = random_case(seed);
    c.config.compiler.objective = Objective::kDramTraffic;
    const std::uint64_t with = cost_of(c, c.config).dram_bytes;
    c.config.compiler.fuse_layers = false;
    const std::uint64_t without = cost_of(c, c.config).dram_bytes;
    ASSERT_LE(with, without) << "seed " << seed;
    fused += with < without ? 1 : 0;
  }
  EXPECT_GE(fused, 10);
}

/// Pixels of the image along one axis that lie between the first and the last any window sees.
std::uint64_t seen(std::uint32_t out, std::uint32_t in, std::size_t kernel, std::size_t stride,
                   std::size_t pad, std::size_t dilation) {
  const std::uint64_t last = (out - 1) * stride + (kernel - 1) * dilation;  // with the padding
  return std::min<std::uint64_t>(last < pad ? 0 : last - pad, in - 1) + 1;
}

TEST(Tiling, OfOneTileMovesEachByteOnceAndNoTilingMovesLess) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Draw draw(seed);
    const auto graph = random_graph(draw);
    const auto images = random_images(graph, 2, draw);
    const Network network = lower_calibrated(graph, draw.of(arithmetic_cases()), images);
    AcceleratorConfig config = random_accelerator(draw);
    const std::size_t code = network.arithmetic->code_bytes();
    const auto pixel = [&](std::size_t value) {
      const std::size_t channels = network.values[value].shape.channels;
      return network.values[value].packed ? (channels + 1) / 2 : channels * code;
    };
    for (const Layer& layer : network.layers) {
      if (std::holds_alternative<MoveLayer>(layer.work)) continue;
      const LayerShape s = shape_of(network, layer, 2);
      const auto& w = s.window;
      const auto& in = network.values[layer.inputs[0]].shape;
      const auto& out = network.values[layer.output].shape;
      std::uint64_t pixels = in.height * in.width;
      if (layer.op != "gemm") {
        pixels =
            seen(s.out_rows, s.in_rows, w.kernel_h, w.stride_h, w.pad_top, w.dilation_h) *
            seen(s.out_columns, s.in_columns, w.kernel_w, w.stride_w, w.pad_left, w.dilation_w);
      }
      std::uint64_t expected =
          2 * (pixels * pixel(layer.inputs[0]) + out.height * out.width * pixel(layer.output));
      if (s.operands > 1) {
        expected += 2 * (s.second_per_channel ? 1 : pixels) * pixel(layer.inputs[1]);
      }
      if (const auto* m = std::get_if<MatmulLayer>(&layer.work)) {
        const std::size_t weights = m->weights.size();
        expected += (m->packs_weights ? weights / 2 + weights % 2 : weights) + m->bias.size() +
                    4 * m->requantise.size();
      } else {
        expected += 4 * std::get<VectorLayer>(layer.work).parameters.size();
      }
      const Tiling whole{s.images, s.out_rows, s.out_columns, s.channels, s.filters, s.groups};
      const TileModel model(s, *network.arithmetic, config, nullptr);
      ASSERT_EQ(model.dram_bytes(whole), expected) << "seed " << seed << ", layer " << layer.name;
      const Tiling chosen = choose_tiling(s, *network.arithmetic, config, nullptr).value().tiling;
      // Windows that step over pixels leave some out where a row of them is a tile.
      const bool steps_over = w.stride_h > w.kernel_h || w.stride_w > w.kernel_w;
      if (steps_over) continue;
      ASSERT_GE(model.dram_bytes(chosen), expected);
    }
  }
}

TEST(InputExtent, HoldsExactlyThePixelsOfTheImageThatTheOutputsRead) {
  Draw draw(9);
  for (int i = 0; i < 5000; ++i) {
    const auto in = static_cast<std::uint32_t>(draw.between(1, 12));
    const std::size_t kernel = draw.between(1, 4), stride = draw.between(1, 3),
                      pad = draw.below(kernel), dilation = draw.between(1, 3);
    const auto first = static_cast<std::uint32_t>(draw.below(6));
    const auto count = static_cast<std::uint32_t>(draw.between(1, 5));
    std::int64_t lowest = in, highest = -1;
    for (std::size_t out = first; out < first + count; ++out) {
      for (std::size_t k = 0; k < kernel; ++k) {
        const auto pixel =
            static_cast<std::int64_t>(out * stride + k * dilation) - static_cast<std::int64_t>(pad);
        if (pixel < 0 || pixel >= in) continue;
        lowest = std::min(lowest, pixel);
        highest = std::max(highest, pixel);
      }
    }
    if (highest < 0) continue;  // windows of nothing but padding
    const Extent e = input_extent(first, count, in, kernel, stride, pad, dilation);
    ASSERT_LE(e.begin, lowest);
    ASSERT_GE(e.begin + e.count, highest + 1);
    ASSERT_LE(e.begin + e.count, in);
    // Where kernel element 0 of the first output lies, seen from `begin`.
    ASSERT_EQ(std::int64_t{e.begin} + e.first,
              static_cast<std::int64_t>(first * stride) - static_cast<std::int64_t>(pad));
    // Nothing more than the span of the windows.
    const auto span = static_cast<std::int64_t>((count - 1) * stride + (kernel - 1) * dilation + 1);
    ASSERT_LE(e.count, span);
  }
}

}  // namespace
}  // namespace systolog::sim::test
