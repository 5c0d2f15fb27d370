// SPDX-License-Identifier: Apache-2.0
// systolog accuracy: what arithmetics do to a network's answers, over many images.
#include <tbb/global_control.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "models/user_error.h"
#include "sim/accuracy_report.h"
#include "sim/command_line.h"
#include "sim/data_options.h"
#include "sim/output_files.h"
#include "sim/progress.h"
#include "sim/quantisation_options.h"
#include "sim/share.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{
    "accuracy", "",
    "Runs images through a network in any number of arithmetics, at functional fidelity on all\n"
    "cores, and compares the answers with the labels and with FP32 (docs/accuracy.md).",
    "  systolog accuracy --workload lenet5 --images 1000 --arithmetic posit:8,0/exact \\\n"
    "                    --arithmetic posit:16,1/plam --output results/lenet5\n"
    "  prints a table of top-1, top-5, their 95 % intervals, agreement with FP32 and errors of\n"
    "  the outputs; leaves accuracy.json and accuracy.csv in results/lenet5. A file\n"
    "  {\"default\": \"posit:8,0/exact\", \"layers\": {\"conv1\": \"posit:16,1/exact\"}} given to\n"
    "  --arithmetic mixes arithmetics; --sensitivity switches one layer at a time."};

/// What was asked for.
struct Request {
  std::string workload, config, images = "all", k, threads, base = "fp32/exact/fp32", output,
                                outputs;
  DataOptions data;
  std::vector<std::string> arithmetics, overrides;
  QuantisationOptions quantisation;
  bool sensitivity = false, json = false, quiet = false;
};

bool parse(const Arguments& arguments, Request& r) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("workload", po::value(&r.workload)->required(),
      "network: a name in workloads/networks, a workload .json or an .onnx model");
  add("arithmetic", po::value(&r.arithmetics)->required()->composing(),
      "format/multiplier[/accumulator], or a .json file of {\"default\", \"layers\"}; repeatable");
  add("images", po::value(&r.images), "images to run; a number or all (default all)");
  add_data_options(options, r.data);
  add("topk", po::value(&r.k), "also count labels among the K largest outputs (default 5)");
  add("config", po::value(&r.config),
      "accelerator whose array's order of sums is taken (default: one chain over K)");
  add("set", po::value(&r.overrides), "change the config: path=value; repeatable");
  add_quantisation_options(options, r.quantisation);
  add("sensitivity", po::bool_switch(&r.sensitivity),
      "switch one layer at a time from --base to each --arithmetic: what it loses against --base");
  add("base", po::value(&r.base), "of --sensitivity (default fp32/exact/fp32)");
  add("threads", po::value(&r.threads), "threads to use (default all cores); same results");
  add("output", po::value(&r.output),
      "folder for accuracy.json and accuracy.csv, or sensitivity.json, .csv and -N.svg");
  add("outputs", po::value(&r.outputs),
      "write the output tensor to Y.npy, FP32; of several outputs to Y.NAME.npy each");
  add("json", po::bool_switch(&r.json), "print the JSON instead of the table");
  add("quiet", po::bool_switch(&r.quiet), "print nothing but errors");
  po::variables_map values;
  if (parse_arguments(kUsage, options, arguments, values)) return false;
  if (values.count("output") != 0) check_output_folder(r.output);
  if (!r.overrides.empty() && r.config.empty()) {
    throw UserError("--set " + r.overrides.front() + ": means nothing without --config");
  }
  if (!r.outputs.empty() && (r.sensitivity || r.arithmetics.size() > 1)) {
    throw UserError("--outputs " + r.outputs + ": one file holds the outputs of one run, allowed " +
                    "with one --arithmetic and without --sensitivity");
  }
  if (values.count("base") != 0 && !r.sensitivity) {
    throw UserError("--base " + r.base + ": means nothing without --sensitivity");
  }
  return true;
}

std::vector<ArithmeticPlan> read_plans(const Request& r) {
  std::vector<ArithmeticPlan> plans;
  for (const std::string& text : r.arithmetics) plans.push_back(read_plan(text, "--arithmetic"));
  if (!r.sensitivity) return plans;
  for (const ArithmeticPlan& plan : plans) {
    if (!plan.layers.empty()) {
      throw UserError("--sensitivity: " + plan.name() +
                      ": switches layers to one arithmetic, not to a file's; give --base the file");
    }
  }
  return plans;
}

/// The layers that files of arithmetics name must be the network's.
void check_files(const Request& r, const EvaluationSettings& settings, workloads::Graph graph) {
  const bool fold = !settings.accelerator || settings.accelerator->compiler.fold_batch_norm;
  if (fold) workloads::fold_batch_norm(graph);
  std::vector<std::string> texts = r.arithmetics;
  if (r.sensitivity) texts.push_back(r.base);
  for (const std::string& text : texts) {
    try {
      check_layers(read_plan(text, "--arithmetic"), graph);
    } catch (const UserError& error) {
      throw UserError(text + ": " + error.what());
    }
  }
}

/// Runs plans with a line of progress each.
class Runner {
 public:
  Runner(const Evaluation& evaluation, bool quiet) : evaluation_(evaluation), quiet_(quiet) {}

  Evaluated operator()(const ArithmeticPlan& plan, const std::string& label) const {
    ProgressLine progress(label, evaluation_.images().images.shape.at(0), quiet_);
    return evaluation_.run(plan, [&](std::size_t done) { progress.show(done); });
  }

 private:
  const Evaluation& evaluation_;
  bool quiet_;
};

void evaluate(const Request& r, const Evaluation& evaluation,
              const std::vector<ArithmeticPlan>& plans) {
  const Runner run(evaluation, r.quiet || r.json);
  std::vector<Evaluated> rows;
  std::vector<double> seconds;
  for (const ArithmeticPlan& plan : plans) {
    rows.push_back(run(plan, plan.name()));
    seconds.push_back(rows.back().seconds);
  }
  const Json report = accuracy_report_json(evaluation, rows);
  if (!r.output.empty()) {
    const std::filesystem::path folder = r.output;
    write_file(folder / "accuracy.csv", accuracy_csv(report));
    write_file(folder / "accuracy.json", to_text(report));
  }
  if (!r.outputs.empty()) {
    write_outputs(r.outputs, evaluation.graph(), rows[0].outputs, rows[0].more_outputs);
  }
  if (r.json) std::cout << to_text(report);
  if (!r.json && !r.quiet) std::cout << accuracy_text(report, seconds);
}

void evaluate_layers(const Request& r, const Evaluation& evaluation, const ArithmeticPlan& base,
                     const std::vector<ArithmeticPlan>& plans) {
  const Runner run(evaluation, r.quiet || r.json);
  const Network network = evaluation.encode(base);
  std::vector<Sensitivity> tables;
  for (const ArithmeticPlan& plan : plans) {
    Sensitivity table;
    table.base = base;
    table.arithmetic = plan.name();
    table.all_base = run(base, base.name());
    table.all_switched = run(plan, plan.name());
    for (const Layer& layer : network.layers) {
      if (!std::holds_alternative<MatmulLayer>(layer.work)) continue;
      ArithmeticPlan one = base;
      one.layers[layer.name] = plan.base;
      table.layers.push_back({layer.name, layer.op, run(one, layer.name)});
    }
    tables.push_back(std::move(table));
  }
  const Json report = sensitivity_json(evaluation, tables);
  if (!r.output.empty()) {
    const std::filesystem::path folder = r.output;
    for (std::size_t i = 0; i < tables.size(); ++i) {
      write_file(folder / ("sensitivity-" + std::to_string(i + 1) + ".svg"),
                 sensitivity_svg(report, i));
    }
    write_file(folder / "sensitivity.csv", sensitivity_csv(report));
    write_file(folder / "sensitivity.json", to_text(report));
  }
  if (r.json) std::cout << to_text(report);
  if (!r.json && !r.quiet) std::cout << sensitivity_text(report);
}

}  // namespace

int accuracy_command(const Arguments& arguments) {
  Request r;
  if (!parse(arguments, r)) return 0;
  std::optional<tbb::global_control> limit;
  if (!r.threads.empty()) {
    const std::size_t threads = to_count("--threads", r.threads, 1);
    constexpr std::size_t kMost = 1024;
    if (threads > kMost) throw UserError("--threads " + r.threads + ": allowed 1 to 1024");
    limit.emplace(tbb::global_control::max_allowed_parallelism, threads);
  }
  const std::vector<ArithmeticPlan> plans = read_plans(r);
  std::vector<ArithmeticPlan> all = plans;
  const ArithmeticPlan base = read_plan(r.base, "--base");
  if (r.sensitivity) all.push_back(base);
  EvaluationSettings settings;
  settings.quiet = r.quiet || r.json;
  if (!r.k.empty()) settings.k = to_count("--topk", r.k, 1);
  if (!r.config.empty()) {
    settings.accelerator =
        read_accelerator(find_shared(r.config, "configs", ".json", "config"), r.overrides);
    settings.quantisation = settings.accelerator->quantisation;
  }
  settings.quantisation = apply_quantisation(r.quantisation, settings.quantisation, all);
  settings.calibration_images = calibration_images(r.quantisation);
  Workload workload = read_workload(r.workload);
  const std::size_t outputs = workload.graph.output_shape().count();
  if (r.k.empty()) settings.k = std::min(settings.k, outputs);
  if (settings.k > outputs) {
    throw UserError("--topk " + r.k + ": " + workload.name + " has " + std::to_string(outputs) +
                    " outputs");
  }
  const auto names_layers = [](const ArithmeticPlan& plan) { return !plan.layers.empty(); };
  if (std::ranges::any_of(all, names_layers)) check_files(r, settings, workload.graph);
  const workloads::Dataset images = read_images(workload, r.data, to_images(r.images));
  const Evaluation evaluation(
      workload.graph, images, [&] { return read_calibration(workload, r.data, images); }, settings,
      all);
  r.sensitivity ? evaluate_layers(r, evaluation, base, plans) : evaluate(r, evaluation, plans);
  return 0;
}

}  // namespace systolog::sim
