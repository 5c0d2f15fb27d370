// SPDX-License-Identifier: Apache-2.0
// systolog run: one network on one accelerator.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <sstream>
#include <utility>

#include "models/user_error.h"
#include "sim/command_line.h"
#include "sim/data_options.h"
#include "sim/layer_selection.h"
#include "sim/output_files.h"
#include "sim/preparation.h"
#include "sim/program_text.h"
#include "sim/progress.h"
#include "sim/quantisation_options.h"
#include "sim/report.h"
#include "sim/share.h"
#include "sim/technology.h"
#include "sim/tracer.h"
#include "sim/waveform_options.h"
#include "sim/workload_file.h"
#include "workloads/synthetic_weights.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kDumpOption = "--dump-program";

constexpr Usage kUsage{
    "run", "",
    "Runs a network on an accelerator: outputs, cycles, energy and accuracy in one report.",
    "  systolog run --config edge16 --workload lenet5 --set arithmetic=posit:16,1/plam \\\n"
    "               --images 100 --output results/plam\n"
    "  prints a table of layers and leaves report.json and layers.csv in results/plam.\n"
    "  --set compiler.fold_batch_norm=false keeps batch norms as layers of their own."};

Fidelity to_fidelity(const std::string& name) {
  if (name == "functional") return Fidelity::kFunctional;
  if (name == "transaction") return Fidelity::kTransaction;
  if (name == "cycle") return Fidelity::kCycle;
  throw UserError("--fidelity " + name + ": allowed transaction, functional, cycle");
}

/// Throws UserError where two options would write the same file.
void check_distinct(const std::vector<std::pair<std::string, std::filesystem::path>>& files) {
  for (auto a = files.begin(); a != files.end(); ++a) {
    for (auto b = a + 1; b != files.end(); ++b) {
      if (a->second.empty() || b->second.empty() ||
          std::filesystem::weakly_canonical(a->second) !=
              std::filesystem::weakly_canonical(b->second)) {
        continue;
      }
      throw UserError(a->first + " " + a->second.string() + ": " + b->first +
                      " writes the same file, allowed another");
    }
  }
}

/// `--dump-program FILE` as `--dump-program=FILE`: the file may be left out, and the parser takes
/// such a value only where '=' stands.
Arguments with_joined_dump(const Arguments& arguments) {
  Arguments joined;
  for (const auto& argument : arguments) {
    const bool names_file = !joined.empty() && joined.back() == kDumpOption && !argument.empty() &&
                            argument.front() != '-';
    if (names_file) {
      joined.back() += "=" + argument;
    } else {
      joined.push_back(argument);
    }
  }
  return joined;
}

/// `place`: where the plan stands, which names of layers begin with in messages.
void check_layers_of(const ArithmeticPlan& plan, const workloads::Graph& graph,
                     const std::string& place) {
  try {
    check_layers(plan, graph);
  } catch (const UserError& error) {
    throw UserError(place + error.what());
  }
}

bool has_batch_norm(const workloads::Graph& graph) {
  return std::ranges::any_of(graph.nodes, [](const workloads::Node& node) {
    return std::holds_alternative<workloads::BatchNorm>(node.op);
  });
}

}  // namespace

int run_command(const Arguments& arguments) {
  std::string config_name, workload_name, fidelity_name = "transaction", images_text, output, dump,
                                          outputs, trace, layers, seed_text = "1";
  DataOptions data;
  WaveformOptions vcd;
  std::string arithmetic;
  QuantisationOptions quantisation;
  std::vector<std::string> overrides;
  po::options_description options("Options");
  auto add = options.add_options();
  add("config", po::value(&config_name)->required(),
      "accelerator: a name in configs/ or a .json file");
  add("workload", po::value(&workload_name)->required(),
      "network: a name in workloads/networks, a workload .json or an .onnx model");
  add("set", po::value(&overrides),
      "change the config: path=value, e.g. array.rows=32; repeatable");
  add("arithmetic", po::value(&arithmetic),
      "instead of the config's: format/multiplier[/accumulator], or a .json file of layers'");
  add_quantisation_options(options, quantisation);
  add("fidelity", po::value(&fidelity_name),
      "transaction (default), functional, or cycle: every register of the array, every clock");
  add("timing-only", po::bool_switch(),
      "no arithmetic, no outputs: the same cycles, energy and traffic, much sooner");
  add("seed", po::value(&seed_text), "of synthetic weights, where a network has none (default 1)");
  add("images", po::value(&images_text),
      "images to run; a number or all; default 1, with --input all");
  add_data_options(options, data);
  add("outputs", po::value(&outputs),
      "write the output tensor to Y.npy, FP32; of several outputs to Y.NAME.npy each");
  add("output", po::value(&output), "folder for report.json and layers.csv");
  add("dump-program", po::value(&dump)->implicit_value(""),
      "print the compiled commands and stop; with a file: write them there and run");
  add("trace", po::value(&trace),
      "file for a timeline of all engines, to be opened in Perfetto (docs/trace.md)");
  add_waveform_options(options, vcd);
  add("layers", po::value(&layers),
      "run only these layers, on the FP32 reference's values: names and ranges FIRST..LAST, "
      "apart by commas");
  add("json", po::bool_switch(), "print report.json instead of the table");
  add("quiet", po::bool_switch(), "print nothing but errors");
  po::variables_map values;
  if (parse_arguments(kUsage, options, with_joined_dump(arguments), values)) return 0;
  const bool quiet = values["quiet"].as<bool>(), json = values["json"].as<bool>();

  const Fidelity fidelity = to_fidelity(fidelity_name);
  if (values.count("trace") != 0 && fidelity == Fidelity::kFunctional) {
    throw UserError("--trace " + trace +
                    ": functional fidelity has no time; allowed with "
                    "--fidelity transaction");
  }
  if (images_text.empty()) images_text = data.input.empty() ? "1" : "all";
  const std::size_t wanted = to_images(images_text);
  if (values.count("output") != 0) check_output_folder(output);
  const std::filesystem::path report_file = output.empty() ? "" : output + "/report.json";
  const std::filesystem::path layers_file = output.empty() ? "" : output + "/layers.csv";
  check_distinct({{"--trace", trace},
                  {"--vcd", vcd.file},
                  {"--outputs", outputs},
                  {"--dump-program", dump},
                  {"--output", report_file},
                  {"--output", layers_file}});
  const std::filesystem::path config_file = find_shared(config_name, "configs", ".json", "config");
  AcceleratorConfig config = read_accelerator(config_file, overrides);
  if (!arithmetic.empty()) set_plan(config, read_plan(arithmetic, "--arithmetic"));
  const ArithmeticPlan plan = plan_of(config);
  config.quantisation = apply_quantisation(quantisation, config.quantisation, {plan});
  const models::CostTable technology = read_technology(config.technology);
  const bool timing_only = values["timing-only"].as<bool>();
  if (timing_only && fidelity == Fidelity::kFunctional) {
    throw UserError("--timing-only: functional fidelity has no timing; allowed with transaction");
  }
  if (timing_only && fidelity == Fidelity::kCycle) {
    throw UserError("--timing-only: cycle fidelity computes every value; allowed with transaction");
  }
  if (timing_only && (wanted == 0 || !data.input.empty() || !outputs.empty())) {
    throw UserError(
        "--timing-only: reads and writes no images; allowed without --input, --outputs "
        "and --images all");
  }
  const std::uint64_t seed = to_count("--seed", seed_text, 0);
  Workload workload = read_workload(workload_name);

  RunResult run;
  workloads::Dataset images;
  workloads::Tensor reference;
  std::size_t count = wanted;
  if (timing_only) {
    workloads::drop_weights(workload.graph);
    workload.weights = images.name = "none: timing only";
  } else {
    fill_weights(workload, seed);
    images = read_images(workload, data, wanted);
    count = images.images.shape[0];
    // Folding rounds the weights anew: the reference is the network as it was given.
    if (has_batch_norm(workload.graph)) {
      reference = fp32_reference(workload.graph, images.images, quiet || json);
    }
  }
  run.weights = workload.weights;
  if (config.compiler.fold_batch_norm) workloads::fold_batch_norm(workload.graph);
  check_layers_of(plan, workload.graph,
                  arithmetic.empty() ? config_file.string() + ": /arithmetic" : arithmetic + ": ");
  CalibrationRecord record;
  if (!timing_only) {
    bool same_images = false;
    const auto read = [&] {
      workloads::Dataset used = read_calibration(workload, data, images);
      same_images = used.images.values == images.images.values;
      return used;
    };
    record = calibrate_for({plan}, workload.graph, read, config.quantisation,
                           calibration_images(quantisation), quiet || json);
    if (reference.values.empty()) {
      reference = same_images && record.images == count
                      ? std::move(record.outputs)
                      : fp32_reference(workload.graph, images.images, quiet || json);
    }
    run.quantisation = quantisation_json(plan, config.quantisation, record);
  }
  run.calibration = record.data;
  Network network =
      lower(workload.graph, make_arithmetics(plan), record.calibration, config.quantisation);
  std::span<const std::uint32_t> labels = images.labels;
  if (values.count("layers") != 0) {
    run.all_layers = network.layers.size();
    const auto kept = named_layers(network, layers);
    // Labels belong to the output of the whole network.
    if (network.layers[kept.back()].output != network.outputs.front().value) labels = {};
    auto of_last = keep_layers(network, kept, workload.graph, images.images);
    if (!of_last.values.empty()) reference = std::move(of_last);
  }
  const EnergyFigures figures = energy_figures(technology, config);
  const CompiledNetwork compiled = compile_for(network, config, count, &figures);
  if (values.count("dump-program") != 0) {
    if (dump.empty()) {
      write_program(std::cout, network, compiled.full);
      return 0;
    }
    std::ostringstream text;
    write_program(text, network, compiled.full);
    write_file(dump, text.str());
  }
  std::optional<Tracer> tracer;
  if (values.count("trace") != 0) tracer.emplace(trace, network, config);
  if (!vcd.file.empty() && !plan.layers.empty()) {
    throw UserError("--vcd: shows the units of one arithmetic; allowed where all layers share one");
  }
  std::optional<WaveformCapture> waveform =
      requested_waveform(vcd, config, *network.arithmetic, fidelity);
  Execution execution;
  {
    ProgressLine progress(network.plan, count, quiet || json);
    execution = execute(
        network, compiled, config, fidelity, images.images,
        [&](const ProgressStep& step) {
          progress.show(step.images, step.fraction, network.layers[step.layer].name);
        },
        tracer ? &*tracer : nullptr, waveform ? &*waveform : nullptr);
    if (tracer) tracer->close();
  }
  if (waveform) write_file(vcd.file, waveform->text);
  run.config = &config;
  run.network = &network;
  run.compiled = &compiled;
  run.execution = &execution;
  run.technology = &technology;
  run.fidelity = fidelity;
  run.data = images.name;
  run.preprocessing = images.preprocessing;
  run.counts = count_layers(network, compiled, config);
  run.costs = roll_up(network, config, technology, run.counts, execution.layers, execution.dram);
  if (!timing_only) run.accuracy = compare(execution.outputs, reference, labels);

  const Json report = report_json(run);
  if (!output.empty()) {
    const std::filesystem::path folder = output;
    write_file(folder / "layers.csv", layers_csv(report));
    write_file(folder / "report.json", to_text(report));
  }
  if (!outputs.empty()) {
    write_outputs(outputs, workload.graph, execution.outputs, execution.more_outputs);
  }
  if (json) {
    std::cout << to_text(report);
  } else if (!quiet) {
    std::cout << report_text(report);
  }
  return 0;
}

}  // namespace systolog::sim
