// SPDX-License-Identifier: Apache-2.0
// systolog_train_lenet5: trains the LeNet-5 that comes with the repository.
#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>

#include "models/user_error.h"
#include "workloads/onnx_import.h"
#include "workloads/reference.h"
#include "workloads/training/onnx_writer.h"
#include "workloads/training/subset.h"
#include "workloads/training/train.h"

namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;
using namespace systolog;
using namespace systolog::workloads;

struct Options {
  fs::path data, output, subset;
  // Of Fashion-MNIST: mean and standard deviation of the training images' pixels, as pixel / 255.
  float mean = 0.2860F, std = 0.3530F;
  training::TrainOptions train;
};

void check_range(const char* name, double value, double least, double most) {
  if (value >= least && value <= most) return;
  char text[160];
  std::snprintf(text, sizeof text, "--%s: got %g, allowed %g to %g", name, value, least, most);
  throw UserError(text);
}

/// False when only the help was asked for.
bool parse(int argc, char** argv, Options& options) {
  training::TrainOptions& t = options.train;
  po::options_description known("Options");
  const auto with_default = [](auto& value) { return po::value(&value)->default_value(value); };
  long long epochs = static_cast<long long>(t.epochs), batch = static_cast<long long>(t.batch);
  long long seed = static_cast<long long>(t.seed);
  std::string data = "/usr/share/datasets/fashion-mnist", output, subset;
  auto add = known.add_options();
  add("help", "this text");
  add("data", with_default(data), "folder of the four idx .gz files of Fashion-MNIST or MNIST");
  add("mean", po::value(&options.mean)->default_value(options.mean, "0.2860"),
      "taken off pixel / 255 (MNIST: 0.1307)");
  add("std", po::value(&options.std)->default_value(options.std, "0.3530"),
      "then divided by (MNIST: 0.3081)");
  add("no-mirror", "do not mirror images: digits");
  add("output", po::value(&output), "train, and write the network here (ONNX)");
  add("write-subset", po::value(&subset),
      "write the first 1000 test images and the first 256 training images (for calibration) here");
  add("seed", with_default(seed), "of weights, order and augmentation");
  add("epochs", with_default(epochs), "passes over the training images");
  add("batch", with_default(batch), "images a step");
  add("learning-rate", po::value(&t.learning_rate)->default_value(t.learning_rate, "0.05"),
      "at the start; cosine schedule to 0");
  add("weight-decay", po::value(&t.weight_decay)->default_value(t.weight_decay, "0.0005"),
      "L2 penalty");
  add("shift", with_default(t.max_shift), "largest shift of the augmentation, pixels");
  po::variables_map given;
  try {
    po::store(po::command_line_parser(argc, argv)
                  .options(known)
                  .positional(po::positional_options_description())
                  .run(),
              given);
    po::notify(given);
  } catch (const po::error& error) {
    throw UserError(std::string(error.what()) + "; see --help");
  }
  if (given.contains("help")) {
    std::cout << "Trains LeNet-5 on Fashion-MNIST or MNIST and writes it as ONNX. Deterministic: "
                 "one thread and a fixed seed.\n\n"
              << known << "\nExample: systolog_train_lenet5 --output lenet5.onnx --seed 1\n";
    return false;
  }
  if (output.empty() && subset.empty()) {
    throw UserError("nothing to do: give --output, --write-subset or both; see --help");
  }
  check_range("seed", static_cast<double>(seed), 0, 1e15);
  check_range("epochs", static_cast<double>(epochs), 1, 10'000);
  check_range("batch", static_cast<double>(batch), 1, 10'000);
  check_range("learning-rate", t.learning_rate, 1e-6, 10);
  check_range("weight-decay", t.weight_decay, 0, 1);
  check_range("shift", t.max_shift, 0, 8);
  check_range("mean", options.mean, -1e3, 1e3);
  check_range("std", options.std, 1e-3, 1e3);
  t.mirror = !given.contains("no-mirror");
  t.seed = static_cast<std::uint64_t>(seed);
  t.epochs = static_cast<std::size_t>(epochs);
  t.batch = static_cast<std::size_t>(batch);
  options.data = data;
  options.output = output;
  options.subset = subset;
  return true;
}

Dataset read(const Options& options, const std::string& prefix) {
  const fs::path& folder = options.data;
  const Preprocessing preprocessing{
      .scale = 1.0F / 255.0F, .mean = {options.mean}, .std = {options.std}};
  if (!fs::is_directory(folder)) {
    throw UserError(folder.string() + ": no such folder; Debian's package dataset-fashion-mnist " +
                    "brings the data to /usr/share/datasets/fashion-mnist, or give --data");
  }
  return read_idx(folder / (prefix + "-images-idx3-ubyte.gz"),
                  folder / (prefix + "-labels-idx1-ubyte.gz"), preprocessing, 0);
}

std::size_t right_of_first(const Tensor& logits, const Dataset& data, std::size_t count) {
  std::size_t right = 0;
  const std::size_t classes = logits.shape[1];
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = logits.values.begin() + static_cast<std::ptrdiff_t>(i * classes);
    const auto most = std::max_element(row, row + static_cast<std::ptrdiff_t>(classes));
    right += static_cast<std::uint32_t>(most - row) == data.labels[i] ? 1 : 0;
  }
  return right;
}

void run_training(const Options& options) {
  training::check_writable(options.output);
  const Dataset data = read(options, "train");
  const Dataset test = read(options, "t10k");
  if (data.labels.size() != 60'000 || test.labels.size() != 10'000 || data.images.shape[2] != 28 ||
      data.images.shape[3] != 28 || test.images.shape[2] != 28 || test.images.shape[3] != 28) {
    throw UserError(options.data.string() +
                    ": allowed 60000 training and 10000 test images of 28x28");
  }
  const training::LeNet5 net =
      training::train(data, options.train, [&](const training::Epoch& epoch) {
        std::printf("epoch %zu/%zu  loss %.4f  held-out %.2f %%%s  %.1f s\n", epoch.number,
                    options.train.epochs, epoch.loss, 100.0 * epoch.held_out_accuracy,
                    epoch.is_best ? " best" : "", epoch.seconds);
        std::fflush(stdout);
      });
  training::write_onnx(net, options.output);

  // The figures are those of the file as the simulator reads it, not of the network in memory.
  const Graph graph = import_onnx(options.output);
  const Tensor logits = run_reference(graph, test.images);
  std::printf("%s: test images right: %zu of the first 1000, %zu of all %zu\n",
              options.output.c_str(), right_of_first(logits, test, training::kTestSubset),
              right_of_first(logits, test, test.labels.size()), test.labels.size());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Options options;
    if (!parse(argc, argv, options)) return 0;
    if (!options.subset.empty()) {
      training::write_subset(options.data, options.subset, "t10k", training::kTestSubset);
      training::write_subset(options.data, options.subset, "train", training::kCalibrationSubset);
    }
    if (!options.output.empty()) run_training(options);
    return 0;
  } catch (const UserError& error) {
    std::cerr << "systolog_train_lenet5: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "systolog_train_lenet5: internal error: " << error.what() << '\n';
    return 1;
  }
}
