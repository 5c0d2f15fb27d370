// SPDX-License-Identifier: Apache-2.0
// systolog scalesim: a SCALE-Sim user's own two files.
#include <iostream>
#include <nlohmann/json.hpp>

#include "models/user_error.h"
#include "sim/command_line.h"
#include "sim/scalesim_files.h"
#include "sim/scalesim_report.h"
#include "sim/share.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{
    "scalesim", "",
    "Reads a SCALE-Sim config and topology as they are and counts what SCALE-Sim counts: cycles,\n"
    "utilisation, mapping efficiency, scratchpad accesses; beside them our own count.",
    "  systolog scalesim --config scale.cfg --topology alexnet --output results/alexnet\n"
    "  prints a table of layers and leaves COMPUTE_REPORT.csv, BANDWIDTH_REPORT.csv and\n"
    "  DETAILED_ACCESS_REPORT.csv, which are SCALE-Sim's, and SYSTOLOG_REPORT.csv, which is ours."};

scalesim::TopologyForm to_form(const std::string& name) {
  if (name.empty()) return scalesim::TopologyForm::kByHeader;
  if (name == "conv") return scalesim::TopologyForm::kConvolution;
  if (name == "gemm") return scalesim::TopologyForm::kGemm;
  throw UserError("--input-type " + name + ": allowed conv, gemm");
}

std::string ignored_note(const std::string& file, const std::vector<std::string>& names) {
  std::string note = file + ": ignored";
  for (std::size_t i = 0; i < names.size(); ++i) note += (i == 0 ? " " : ", ") + names[i];
  return note;
}

}  // namespace

int scalesim_command(const Arguments& arguments) {
  std::string config, topology, form, output;
  po::options_description options("Options");
  auto add = options.add_options();
  add("config", po::value(&config)->required(), "SCALE-Sim's .cfg");
  add("topology", po::value(&topology)->required(),
      "SCALE-Sim's .csv, or a name in workloads/topologies");
  add("input-type", po::value(&form), "conv or gemm (default: what the topology's header says)");
  add("output", po::value(&output), "folder for the four reports");
  add("json", po::bool_switch(), "print the counts as JSON instead of the table");
  add("quiet", po::bool_switch(), "print nothing but errors");
  po::variables_map values;
  if (parse_arguments(kUsage, options, arguments, values)) return 0;
  if (values.count("output") != 0) check_output_folder(output);

  const auto architecture = scalesim::read_architecture(config);
  const auto file = find_shared(topology, "workloads/topologies", ".csv", "topology");
  auto layers = scalesim::read_topology(file, to_form(form));
  std::vector<std::string> notes;
  if (!architecture.ignored.empty()) notes.push_back(ignored_note(config, architecture.ignored));
  if (!layers.ignored.empty()) notes.push_back(ignored_note(file.string(), layers.ignored));
  const scalesim::Run run =
      scalesim::count(architecture.architecture, std::move(layers.layers), std::move(notes));

  if (!output.empty()) {
    const std::filesystem::path folder = output;
    write_file(folder / "COMPUTE_REPORT.csv", compute_csv(run));
    write_file(folder / "BANDWIDTH_REPORT.csv", bandwidth_csv(run));
    write_file(folder / "DETAILED_ACCESS_REPORT.csv", access_csv(run));
    write_file(folder / "SYSTOLOG_REPORT.csv", own_csv(run));
  }
  if (values["json"].as<bool>()) {
    std::cout << to_text(json(run));
  } else if (!values["quiet"].as<bool>()) {
    std::cout << text(run);
  }
  return 0;
}

}  // namespace systolog::sim
