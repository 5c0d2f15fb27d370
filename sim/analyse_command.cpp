// SPDX-License-Identifier: Apache-2.0
// systolog analyse: what a multiplier's errors become on their way through a network.
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "models/user_error.h"
#include "sim/analysis_report.h"
#include "sim/command_line.h"
#include "sim/data_options.h"
#include "sim/evaluation.h"
#include "sim/progress.h"
#include "sim/quantisation_rules.h"
#include "workloads/reference.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{
    "analyse", "",
    "Compares the outputs of each layer with those of exact products, on activations that really\n"
    "arrive there: their bias, and what is left beside it, before and after batch norm, by the\n"
    "number of products summed (docs/approximate.md).",
    "  systolog analyse --workload lenet5 --images 50 --arithmetic fixed:32,16/mitchw:6 \\\n"
    "                   --arithmetic fixed:32,16/exact/loa:16 --output results/why\n"
    "  prints a table of layers for each arithmetic; leaves analysis.json, layers.csv,\n"
    "  lengths.csv and plots in results/why."};

/// Relative biases of all products whose effect alone is shown.
constexpr double kBiases[] = {-0.02, -0.0591, -0.12, -0.25};

const std::vector<std::string>& default_arithmetics() {
  static const std::vector<std::string> list = {
      "fixed:32,16/mitchw:4",     "fixed:32,16/mitchw:6",    "fixed:32,16/mitchell",
      "fixed:32,16/drum:6",       "posit:16,1/plam",         "posit:8,1/plam",
      "fixed:32,16/exact/loa:12", "fixed:32,16/exact/loa:16"};
  return list;
}

/// Errors of a network's outputs, output by output.
EndErrors end_errors(const Evaluation& evaluation, const workloads::Tensor& got) {
  const workloads::Tensor& exact = evaluation.reference();
  PairSums sums;
  for (std::size_t i = 0; i < exact.values.size(); ++i) sums.add(exact.values[i], got.values[i]);
  return {errors_of({&sums, 1}), compare(got, exact, evaluation.images().labels)};
}

void write_results(const Json& report, const std::filesystem::path& folder) {
  for (std::size_t i = 0; i < report.at("arithmetics").size(); ++i) {
    write_file(folder / ("layers-" + std::to_string(i + 1) + ".svg"), layers_svg(report, i));
  }
  write_file(folder / "bias.svg", bias_by_length_svg(report));
  write_file(folder / "spread.svg", spread_by_length_svg(report));
  write_file(folder / "layers.csv", analysis_layers_csv(report));
  write_file(folder / "lengths.csv", analysis_lengths_csv(report));
  write_file(folder / "analysis.json", to_text(report));
}

}  // namespace

int analyse_command(const Arguments& arguments) {
  std::string workload_name, images_text, pixels_text = "16", seed_text = "1", output;
  std::vector<std::string> names;
  DataOptions data;
  po::options_description options("Options");
  auto add = options.add_options();
  add("workload", po::value(&workload_name)->required(),
      "network: a name in workloads/networks, a workload .json or an .onnx model");
  add("arithmetic", po::value(&names)->composing(),
      "format/multiplier[/accumulator]; repeatable (default: eight)");
  add("images", po::value(&images_text),
      "images to run; a number or all (default: 20, or all where there are fewer)");
  add_data_options(options, data);
  add("pixels", po::value(&pixels_text), "outputs of each layer looked at, an image (default 16)");
  add("seed", po::value(&seed_text), "of the choice of outputs and the order of products (1)");
  add("output", po::value(&output), "folder for analysis.json, layers.csv, lengths.csv and plots");
  add("json", po::bool_switch(), "print analysis.json instead of the tables");
  add("quiet", po::bool_switch(), "print nothing but errors");
  po::variables_map values;
  if (parse_arguments(kUsage, options, arguments, values)) return 0;
  const bool quiet = values["quiet"].as<bool>(), json = values["json"].as<bool>();
  if (values.count("output") != 0) check_output_folder(output);
  if (names.empty()) names = default_arithmetics();
  std::vector<ArithmeticPlan> plans;
  for (const std::string& name : names) {
    plans.push_back(read_plan(name, "--arithmetic"));
    if (!plans.back().layers.empty()) {
      throw UserError("--arithmetic " + name + ": systolog analyse takes one arithmetic at a time");
    }
  }
  const AnalysisSettings settings{.pixels = to_count("--pixels", pixels_text, 1),
                                  .seed = to_count("--seed", seed_text, 0)};
  const Workload workload = read_workload(workload_name);
  constexpr std::size_t kImages = 20;
  const workloads::Dataset images = images_text.empty()
                                        ? read_images_up_to(workload, data, kImages)
                                        : read_images(workload, data, to_images(images_text));
  EvaluationSettings evaluated;
  evaluated.quiet = quiet || json;
  const Evaluation evaluation(
      workload.graph, images, [&] { return read_calibration(workload, data, images); }, evaluated,
      plans);

  Analysis analysis;
  analysis.workload = workload.name;
  analysis.data = images.name;
  analysis.images = images.images.shape.at(0);
  analysis.pixels = settings.pixels;
  analysis.baseline = evaluation.baseline();
  ProgressLine progress("analysis", plans.size(), quiet || json, "arithmetics");
  for (const ArithmeticPlan& plan : plans) {
    const auto arithmetic = models::make_arithmetic(plan.base);
    AnalysisOfArithmetic of;
    of.arithmetic = arithmetic->name();
    of.layers = analyse_layers(workload.graph, images.images, *arithmetic, settings);
    of.end = end_errors(evaluation, evaluation.run(plan, {}).outputs);
    if (!mean_product_errors(plan).empty()) {
      of.compensated = end_errors(evaluation, evaluation.run_compensated(plan, {}).outputs);
    }
    analysis.arithmetics.push_back(std::move(of));
    progress.show(analysis.arithmetics.size());
  }
  for (const double bias : kBiases) {
    const workloads::Tensor outputs = workloads::run_reference(
        with_biased_products(workload.graph, static_cast<float>(1 + bias)), images.images);
    analysis.biased.push_back({bias, end_errors(evaluation, outputs)});
  }
  const Json report = analysis_json(analysis);
  if (!output.empty()) write_results(report, output);
  if (json) std::cout << to_text(report);
  if (!json && !quiet) std::cout << analysis_text(report);
  return 0;
}

}  // namespace systolog::sim
