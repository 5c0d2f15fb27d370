// SPDX-License-Identifier: Apache-2.0
// systolog list: what there is to choose from.
#include <iostream>
#include <span>

#include "models/arithmetic.h"
#include "models/simd.h"
#include "models/user_error.h"
#include "sim/accelerator_config.h"
#include "sim/command_line.h"
#include "sim/data_sets.h"
#include "sim/dram_file.h"
#include "sim/json_reader.h"
#include "sim/share.h"
#include "sim/technology.h"
#include "sim/text_table.h"
#include "sim/workload_file.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;

void list_entries(std::span<const models::Entry> entries) {
  TextTable table({"name", "what it is"});
  for (const auto& entry : entries) {
    table.add({std::string(entry.pattern), std::string(entry.description)});
  }
  std::cout << table.to_string(TextTable::Align::kLeft);
}

void list_networks() {
  TextTable table({"network", "layers", "MACs", "parameters", "weights"});
  for (const auto& name : shared_names("workloads/networks", ".json")) {
    const Workload workload = read_workload(name);
    std::uint64_t macs = 0, parameters = 0;
    for (std::size_t n = 0; n < workload.graph.nodes.size(); ++n) {
      macs += workloads::macs(workload.graph, n);
      parameters += workloads::parameters(workload.graph, n);
    }
    table.add({name, std::to_string(workload.graph.nodes.size() - 1), grouped(macs),
               grouped(parameters), workload.graph.shapes_only ? "synthetic" : workload.weights});
  }
  std::cout << table.to_string();
}

void list_configs() {
  TextTable table({"config", "array", "MHz", "arithmetic"});
  for (const auto& name : shared_names("configs", ".json")) {
    const AcceleratorConfig config =
        read_accelerator(find_shared(name, "configs", ".json", "config"));
    table.add({name, std::to_string(config.array.rows) + "x" + std::to_string(config.array.columns),
               fixed_point(config.clock_mhz, 0), config.arithmetic});
  }
  std::cout << table.to_string();
}

void list_technologies() {
  TextTable table({"technology", "node nm", "V"});
  for (const auto& name : shared_names("configs/technology", ".json")) {
    const auto costs = read_technology(name);
    table.add({name, fixed_point(costs.node_nm, 0), fixed_point(costs.voltage_v, 1)});
  }
  std::cout << table.to_string();
}

void list_dram() {
  TextTable table({"preset", "channels", "bits", "banks", "MiB", "GB/s", "what it is"});
  for (const auto& name : shared_names("configs/dram", ".json")) {
    const DramFile file = read_dram(name);
    const auto& o = file.device.organisation;
    const auto& t = file.device.timing;
    table.add({name, std::to_string(o.channels), std::to_string(o.bus_bits),
               std::to_string(o.banks_of_channel()), grouped(o.capacity_bytes() >> 20),
               fixed_point(o.channels * o.burst_bytes() / (t.nbl * t.tck_ps * 1e-3), 1),
               file.note});
  }
  std::cout << table.to_string(TextTable::Align::kLeft);
}

void list_datasets() {
  TextTable sets({"data set", "format", "where"});
  for (const NamedDataset& set : named_datasets()) {
    const auto files = find_installed(set);
    sets.add({std::string(set.name), std::string(set.format),
              files ? files->images.front().lexically_normal().string() + " (" + files->name + ")"
                    : "not installed: workloads/fetch_data.sh, or --data"});
  }
  sets.add({"synthetic", "", "random images, made as they are needed"});
  TextTable formats({"format", "what it is, with --data FILE or DIR"});
  for (const auto& format : workloads::data_formats()) {
    formats.add({std::string(format.name), std::string(format.description)});
  }
  TextTable own({"network", "data sets of its own, and preprocessing"});
  for (const auto& name : shared_names("workloads/networks", ".json")) {
    const Workload workload = read_workload(name);
    std::string text;
    for (const DataSource& source : workload.datasets) {
      text +=
          std::string(source.set ? source.set->name : std::string_view(source.files.name)) + "; ";
    }
    own.add({name, text + workloads::describe(*workload.preprocessing)});
  }
  std::cout << sets.to_string(TextTable::Align::kLeft) << "\n"
            << formats.to_string(TextTable::Align::kLeft) << "\n"
            << own.to_string(TextTable::Align::kLeft);
}

void list_simd() {
  for (const auto& name : models::simd_targets()) std::cout << name << "\n";
}

struct Listing {
  std::string_view name;
  void (*print)();
};

constexpr Listing kListings[] = {
    {"formats", [] { list_entries(models::formats()); }},
    {"multipliers", [] { list_entries(models::multipliers()); }},
    {"accumulators", [] { list_entries(models::accumulators()); }},
    {"networks", list_networks},
    {"configs", list_configs},
    {"technologies", list_technologies},
    {"datasets", list_datasets},
    {"dram", list_dram},
    {"simd", list_simd},
};

constexpr Usage kUsage{
    "list", "WHAT",
    "Lists formats, multipliers, accumulators, networks, configs, technologies,\n"
    "datasets, dram or simd (instruction sets this machine can run, the best first).",
    "  systolog list multipliers"};

}  // namespace

int list_command(const Arguments& arguments) {
  po::variables_map values;
  if (parse_arguments(kUsage, po::options_description("Options"), arguments, values)) return 0;
  std::vector<std::string_view> names;
  for (const auto& listing : kListings) names.push_back(listing.name);
  const Arguments wanted =
      values.count("positional") != 0 ? values["positional"].as<Arguments>() : Arguments();
  if (wanted.size() != 1) throw UserError("systolog list: needs one of " + join(names));
  for (const auto& listing : kListings) {
    if (listing.name == wanted.front()) {
      listing.print();
      return 0;
    }
  }
  throw UserError("systolog list: \"" + wanted.front() + "\" is not one of " + join(names));
}

}  // namespace systolog::sim
