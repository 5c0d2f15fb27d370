// SPDX-License-Identifier: Apache-2.0
#include "sim/waveform_options.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

#include "models/user_error.h"
#include "pe/register_array.h"
#include "sim/command_line.h"

namespace systolog::sim {
namespace {

// A change of a register is some 15 bytes: 2000 cycles of 256 PEs with six registers are 50 MB.
constexpr std::uint64_t kMostPes = 256;
constexpr std::size_t kMostCycles = 1'000'000;

/// The names of a PE's registers, in order.
std::vector<std::string> register_names(const AcceleratorConfig& config,
                                        const models::Arithmetic& arithmetic) {
  std::vector<std::string> names;
  for (const pe::Probe& p : pe::make_register_array(config.array, arithmetic)->probes()) {
    if (std::find(names.begin(), names.end(), p.name) == names.end()) names.push_back(p.name);
  }
  return names;
}

}  // namespace

void add_waveform_options(boost::program_options::options_description& options,
                          WaveformOptions& values) {
  namespace po = boost::program_options;
  auto add = options.add_options();
  add("vcd", po::value(&values.file),
      "with --fidelity cycle: write the PEs' registers as a waveform (arrays of up to 256 PEs)");
  add("vcd-signals", po::value(&values.signals),
      "registers to write, names with commas between, e.g. valid,sum (default all)");
  add("vcd-cycles", po::value(&values.cycles),
      "cycles of the array at work to write (default 2000)");
}

std::optional<WaveformCapture> requested_waveform(const WaveformOptions& options,
                                                  const AcceleratorConfig& config,
                                                  const models::Arithmetic& arithmetic,
                                                  Fidelity fidelity) {
  if (options.file.empty()) {
    if (!options.signals.empty() || !options.cycles.empty()) {
      throw UserError("--vcd-signals and --vcd-cycles need --vcd FILE");
    }
    return std::nullopt;
  }
  if (fidelity != Fidelity::kCycle) {
    throw UserError("--vcd needs --fidelity cycle: only there the array has registers to show");
  }
  if (config.array.pes() > kMostPes) {
    throw UserError("--vcd: the array has " + std::to_string(config.array.rows) + " x " +
                    std::to_string(config.array.columns) + " PEs, allowed are " +
                    std::to_string(kMostPes) + " at most, e.g. --set array.rows=16 " +
                    "--set array.columns=16");
  }
  if (std::filesystem::is_directory(options.file)) {
    throw UserError("--vcd " + options.file + ": is a folder, needed is a file");
  }
  WaveformCapture capture;
  if (!options.cycles.empty()) {
    const std::size_t cycles = to_count("--vcd-cycles", options.cycles, 1);
    if (cycles > kMostCycles) {
      throw UserError("--vcd-cycles " + options.cycles + ": allowed 1 to " +
                      std::to_string(kMostCycles));
    }
    capture.cycles = cycles;
  }
  if (options.signals.empty()) return capture;
  const std::vector<std::string> names = register_names(config, arithmetic);
  std::istringstream list(options.signals);
  for (std::string name; std::getline(list, name, ',');) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      std::string allowed;
      for (const auto& n : names) allowed += (allowed.empty() ? "" : ", ") + n;
      throw UserError("--vcd-signals: \"" + name + "\" is no register of this array, which has " +
                      allowed);
    }
    capture.signals.push_back(name);
  }
  return capture;
}

}  // namespace systolog::sim
