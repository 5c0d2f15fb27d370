// SPDX-License-Identifier: Apache-2.0
#include "sim/tiling.h"

#include <gtest/gtest.h>

#include "sim/compiler.h"
#include "tests/sim/random_network.h"

namespace systolog::sim::test {
namespace {

/// The layer's loops, read off the network once more.
LayerShape shape_of(const Network& network, const Layer& layer, std::uint32_t batch) {
  const auto& in = network.values[layer.inputs[0]].shape;
  const auto& out = network.values[layer.output].shape;
  LayerShape s;
  s.images = batch;
  s.in_rows = static_cast<std::uint32_t>(in.height);
  s.in_columns = static_cast<std::uint32_t>(in.width);
  s.out_rows = static_cast<std::uint32_t>(out.height);
  s.out_columns = static_cast<std::uint32_t>(out.width);
  s.operands = static_cast<std::uint32_t>(layer.inputs.size());
  if (const auto* m = std::get_if<MatmulLayer>(&layer.work)) {
    s.is_matmul = true;
    s.window = m->window;
    s.groups = m->groups;
    s.channels = m->channels / m->groups;
    s.filters = m->filters / m->groups;
    s.parameter_bytes = (m->bias.size() + 4 * m->requantise.size()) / m->filters;
    if (layer.op == "gemm") s.in_rows = s.in_columns = 1;
  } else {
    const auto& v = std::get<VectorLayer>(layer.work);
    s.window = v.window;
    s.channels = static_cast<std::uint32_t>(in.channels);
    s.parameter_bytes = v.parameters.size() * 4 / in.channels;
    s.channels_whole = layer.op == "softmax";
    s.second_per_channel = v.second_per_channel;
  }
  return s;
}

Tiling tiling_of(const TilingChoice& t, bool is_matmul) {
  Tiling tiling{t.images, t.out_rows, t.out_columns, t.channels, t.filters, t.groups};
  if (!is_matmul) tiling.filters = 1;
  tiling.weights_outer = t.loop_order == "groups, filters, pixels, channels";
  return tiling;
}

std::vector<std::uint64_t> transferred_bytes(const Program& program, std::size_t layers) {
  std::vector<std::uint64_t> bytes(layers);
  for (const Command& command : program.commands) {
    if (const auto* t = std::get_if<memory::Transfer>(&command.work)) {
      bytes[command.layer] += std::uint64_t{t->count[0]} * t->count[1] * t->count[2] * t->run_bytes;
    }
  }
  return bytes;
}

TEST(Tiling, PromisesTheDramBytesThatTheCompiledTransfersMove) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Draw draw(seed);
    const auto graph = random_graph(draw);
    const auto images = random_images(graph, 2, draw);
    const Network network = lower_calibrated(graph, draw.of(arithmetic_cases()), images);
    const auto batch = static_cast<std::uint32_t>(draw.between(1, 4));
    const auto config = with_tight_scratchpads(random_accelerator(draw), network, batch, draw);
    const Program program = compile(network, config, batch);
    const auto bytes = transferred_bytes(program, network.layers.size());
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      if (std::holds_alternative<MoveLayer>(network.layers[l].work)) continue;  // not tiled
      const LayerShape shape = shape_of(network, network.layers[l], batch);
      const Tiling tiling = tiling_of(program.tilings[l], shape.is_matmul);
      ASSERT_EQ(dram_bytes(shape, tiling, *network.arithmetic), bytes[l])
          << "seed " << seed << ", layer " << network.layers[l].name << ", "
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
      std::uint64_t codes = network.values[layer.output].shape.count();
      for (const Move& move : work->moves) {
        std::uint64_t moved = move.fills ? 0 : 1;
        for (const Move::Loop& loop : move.loops) moved *= loop.count;
        codes += moved;
      }
      ASSERT_EQ(bytes[l], codes * batch * network.arithmetic->code_bytes()) << "seed " << seed;
    }
  }
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
    for (const Layer& layer : network.layers) {
      if (std::holds_alternative<MoveLayer>(layer.work)) continue;
      const LayerShape s = shape_of(network, layer, 2);
      const auto& w = s.window;
      const auto& in = network.values[layer.inputs[0]].shape;
      std::uint64_t pixels = in.height * in.width;
      if (layer.op != "gemm") {
        pixels =
            seen(s.out_rows, s.in_rows, w.kernel_h, w.stride_h, w.pad_top, w.dilation_h) *
            seen(s.out_columns, s.in_columns, w.kernel_w, w.stride_w, w.pad_left, w.dilation_w);
      }
      std::uint64_t expected =
          2 * code *
          (pixels * in.channels * s.operands + network.values[layer.output].shape.count());
      if (s.second_per_channel) expected -= 2 * code * (pixels - 1) * in.channels;
      if (const auto* m = std::get_if<MatmulLayer>(&layer.work)) {
        expected += m->weights.size() + m->bias.size() + 4 * m->requantise.size();
      } else {
        expected += 4 * std::get<VectorLayer>(layer.work).parameters.size();
      }
      const Tiling whole{s.images, s.out_rows, s.out_columns, s.channels, s.filters, s.groups};
      ASSERT_EQ(dram_bytes(s, whole, *network.arithmetic), expected)
          << "seed " << seed << ", layer " << layer.name;
      const Tiling chosen = choose_tiling(s, layer.name, *network.arithmetic, config);
      // Windows that step over pixels leave some out where a row of them is a tile.
      const bool steps_over = w.stride_h > w.kernel_h || w.stride_w > w.kernel_w;
      if (steps_over) continue;
      ASSERT_GE(dram_bytes(s, chosen, *network.arithmetic), expected);
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
