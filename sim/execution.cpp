// SPDX-License-Identifier: Apache-2.0
#include "sim/execution.h"

#include <algorithm>

#include "models/user_error.h"
#include "sim/compiler.h"

namespace systolog::sim {

CompiledNetwork compile_for(const Network& network, const AcceleratorConfig& config,
                            std::size_t images, const EnergyFigures* figures) {
  CompiledNetwork compiled;
  compiled.images = images;
  const auto batch =
      static_cast<std::uint32_t>(std::min<std::size_t>(config.compiler.batch, images));
  compiled.full = compile(network, config, batch, figures);
  compiled.full_batches = images / batch;
  if (const auto rest = static_cast<std::uint32_t>(images % batch); rest > 0) {
    compiled.rest = compile(network, config, rest, figures);
  }
  return compiled;
}

std::string_view name_of(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::kFunctional:
      return "functional";
    case Fidelity::kCycle:
      return "cycle";
    case Fidelity::kTransaction:
      break;
  }
  return "transaction";
}

Execution execute(const Network& network, const CompiledNetwork& compiled,
                  const AcceleratorConfig& config, Fidelity fidelity,
                  const workloads::Tensor& images, const Progress& progress, Tracer* tracer,
                  WaveformCapture* waveform) {
  // A PE's registers take up to a kilobyte.
  constexpr std::uint64_t kMostPes = std::uint64_t{1} << 20;
  if (fidelity == Fidelity::kCycle && config.array.pes() > kMostPes) {
    throw UserError("cycle fidelity keeps every register: the array has " +
                    std::to_string(config.array.rows) + " x " +
                    std::to_string(config.array.columns) + " PEs, allowed are " +
                    std::to_string(kMostPes));
  }
  return fidelity == Fidelity::kFunctional
             ? execute_functional(network, compiled, config, images, progress)
             : execute_transaction(network, compiled, config, fidelity, images, progress, tracer,
                                   waveform);
}

}  // namespace systolog::sim
