// SPDX-License-Identifier: Apache-2.0
#include "sim/quantisation_options.h"

#include <charconv>
#include <utility>

#include "models/user_error.h"
#include "sim/command_line.h"
#include "sim/quantisation_rules.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;

template <typename Enum>
void choose(const std::string& option, const std::string& text, Enum& value,
            std::initializer_list<std::pair<std::string_view, Enum>> allowed) {
  if (text.empty()) return;
  std::string words;
  for (const auto& [word, meaning] : allowed) {
    if (text == word) {
      value = meaning;
      return;
    }
    words += (words.empty() ? "" : ", ") + std::string(word);
  }
  throw UserError(option + " " + text + ": allowed " + words);
}

double to_percentile(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 50 && value <= 100)) {
    throw UserError("--percentile " + text + ": allowed a number, 50 to 100");
  }
  return value;
}

}  // namespace

void add_quantisation_options(po::options_description& options, QuantisationOptions& values) {
  auto add = options.add_options();
  add("weights", po::value(&values.weights), "int:B weights' scales: per_tensor or per_channel");
  add("activations", po::value(&values.activations), "int:B activations: symmetric or affine");
  add("calibration", po::value(&values.calibration),
      "range of int:B activations: min_max, percentile or entropy");
  add("percentile", po::value(&values.percentile),
      "of --calibration percentile: values inside, in % (default 99.99)");
  add("calibration-images", po::value(&values.calibration_images),
      "find ranges on the first N of the calibration images, of which there are at most 256 "
      "(default all; the report names them)");
  add("power-of-two", po::bool_switch(&values.power_of_two),
      "scale tensors by powers of two: F of fixed:B,F for each, posits where they are dense");
  add("compensate-bias", po::bool_switch(&values.compensate_bias),
      "divide weights by 1 + the multiplier's mean relative error, which undoes its bias");
}

QuantisationConfig apply_quantisation(const QuantisationOptions& options, QuantisationConfig config,
                                      const std::vector<ArithmeticPlan>& plans) {
  choose("--weights", options.weights, config.weights,
         {{"per_tensor", WeightScheme::kPerTensor}, {"per_channel", WeightScheme::kPerChannel}});
  choose("--activations", options.activations, config.activations,
         {{"symmetric", ActivationScheme::kSymmetric}, {"affine", ActivationScheme::kAffine}});
  choose("--calibration", options.calibration, config.calibration,
         {{"min_max", CalibrationMethod::kMinMax},
          {"percentile", CalibrationMethod::kPercentile},
          {"entropy", CalibrationMethod::kEntropy}});
  if (!options.percentile.empty()) {
    if (config.calibration != CalibrationMethod::kPercentile) {
      throw UserError("--percentile " + options.percentile + ": means nothing without " +
                      "--calibration percentile");
    }
    config.percentile = to_percentile(options.percentile);
  }
  config.power_of_two = config.power_of_two || options.power_of_two;
  bool any_integer = false, any_scaled = false;
  for (const ArithmeticPlan& plan : plans) {
    any_integer = any_integer || uses_integers(plan);
    any_scaled = any_scaled || takes_power_of_two(plan);
  }
  for (const auto& [option, text] :
       {std::pair("--weights", &options.weights), std::pair("--activations", &options.activations),
        std::pair("--calibration", &options.calibration)}) {
    if (!text->empty() && !any_integer) {
      throw UserError(std::string(option) + " " + *text + ": means nothing with " +
                      plans.front().name() + "; only int:B has scales to choose");
    }
  }
  if (!options.calibration_images.empty()) {
    calibration_images(options);
    if (!any_integer && !config.power_of_two) {
      throw UserError("--calibration-images " + options.calibration_images +
                      ": means nothing with " + plans.front().name() +
                      "; only int:B and --power-of-two calibrate");
    }
  }
  if (options.power_of_two && !any_scaled) {
    throw UserError("--power-of-two: means nothing with " + plans.front().name() +
                    "; allowed with " + std::string(kPowerOfTwoFormats));
  }
  config.compensate_bias = config.compensate_bias || options.compensate_bias;
  if (options.compensate_bias) check_compensation(plans, "--compensate-bias");
  for (const ArithmeticPlan& plan : plans)
    check_quantisation(plan, config, "--calibration entropy");
  return config;
}

std::size_t calibration_images(const QuantisationOptions& options) {
  if (options.calibration_images.empty()) return 0;
  return to_count("--calibration-images", options.calibration_images, 1);
}

}  // namespace systolog::sim
