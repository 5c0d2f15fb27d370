// SPDX-License-Identifier: Apache-2.0
// Transaction fidelity: the Program on the SystemC platform, batch after batch.
#include <algorithm>
#include <span>

#include "sim/execution.h"
#include "sim/host_io.h"
#include "sim/platform.h"

namespace systolog::sim {
namespace {

using Spans = std::vector<CommandProcessor::Span>;

/// Adds one batch's cycles to the layers'. A layer's time ends with its last command; the array
/// and the vector unit start a layer when the one before has ended (compiler.h), so their busy
/// time lies inside.
void add_cycles(const Program& program, const Spans& spans, std::vector<LayerCycles>& layers) {
  std::vector<Spans> busy(layers.size());
  std::vector<std::uint64_t> end(layers.size(), 0);
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const Command& command = program.commands[i];
    end[command.layer] = std::max(end[command.layer], spans[i].end);
    const Engine engine = engine_of(command);
    if (engine == Engine::kArray || engine == Engine::kVector) {
      busy[command.layer].push_back(spans[i]);
    }
  }
  std::uint64_t before = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    layers[l].total += end[l] - before;
    before = end[l];
    std::sort(busy[l].begin(), busy[l].end(),
              [](const auto& a, const auto& b) { return a.start < b.start; });
    std::uint64_t covered = 0;  // union of the spans up to here
    for (const auto& span : busy[l]) {
      if (span.end <= covered) continue;
      layers[l].compute += span.end - std::max(span.start, covered);
      covered = span.end;
    }
  }
}

}  // namespace

Execution execute_transaction(const Network& network, const CompiledNetwork& compiled,
                              const AcceleratorConfig& config, const workloads::Tensor& images,
                              const Progress& progress) {
  Execution result;
  result.outputs = output_tensor(network, compiled.images);
  result.layers.resize(network.layers.size());
  const std::size_t image_size = network.output_shape.count();
  Platform platform("platform", config, *network.arithmetic);
  platform.run([&] {
    const Program* loaded = nullptr;
    const std::size_t batches = compiled.full_batches + (compiled.rest ? 1 : 0);
    std::vector<std::byte> output;
    for (std::size_t b = 0; b < batches; ++b) {
      const Program& program = b < compiled.full_batches ? compiled.full : *compiled.rest;
      const std::size_t first = b * compiled.full.batch;
      if (loaded != &program) platform.write_dram(0, program.constants);
      loaded = &program;
      platform.write_dram(program.input_address,
                          encode_images(network, images, first, program.batch));
      add_cycles(program, platform.processor.run(program), result.layers);
      output.resize(program.output_bytes);
      platform.read_dram(program.output_address, output);
      decode_outputs(
          network, output, program.batch,
          std::span(result.outputs.values).subspan(first * image_size, program.batch * image_size));
      if (progress) progress(first + program.batch);
    }
  });
  return result;
}

}  // namespace systolog::sim
