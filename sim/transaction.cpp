// SPDX-License-Identifier: Apache-2.0
// Transaction and cycle fidelity: the Program on the SystemC platform, batch after batch.
#include <algorithm>
#include <optional>
#include <span>

#include "sim/execution.h"
#include "sim/host_io.h"
#include "sim/layer_cycles.h"
#include "sim/platform.h"
#include "sim/tracer.h"

namespace systolog::sim {
namespace {

/// Records the registers that `capture` asks for; the text is there when the recorder goes.
class Recorder {
 public:
  Recorder(pe::ClockedArrayModule& array, WaveformCapture& capture, sc_core::sc_time clock_period)
      : capture_(capture), waveform_("array", chosen(array, capture.signals)) {
    const std::uint64_t period = clock_period.value();
    array.on_cycle([this, &array, period] {
      if (array.cycles() > capture_.cycles) {
        next_ = UINT64_MAX;  // the recording has ended, the array has not
        return;
      }
      const std::uint64_t now = sc_core::sc_time_stamp().value();
      // Between two commands the array is not clocked: the registers have run empty.
      if (now > next_) waveform_.idle(next_);
      waveform_.sample(now);
      next_ = now + period;
    });
  }
  ~Recorder() {
    if (next_ != UINT64_MAX) waveform_.idle(next_);
    capture_.text = waveform_.text();
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

 private:
  static std::vector<pe::Probe> chosen(const pe::ClockedArrayModule& array,
                                       const std::vector<std::string>& signals) {
    std::vector<pe::Probe> probes = array.probes();
    if (signals.empty()) return probes;
    std::erase_if(probes, [&](const pe::Probe& p) {
      return std::find(signals.begin(), signals.end(), p.name) == signals.end();
    });
    return probes;
  }

  WaveformCapture& capture_;
  pe::Waveform waveform_;
  std::uint64_t next_ = UINT64_MAX;  // the clock edge behind the last sample [ps]
};

/// The run ends when the writes that are still queued are in the DRAM's banks: the last layer waits
/// for them.
void add_drain(const memory::DramUse& use, const CompiledNetwork& compiled,
               const Platform& platform, std::vector<LayerCycles>& layers) {
  const std::uint64_t now = sc_core::sc_time_stamp().value();
  const std::uint64_t period = platform.processor.clock_period().value();
  const Program& last = compiled.rest ? *compiled.rest : compiled.full;
  if (use.drained_ps <= now || last.commands.empty()) return;
  const std::uint64_t cycles = (use.drained_ps - now + period - 1) / period;
  LayerCycles& layer = layers[last.group_of[last.commands.back().layer]];
  layer.stalls.dram += cycles;
  layer.total += cycles;
}

}  // namespace

Execution execute_transaction(const Network& network, const CompiledNetwork& compiled,
                              const AcceleratorConfig& config, Fidelity fidelity,
                              const workloads::Tensor& images, const Progress& progress,
                              Tracer* tracer, WaveformCapture* waveform) {
  Execution result;
  result.layers.resize(network.layers.size());
  std::optional<OutputReader> outputs;
  if (network.has_values) outputs.emplace(network, compiled.images);
  Platform platform("platform", config, network.arithmetics(),
                    network.has_values ? pe::Values::kComputed : pe::Values::kNone,
                    fidelity == Fidelity::kCycle ? ArrayKind::kRegisters : ArrayKind::kTransaction);
  const pe::SystolicArray array(config.array, network.arithmetics());
  const pe::VectorUnit vector(config.vector_unit, network.arithmetics());
  if (tracer != nullptr) tracer->attach(platform);
  std::optional<Recorder> recorder;
  if (waveform != nullptr && platform.registers() != nullptr) {
    recorder.emplace(*platform.registers(), *waveform, platform.processor.clock_period());
  }
  platform.run([&] {
    const Program* loaded = nullptr;
    const std::size_t batches = compiled.full_batches + (compiled.rest ? 1 : 0);
    std::vector<std::byte> output;
    for (std::size_t b = 0; b < batches; ++b) {
      const Program& program = b < compiled.full_batches ? compiled.full : *compiled.rest;
      const std::size_t first = b * compiled.full.batch;
      if (network.has_values) {
        if (loaded != &program) platform.dram.lend(program.constants);
        loaded = &program;
        platform.write_dram(program.input_address,
                            encode_images(network, images, first, program.batch));
      }
      for (std::size_t f = 0; f < network.fed.size(); ++f) {
        platform.write_dram(program.fed_addresses[f],
                            fed_codes(network, compiled.images, f, first, program.batch));
      }
      const sc_core::sc_time begin = sc_core::sc_time_stamp();
      if (progress) {
        platform.processor.observe([&, first](std::uint32_t ended, std::size_t index) {
          const double done = static_cast<double>(ended) /
                              static_cast<double>(program.commands.size()) * program.batch;
          progress({first,
                    (static_cast<double>(first) + done) / static_cast<double>(compiled.images),
                    program.commands[index].layer});
        });
      }
      const auto& spans = platform.processor.run(program);
      if (tracer != nullptr) {
        tracer->batch(program, spans, begin, platform.processor.clock_period());
      }
      add_cycles(program, spans, array, vector, config, result.layers);
      for (std::size_t o = 0; outputs && o < program.outputs.size(); ++o) {
        output.resize(program.outputs[o].bytes);
        platform.read_dram(program.outputs[o].address, output);
        outputs->take(o, output, first, program.batch);
      }
      if (progress) {
        const std::size_t done = first + program.batch;
        progress({done, static_cast<double>(done) / static_cast<double>(compiled.images),
                  network.layers.size() - 1});
      }
    }
  });
  if (outputs) result.take_outputs(outputs->finish());
  result.dram = platform.dram.finish();
  if (result.dram) {
    result.dram->streams.resize(network.layers.size());
    add_drain(*result.dram, compiled, platform, result.layers);
  }
  return result;
}

}  // namespace systolog::sim
