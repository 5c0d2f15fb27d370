// SPDX-License-Identifier: Apache-2.0
// systolog error: how far a multiplier's products are from the exact ones.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "models/error_statistics.h"
#include "models/user_error.h"
#include "sim/command_line.h"
#include "sim/error_report.h"
#include "sim/progress.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;
using models::ErrorRequest;
using models::Operands;

constexpr std::uint64_t kDefaultSamples = 10'000'000;

constexpr Usage kUsage{
    "error", "",
    "Error statistics of a multiplier against the exact product (docs/error.md): of int:B and\n"
    "fixed:B,F the unit's full product of 2B bits, in units of its last place; of posits and\n"
    "floats the product before it is rounded, and after.",
    "  systolog error --format fixed:32,16 --multiplier mitchw:6 --output results/mitchw6\n"
    "  draws 10,000,000 pairs of operands and prints a mean relative error of -5.91 %; leaves\n"
    "  error.json, histogram.svg and heatmap.svg in results/mitchw6."};

struct OperandSet {
  std::string_view name;
  Operands operands;
};
constexpr OperandSet kOperandSets[] = {{"codes", Operands::kCodes},
                                       {"magnitudes", Operands::kMagnitudes},
                                       {"fractions", Operands::kFractions}};

Operands to_operands(const std::string& text) {
  for (const auto& set : kOperandSets) {
    if (set.name == text) return set.operands;
  }
  throw UserError("--operands " + text + ": allowed codes, magnitudes, fractions");
}

/// Samples to draw, 0 for every pair: what was asked for, or what is quick.
std::uint64_t choose_samples(std::uint64_t pairs, const ErrorReport& report, bool exhaustive,
                             const std::optional<std::string>& samples) {
  if (exhaustive && samples) {
    throw UserError("systolog error: --exhaustive and --samples exclude each other");
  }
  if (exhaustive && pairs > models::kMostPairs) {
    throw UserError("--exhaustive: " + report.format + " has more pairs of " + report.operands +
                    " than the 2^32 that are allowed; take --samples N");
  }
  if (!samples) return exhaustive || pairs <= models::kQuickPairs ? 0 : kDefaultSamples;
  const std::uint64_t count = to_count("--samples", *samples, 1);
  if (count > models::kMostSamples) {
    throw UserError("--samples " + *samples + ": allowed a whole number, 1 to 2^40");
  }
  return count;
}

void write_results(const ErrorReport& report, const std::filesystem::path& folder) {
  const ErrorCaption caption = error_caption(report);
  const std::string histogram = histogram_svg(report.statistics, caption);
  const std::string heatmap = heatmap_svg(report.statistics, caption);
  write_file(folder / "histogram.svg", histogram);
  write_file(folder / "heatmap.svg", heatmap);
  write_file(folder / "error.json", error_json(report).dump(2) + "\n");
}

}  // namespace

int error_command(const Arguments& arguments) {
  ErrorReport report;
  std::string seed = "1", output;
  std::optional<std::string> samples;
  report.operands = "codes";
  po::options_description options("Options");
  auto add = options.add_options();
  add("format", po::value(&report.format)->required(), "number format, e.g. posit:16,1");
  add("multiplier", po::value(&report.multiplier)->required(), "exact, plam, mitchw:6, ...");
  add("operands", po::value(&report.operands),
      "codes (default): all of them; magnitudes: those without sign; fractions: one binade");
  add("exhaustive", po::bool_switch(), "every pair, up to 2^32 (default up to 10 bits)");
  add("samples", po::value<std::string>()->notifier([&](const std::string& n) { samples = n; }),
      "draw so many pairs (default 10000000)");
  add("seed", po::value(&seed), "of the draws (default 1)");
  add("output", po::value(&output), "folder for error.json, histogram.svg, heatmap.svg");
  add("json", po::bool_switch(), "print error.json instead of the tables");
  add("quiet", po::bool_switch(), "print nothing but errors");
  po::variables_map values;
  if (parse_arguments(kUsage, options, arguments, values)) return 0;
  const bool quiet = values["quiet"].as<bool>(), json = values["json"].as<bool>();

  ErrorRequest request{.operands = to_operands(report.operands)};
  request.seed = report.seed = to_count("--seed", seed, 0);
  report.arithmetic = models::make_arithmetic(report.name());
  const std::uint64_t pairs = models::count_pairs(report.name(), request.operands);
  request.samples = choose_samples(pairs, report, values["exhaustive"].as<bool>(), samples);
  if (values.count("output") != 0) check_output_folder(output);
  {
    ProgressLine progress(report.name(), request.samples == 0 ? pairs : request.samples,
                          quiet || json, "pairs");
    request.progress = [&](std::uint64_t done) { progress.show(done); };
    report.statistics = models::measure_errors(report.name(), request);
  }
  if (!output.empty()) write_results(report, output);
  if (json) {
    std::cout << error_json(report).dump(2) << "\n";
  } else if (!quiet) {
    std::cout << error_text(report);
  }
  return 0;
}

}  // namespace systolog::sim
