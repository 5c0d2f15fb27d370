// SPDX-License-Identifier: Apache-2.0
// systolog check: what is wrong with files, without running them.
#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "models/user_error.h"
#include "sim/accelerator_config.h"
#include "sim/arithmetic_plan.h"
#include "sim/command_line.h"
#include "sim/compiler.h"
#include "sim/data_options.h"
#include "sim/json_reader.h"
#include "sim/scalesim_files.h"
#include "sim/share.h"
#include "sim/technology.h"
#include "sim/text_table.h"
#include "sim/workload_file.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{
    "check", "FILE...",
    "Reads configs, technology tables, workloads, models and SCALE-Sim's .cfg and .csv and says\n"
    "everything that is wrong with them. A FILE may be the name of a workload or a config that is\n"
    "shipped. Exit status 0 if nothing is wrong, else 2.",
    "  systolog check my.json model.onnx lenet5\n"
    "  lists the layers of model.onnx and lenet5, with shapes, MACs and parameters."};

std::string shape_text(const workloads::Shape& s) {
  if (s.is_vector) return std::to_string(s.channels);
  if (s.is_series) return std::to_string(s.channels) + "x" + std::to_string(s.width);
  return std::to_string(s.channels) + "x" + std::to_string(s.height) + "x" +
         std::to_string(s.width);
}

void print_network(const workloads::Graph& graph) {
  TextTable table({"node", "op", "output", "MACs", "parameters"});
  std::uint64_t all_macs = 0, all_parameters = 0;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const workloads::Node& node = graph.nodes[n];
    const std::uint64_t macs = workloads::macs(graph, n), weights = workloads::parameters(graph, n);
    all_macs += macs;
    all_parameters += weights;
    table.add({node.name, std::string(workloads::name_of(node.op)), shape_text(node.shape),
               grouped(macs), grouped(weights)});
  }
  table.add({"total", "", "", grouped(all_macs), grouped(all_parameters)});
  std::cout << table.to_string();
  if (graph.outputs.empty()) return;
  std::cout << "outputs: ";
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const workloads::GraphOutput& output = graph.outputs[i];
    std::cout << (i == 0 ? "" : ", ") << output.name << " "
              << shape_text(graph.nodes[output.node].shape);
  }
  std::cout << "; answers are read from the first\n";
}

void print_workload(const Workload& workload) {
  print_network(workload.graph);
  if (workload.skipped.empty()) return;
  std::cout << "skipped, no output depends on them: ";
  for (std::size_t i = 0; i < workload.skipped.size(); ++i) {
    std::cout << (i == 0 ? "" : ", ") << workload.skipped[i];
  }
  std::cout << "\n";
}

/// The first image of the run and of calibration, where they are on this machine.
void check_data(const Workload& workload) {
  if (has_images(workload)) {
    const auto images = read_images(workload, {}, 1);
    std::cout << "data: " << images.name << "\n";
    read_calibration(workload, {}, images);
  } else if (!workload.datasets.empty()) {
    std::cout << "data: " << workload.datasets.front().set->name << ", not on this machine\n";
  }
}

/// A workload's file may leave out all but one of these.
bool is_workload(const Json& json) {
  return json.is_object() &&
         std::ranges::any_of(
             std::array{"model", "layers", "input", "input_shape", "dataset", "preprocessing"},
             [&](const char* name) { return json.contains(name); });
}

bool is_config(const Json& json) {
  return json.is_object() &&
         std::ranges::any_of(std::array{"array", "arithmetic", "clock_mhz", "compiler", "memory",
                                        "quantisation", "technology", "vector_unit"},
                             [&](const char* name) { return json.contains(name); });
}

/// A file of no other kind is read as a config, whose names alone would puzzle who meant another.
AcceleratorConfig read_config(const Json& json, const std::string& file) {
  try {
    return read_accelerator(json, file);
  } catch (const UserError& error) {
    if (is_config(json)) throw;
    throw UserError(error.what() + ("\n" + file) +
                    ": was taken for a config (\"array\", \"memory\", \"arithmetic\"): a workload "
                    "has \"model\", a network \"layers\", a file of layers' arithmetics "
                    "\"default\", a technology \"multipliers\"");
  }
}

void check_json(const std::filesystem::path& file) {
  const Json json = read_json_file(file);
  if (json.is_object() && json.contains("default")) {
    std::cout << file.string() << ": arithmetics of layers, " << read_plan(file.string(), "").name()
              << "\n";
  } else if (is_workload(json)) {
    const Workload workload = read_workload(file.string());
    std::cout << file.string() << ": workload " << workload.name << "\n";
    print_workload(workload);
    check_data(workload);
  } else if (json.is_object() && json.contains("multipliers")) {
    const auto table = read_technology(file.string());
    std::cout << file.string() << ": technology " << table.name << "\n";
  } else {
    const AcceleratorConfig config = read_config(json, file.string());
    read_technology(config.technology);
    std::cout << file.string() << ": accelerator " << config.name << ", " << config.array.rows
              << "x" << config.array.columns << ", " << config.arithmetic << "\n";
  }
}

/// A file by its path, or a workload or config that is shipped by its name.
std::filesystem::path to_file(const std::string& name) {
  const std::filesystem::path path = name;
  std::error_code error;
  if (path.has_parent_path() || path.has_extension()) return path;
  for (const char* folder : {"workloads/networks", "configs"}) {
    const std::filesystem::path shared = share_dir() / folder / (name + ".json");
    if (std::filesystem::exists(shared, error)) return shared;
  }
  if (std::filesystem::exists(path, error)) return path;
  throw UserError(name + ": no such file, and no workload or config of this name: systolog list " +
                  "networks and systolog list configs show them");
}

}  // namespace

int check_command(const Arguments& arguments) {
  po::variables_map values;
  if (parse_arguments(kUsage, po::options_description("Options"), arguments, values)) return 0;
  if (values.count("positional") == 0) {
    throw UserError("systolog check: no file given; systolog check --help shows an example");
  }
  std::string wrong;
  for (const auto& name : values["positional"].as<Arguments>()) {
    try {
      const std::filesystem::path file = to_file(name);
      if (file.extension() == ".onnx") {
        const Workload workload = read_workload(name);
        std::cout << name << ": model\n";
        print_workload(workload);
      } else if (file.extension() == ".cfg") {
        const auto a = scalesim::read_architecture(file).architecture;
        std::cout << name << ": SCALE-Sim config " << a.run_name << ", " << a.rows << "x"
                  << a.columns << "\n";
      } else if (file.extension() == ".csv") {
        const auto topology = scalesim::read_topology(file, scalesim::TopologyForm::kByHeader);
        std::cout << name << ": SCALE-Sim topology, " << topology.layers.size() << " layers\n";
      } else {
        check_json(file);
      }
    } catch (const UserError& error) {
      wrong += (wrong.empty() ? "" : "\n") + std::string(error.what());
    }
  }
  if (!wrong.empty()) throw UserError(wrong);
  return 0;
}

}  // namespace systolog::sim
