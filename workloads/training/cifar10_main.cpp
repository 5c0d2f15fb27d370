// SPDX-License-Identifier: Apache-2.0
// systolog_train_cifar10: trains the CIFAR-10 networks that come with the repository.
#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "models/user_error.h"
#include "workloads/onnx_import.h"
#include "workloads/reference.h"
#include "workloads/training/onnx_writer.h"
#include "workloads/training/train_spec.h"

namespace {

namespace po = boost::program_options;
using namespace systolog;
using namespace systolog::workloads;

struct Options {
  training::NetworkSpec spec;
  std::vector<std::string> data, test;
  std::string output;
  std::uint64_t seed = 1;
};

/// False when only the help was asked for.
bool parse(int argc, char** argv, Options& options) {
  po::options_description known("Options");
  std::string network, names;
  for (const auto& spec : training::network_specs()) {
    names += (names.empty() ? "" : ", ") + spec.name + " (" + spec.description + ")";
  }
  std::size_t epochs = 0;
  auto add = known.add_options();
  add("help", "this text");
  add("network", po::value(&network)->required(), names.c_str());
  add("data", po::value(&options.data)->required()->multitoken(),
      "CIFAR-10 binary files to train on; FILE@K: without its first K images");
  add("test", po::value(&options.test)->multitoken(), "files to report the accuracy on");
  add("output", po::value(&options.output)->required(), "the network's file (ONNX)");
  add("seed", po::value(&options.seed)->default_value(1), "of weights, order and augmentation");
  add("epochs", po::value(&epochs), "passes over the images; default: the network's own");
  po::variables_map given;
  try {
    po::store(po::parse_command_line(argc, argv, known), given);
    if (given.contains("help")) {
      std::cout << "Trains a network on CIFAR-10 and writes it as ONNX. Deterministic: one thread "
                   "and a fixed seed.\n\n"
                << known
                << "\nExample: systolog_train_cifar10 --network resnet8 --data data_batch_1.bin "
                   "data_batch_2.bin --test test_batch.bin --output resnet8.onnx\n";
      return false;
    }
    po::notify(given);
  } catch (const po::error& error) {
    throw UserError(std::string(error.what()) + "; see --help");
  }
  const auto specs = training::network_specs();
  const auto spec = std::ranges::find(specs, network, &training::NetworkSpec::name);
  if (spec == specs.end()) throw UserError("--network " + network + ": allowed " + names);
  options.spec = *spec;
  if (given.contains("epochs")) options.spec.epochs = epochs;
  if (options.spec.epochs < 1 || options.spec.epochs > 10'000) {
    throw UserError("--epochs: allowed 1 to 10000");
  }
  return true;
}

Dataset read(const std::string& file) {
  const auto named = std::ranges::find(preprocessings(), "cifar10", &NamedPreprocessing::name);
  return read_cifar10({.images = {file}}, {.preprocessing = named->preprocessing});
}

/// FILE or FILE@K, added to `data`.
void append(const std::string& argument, Dataset& data) {
  const std::size_t at = argument.rfind('@');
  std::size_t skip = 0;
  if (at != std::string::npos) {
    const char* const end = argument.data() + argument.size();
    if (std::from_chars(argument.data() + at + 1, end, skip).ptr != end) {
      throw UserError("--data " + argument + ": allowed FILE or FILE@K, K a whole number");
    }
  }
  const Dataset part = read(argument.substr(0, at));
  if (skip >= part.labels.size()) {
    throw UserError("--data " + argument + ": has " + std::to_string(part.labels.size()) +
                    " images");
  }
  const auto first = static_cast<std::ptrdiff_t>(skip);
  const auto pixels = static_cast<std::ptrdiff_t>(part.images.values.size() / part.labels.size());
  data.images.values.insert(data.images.values.end(), part.images.values.begin() + first * pixels,
                            part.images.values.end());
  data.labels.insert(data.labels.end(), part.labels.begin() + first, part.labels.end());
  data.images.shape = {data.labels.size(), 3, 32, 32};
}

void report_accuracy(const std::string& model, const std::string& file) {
  const Dataset test = read(file);
  const Tensor logits = run_reference(import_onnx(model), test.images);
  std::size_t right = 0;
  for (std::size_t i = 0; i < test.labels.size(); ++i) {
    const auto row = logits.values.begin() + static_cast<std::ptrdiff_t>(10 * i);
    right += std::max_element(row, row + 10) - row == static_cast<int>(test.labels[i]) ? 1 : 0;
  }
  std::printf("%s: %zu of %zu right\n", file.c_str(), right, test.labels.size());
}

void run(const Options& options) {
  training::check_writable(options.output);
  Dataset data;
  for (const std::string& file : options.data) append(file, data);
  if (data.labels.size() < options.spec.batch) {
    throw UserError("--data: " + std::to_string(data.labels.size()) + " images, a batch has " +
                    std::to_string(options.spec.batch));
  }
  std::printf("%s on %zu images\n", options.spec.name.c_str(), data.labels.size());
  training::SpecNetwork net =
      training::train_spec(options.spec, data, options.seed, [&](const training::Epoch& epoch) {
        std::printf("epoch %zu/%zu  loss %.4f  %.1f s\n", epoch.number, options.spec.epochs,
                    epoch.loss, epoch.seconds);
        std::fflush(stdout);
      });
  training::write_onnx(net, options.output);
  // The figures are those of the file as the simulator reads it, not of the network in memory.
  for (const std::string& file : options.test) report_accuracy(options.output, file);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Options options;
    if (parse(argc, argv, options)) run(options);
    return 0;
  } catch (const UserError& error) {
    std::cerr << "systolog_train_cifar10: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "systolog_train_cifar10: internal error: " << error.what() << '\n';
    return 1;
  }
}
