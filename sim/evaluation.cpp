// SPDX-License-Identifier: Apache-2.0
#include "sim/evaluation.h"

#include <chrono>
#include <utility>

namespace systolog::sim {

Evaluation::Evaluation(workloads::Graph graph, workloads::Dataset images,
                       const CalibrationImages& calibration, EvaluationSettings settings,
                       const std::vector<ArithmeticPlan>& plans)
    : graph_(std::move(graph)), images_(std::move(images)), settings_(std::move(settings)) {
  workloads::Graph folded = graph_;
  const bool fold = !settings_.accelerator || settings_.accelerator->compiler.fold_batch_norm;
  if (fold) workloads::fold_batch_norm(folded);
  for (const ArithmeticPlan& plan : plans) check_layers(plan, folded);
  reference_ = fp32_reference(graph_, images_.images, settings_.quiet);
  graph_ = std::move(folded);
  calibration_ = calibrate_for(plans, graph_, calibration, settings_.quantisation,
                               settings_.calibration_images, settings_.quiet);
}

Accuracy Evaluation::baseline() const {
  return compare(reference_, reference_, images_.labels, settings_.k);
}

std::string Evaluation::accumulation() const {
  if (!settings_.accelerator) return "one chain over K";
  const AcceleratorConfig& c = *settings_.accelerator;
  return "folds of " + std::to_string(c.array.rows) + " (" + c.name + "), batch " +
         std::to_string(c.compiler.batch);
}

Network Evaluation::encode(const ArithmeticPlan& plan,
                           const QuantisationConfig& quantisation) const {
  return lower(graph_, make_arithmetics(plan), calibration_.calibration, quantisation);
}

Evaluated Evaluation::run_compensated(const ArithmeticPlan& plan, const Progress& progress) const {
  QuantisationConfig quantisation = settings_.quantisation;
  quantisation.compensate_bias = true;
  return run(plan, quantisation, progress);
}

Evaluated Evaluation::run(const ArithmeticPlan& plan, const QuantisationConfig& quantisation,
                          const Progress& progress) const {
  const auto started = std::chrono::steady_clock::now();
  Evaluated row;
  row.plan = plan;
  const Network network = encode(plan, quantisation);
  const std::size_t count = images_.images.shape.at(0);
  const AcceleratorConfig config =
      settings_.accelerator ? *settings_.accelerator : one_chain(network, count);
  const CompiledNetwork compiled = compile_for(network, config, count);
  Execution execution = execute_functional(network, compiled, config, images_.images, progress);
  row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  row.accuracy = compare(execution.outputs, reference_, images_.labels, settings_.k);
  row.quantisation = quantisation_json(plan, quantisation, calibration_);
  row.outputs = std::move(execution.outputs);
  row.more_outputs = std::move(execution.more_outputs);
  return row;
}

}  // namespace systolog::sim
