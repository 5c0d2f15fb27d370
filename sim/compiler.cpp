// SPDX-License-Identifier: Apache-2.0
#include "sim/compiler.h"

#include "models/user_error.h"
#include "sim/fusion.h"
#include "sim/matmul_compiler.h"
#include "sim/move_compiler.h"
#include "sim/technology.h"
#include "sim/tile_writer.h"
#include "sim/vector_compiler.h"

namespace systolog::sim {

Program compile(const Network& network, const AcceleratorConfig& config, std::uint32_t batch,
                const EnergyFigures* figures) {
  try {
    std::optional<EnergyFigures> own;
    if (figures == nullptr && config.compiler.objective == Objective::kEnergy) {
      figures = &own.emplace(energy_figures(read_technology(config.technology), config));
    }
    TileWriter writer(network, config, batch);
    for (const LayerGroup& group : plan_groups(network, config, batch, figures)) {
      const auto& work = writer.layer(group.first).work;
      writer.begin(group);
      if (std::holds_alternative<MatmulLayer>(work)) {
        compile_matmul(writer, group);
      } else if (std::holds_alternative<VectorLayer>(work)) {
        compile_vector(writer, group);
      } else {
        compile_move(writer, group.first);
      }
    }
    return writer.finish();
  } catch (const UserError& error) {
    throw UserError(network.name + ": " + error.what());
  }
}

}  // namespace systolog::sim
