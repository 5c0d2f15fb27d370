// SPDX-License-Identifier: Apache-2.0
#include "sim/preparation.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/user_error.h"
#include "sim/progress.h"
#include "sim/quantisation_rules.h"
#include "workloads/reference.h"

namespace systolog::sim {
namespace {

/// Images [first, first + count) of a batch.
workloads::Tensor part_of(const workloads::Tensor& images, std::size_t first, std::size_t count) {
  const std::size_t size = images.values.size() / images.shape.at(0);
  const auto begin = images.values.begin() + static_cast<std::ptrdiff_t>(first * size);
  workloads::Tensor part{images.shape, {begin, begin + static_cast<std::ptrdiff_t>(count * size)}};
  part.shape[0] = count;
  return part;
}

bool all_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float x) { return std::isfinite(x); });
}

/// `outputs`: of images `first` on.
void check_finite(const workloads::Graph& graph, const workloads::Tensor& images, std::size_t first,
                  std::span<const float> outputs) {
  const std::size_t size = graph.output_shape().count();
  for (std::size_t i = 0; i * size < outputs.size(); ++i) {
    if (all_finite(outputs.subspan(i * size, size))) continue;
    workloads::run_reference(
        graph, part_of(images, first + i, 1), [&](std::size_t n, std::span<const float> values) {
          if (all_finite(values)) return;
          throw UserError("network '" + graph.name + "': FP32 values of layer '" +
                          graph.nodes[n].name + "' (" + std::string(name_of(graph.nodes[n].op)) +
                          ") are not finite on image " + std::to_string(first + i) +
                          ": nothing can be compared with them");
        });
  }
}

}  // namespace

workloads::Tensor fp32_reference(const workloads::Graph& graph, const workloads::Tensor& images,
                                 bool quiet) {
  const std::size_t count = images.shape.at(0);
  // Some images for each core, so that none waits long for the others.
  const auto at_once = 8 * static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
  ProgressLine progress("FP32 reference", count, quiet);
  workloads::Tensor outputs;
  for (std::size_t first = 0; first < count; first += at_once) {
    const workloads::Tensor part = part_of(images, first, std::min(at_once, count - first));
    const workloads::Tensor out = workloads::run_reference(graph, part);
    check_finite(graph, images, first, out.values);
    outputs.shape = out.shape;
    outputs.values.insert(outputs.values.end(), out.values.begin(), out.values.end());
    progress.show(first + part.shape[0]);
  }
  outputs.shape.at(0) = count;
  return outputs;
}

bool needs_calibration(const ArithmeticPlan& plan, const QuantisationConfig& config) {
  return uses_integers(plan) || (config.power_of_two && takes_power_of_two(plan));
}

CalibrationRecord calibrate_for(const std::vector<ArithmeticPlan>& plans,
                                const workloads::Graph& graph, const CalibrationImages& read,
                                const QuantisationConfig& config, std::size_t most, bool quiet) {
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
    const std::string all = "first " + std::to_string(record.images);
    const std::string kept = "first " + std::to_string(most);
    const std::size_t at = record.data.rfind(all);
    if (at == std::string::npos) {
      record.data += ", " + kept;
    } else {
      record.data.replace(at, all.size(), kept);
    }
    used.images.shape[0] = record.images = most;
  }
  ProgressLine progress("calibration", record.images, quiet);
  record.calibration = calibrate(graph, used.images, config, &record.outputs,
                                 [&](std::size_t done) { progress.show(done); });
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
