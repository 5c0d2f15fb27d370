// SPDX-License-Identifier: Apache-2.0
#include "sim/preparation.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "models/user_error.h"
#include "sim/quantisation_rules.h"

namespace systolog::sim {

bool needs_calibration(const ArithmeticPlan& plan, const QuantisationConfig& config) {
  return uses_integers(plan) || (config.power_of_two && takes_power_of_two(plan));
}

CalibrationRecord calibrate_for(const std::vector<ArithmeticPlan>& plans,
                                const workloads::Graph& graph, const CalibrationImages& read,
                                const QuantisationConfig& config, std::size_t most) {
  CalibrationRecord record;
  const bool needed = std::any_of(plans.begin(), plans.end(), [&](const ArithmeticPlan& plan) {
    return needs_calibration(plan, config);
  });
  if (!needed) return record;
  workloads::Dataset used = read();
  record.data = used.name;
  record.images = used.images.shape.at(0);
  if (most > record.images) {
    throw UserError("--calibration-images " + std::to_string(most) + ": there are " +
                    std::to_string(record.images) + " (" + record.data + ")");
  }
  if (most != 0 && most < record.images) {
    used.images.values.resize(used.images.values.size() / record.images * most);
    used.images.shape[0] = record.images = most;
  }
  record.calibration = calibrate(graph, used.images, config, &record.outputs);
  return record;
}

Json quantisation_json(const ArithmeticPlan& plan, const QuantisationConfig& config,
                       const CalibrationRecord& record) {
  Json json;
  if (config.compensate_bias) {
    const auto means = mean_product_errors(plan);
    if (!means.empty()) json["compensated_bias"] = means;
  }
  if (!needs_calibration(plan, config)) return json;
  json["data"] = record.data;
  json["images"] = record.images;
  if (uses_integers(plan)) {
    json["activations"] = config.activations == ActivationScheme::kAffine ? "affine" : "symmetric";
    json["weights"] = config.weights == WeightScheme::kPerChannel ? "per_channel" : "per_tensor";
    json["calibration"] = name_of(config.calibration);
    if (config.calibration == CalibrationMethod::kPercentile) {
      json["percentile"] = config.percentile;
    }
  }
  json["power_of_two"] = config.power_of_two && takes_power_of_two(plan);
  return json;
}

AcceleratorConfig one_chain(const Network& network, std::size_t images) {
  std::uint64_t deepest = 1, input = 0, weight = 0, output = 0, macs = 0;
  for (const Layer& layer : network.layers) {
    const auto* matmul = std::get_if<MatmulLayer>(&layer.work);
    if (matmul == nullptr) continue;
    const workloads::Window& w = matmul->window;
    const auto& in = network.values[layer.inputs[0]].shape;
    const auto& out = network.values[layer.output].shape;
    const std::uint64_t taps = w.kernel_h * w.kernel_w;
    deepest = std::max<std::uint64_t>(deepest, taps * matmul->channels / matmul->groups);
    const std::uint64_t row = (w.kernel_h - 1) * w.dilation_h + 1;  // of input for one of output
    input = std::max<std::uint64_t>(input, row * in.width * in.channels);
    weight = std::max<std::uint64_t>(
        weight, matmul->weights.size() + matmul->bias.size() + 4 * matmul->requantise.size());
    output = std::max<std::uint64_t>(output, out.width * matmul->filters);
    macs += out.height * out.width * matmul->filters * taps * matmul->channels / matmul->groups;
  }
  AcceleratorConfig config;
  config.name = "one chain";
  config.array.rows = static_cast<std::uint32_t>(deepest);
  config.array.columns = 4096;
  config.compiler.split_k = false;
  // A row of pixels with all weights fits at least, twice; tiles this small stay in a core's cache.
  constexpr std::uint64_t kLeast = 1 << 18, kWidestSum = 64;
  config.input_sram.capacity_bytes = std::max(kLeast, 4 * 4 * input);
  config.weight_sram.capacity_bytes = std::max(kLeast, 4 * weight);
  config.output_sram.capacity_bytes = std::max(2 * kLeast, 4 * (kWidestSum + 4) * output);
  config.dram.capacity_bytes = std::uint64_t{1} << 40;
  // Many small images at once: a fully connected layer decodes its weights once a batch.
  constexpr std::uint64_t kMacsOfBatch = 20'000'000, kMostImages = 64, kBatches = 8;
  const std::uint64_t batch =
      std::min({kMacsOfBatch / std::max<std::uint64_t>(macs, 1), kMostImages, images / kBatches});
  config.compiler.batch = static_cast<std::uint32_t>(std::max<std::uint64_t>(batch, 1));
  return config;
}

}  // namespace systolog::sim
