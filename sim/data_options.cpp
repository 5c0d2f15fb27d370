// SPDX-License-Identifier: Apache-2.0
#include "sim/data_options.h"

#include <algorithm>
#include <filesystem>
#include <random>

#include "models/user_error.h"
#include "sim/command_line.h"
#include "sim/preprocessing_file.h"

namespace systolog::sim {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;
using workloads::Dataset;
using workloads::Shape;

Dataset synthetic_images(const Shape& shape, std::size_t count) {
  Dataset data;
  data.name = "synthetic: uniform random in [0, 1), seed 1";
  data.images.shape = workloads::batch_shape(count, shape);
  data.images.values.resize(count * shape.count());
  std::mt19937 random(1);
  for (float& value : data.images.values) {
    value = static_cast<float>(random() >> 8) * 0x1p-24F;
  }
  return data;
}

/// What the images must be for the network. In an NHWC network the graph's first axis is H.
workloads::ImageSize image_size(const Shape& s, workloads::Layout layout) {
  if (layout == workloads::Layout::kNhwc) return {s.width, s.channels, s.height};
  return {s.channels, s.height, s.width};
}

std::string sizes_text(std::span<const std::size_t> sizes) {
  std::string text;
  for (const std::size_t size : sizes) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

/// A network of vectors or series takes an image's values one behind the other.
void check_fit(Dataset& data, const fs::path& file, const Workload& workload) {
  const Shape& shape = workload.graph.input_shape();
  std::vector<std::size_t>& sizes = data.images.shape;
  const std::size_t values = data.images.values.size() / sizes[0];
  if ((shape.is_vector || shape.is_series) && values == shape.count()) {
    sizes = workloads::batch_shape(sizes[0], shape);
  }
  const auto got = std::span(sizes).subspan(1);
  const std::vector<std::size_t> whole = workloads::batch_shape(1, shape);
  const auto wanted = std::span(whole).subspan(1);
  if (std::ranges::equal(got, wanted)) return;
  const bool resizable = got.size() == 3 && got[0] == shape.channels && !data.preprocessing.empty();
  throw UserError(file.string() + ": images are " + sizes_text(got) + ", the network " +
                  workload.name + " takes " + sizes_text(wanted) +
                  (resizable ? "; preprocessing's resize fits them" : ""));
}

void check_labels(const Dataset& data, const workloads::DataFiles& files,
                  const Workload& workload) {
  const Shape& output = workload.graph.output_shape();
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    if (data.labels[i] < output.count()) continue;
    throw UserError((files.labels.empty() ? files.images.front() : files.labels).string() +
                    ": image " + std::to_string(i) + " has label " +
                    std::to_string(data.labels[i]) + ", allowed 0 to " +
                    std::to_string(output.count() - 1) + ": the network " + workload.name +
                    " has " + std::to_string(output.count()) + " outputs");
  }
}

Dataset read(const workloads::DataFormat& format, const workloads::DataFiles& files,
             const Workload& workload, const std::optional<workloads::Preprocessing>& preprocessing,
             std::size_t limit) {
  workloads::ReadOptions options;
  options.preprocessing = preprocessing;
  // The graph of a model with its channels last takes them first all the same.
  options.channels_last_model = workload.graph.channels_last_input;
  if (options.preprocessing && options.channels_last_model) {
    options.preprocessing->layout = workloads::Layout::kNchw;
  }
  options.size =
      image_size(workload.graph.input_shape(),
                 options.preprocessing ? options.preprocessing->layout : workloads::Layout::kNchw);
  options.limit = limit;
  options.labels_below = workload.graph.output_shape().count();
  Dataset data = format.read(files, options);
  check_fit(data, files.images.front(), workload);
  check_labels(data, files, workload);
  return data;
}

/// The files a run reads, best first.
struct Candidate {
  const workloads::DataFormat* format;
  workloads::DataFiles files;
};

void check_exists(const fs::path& file, const std::string& place) {
  std::error_code error;
  if (!file.empty() && !fs::exists(file, error)) {
    throw UserError(place + ": " + file.string() + ": no such file or folder");
  }
}

std::optional<Candidate> installed(const DataSource& source) {
  if (!source.origin.empty()) {
    check_exists(source.files.images.front(), source.origin + "/images");
    check_exists(source.files.labels, source.origin + "/labels");
  }
  if (source.set == nullptr) return Candidate{source.format, source.files};
  const auto files = find_installed(*source.set);
  if (!files) return std::nullopt;
  return Candidate{&format_of(source), *files};
}

/// The workload's calibration images, or the training set of the data set that is run, by name.
std::optional<DataSource> calibration_source(const Workload& workload, const DataOptions& options) {
  if (workload.calibration) return workload.calibration;
  std::string name = options.dataset;
  if (name.empty() && !workload.datasets.empty() && workload.datasets.front().set != nullptr) {
    name = workload.datasets.front().set->name;
  }
  for (const NamedDataset& set : named_datasets()) {
    if (set.name == name + "-train") {
      DataSource source;
      source.set = &set;
      return source;
    }
  }
  return std::nullopt;
}

/// The data set that --data holds the files of.
DataSource source_of_data(const Workload& workload, const DataOptions& options) {
  if (!options.dataset.empty()) return data_source(options.dataset, "--dataset");
  if (workload.datasets.empty()) {
    throw UserError("--data " + options.data + ": the workload " + workload.name +
                    " does not say which data set it takes; --dataset does, or a workload .json");
  }
  return workload.datasets.back();  // the whole of it
}

std::vector<Candidate> candidates(const Workload& workload, const DataOptions& options) {
  if (!options.data.empty()) {
    const DataSource source = source_of_data(workload, options);
    return {{&format_of(source), files_at(source, options.input.empty() ? "--data" : "--input",
                                          options.data, options.labels)}};
  }
  std::vector<DataSource> sources = workload.datasets;
  if (!options.dataset.empty()) {
    sources = {data_source(options.dataset, "--dataset")};
    if (sources.front().set == nullptr) {
      throw UserError("--dataset " + options.dataset + ": --data must say where the images are");
    }
  }
  std::vector<Candidate> found;
  for (const DataSource& source : sources) {
    if (const auto candidate = installed(source)) found.push_back(*candidate);
  }
  if (found.empty()) {
    const NamedDataset& set = *sources.front().set;
    throw UserError("the data set " + std::string(set.name) + " is not on this machine (" +
                    usual_names(set) +
                    "): workloads/fetch_data.sh fetches it, --data says where it is, or --dataset "
                    "synthetic takes random images");
  }
  return found;
}

bool says_nothing(const DataOptions& options) {
  return options.data.empty() && options.dataset.empty();
}

/// Preprocessing the command line gives to what is not preprocessed.
void check_used(const DataOptions& options, const Dataset& data) {
  if (options.preprocessing.empty() || !data.preprocessing.empty()) return;
  throw UserError("--preprocessing " + options.preprocessing.front() + ": means nothing with " +
                  data.name + ", whose FP32 values the network reads as they are");
}

/// The workload's preprocessing and the command line's.
std::optional<workloads::Preprocessing> preprocessing_of(const Workload& workload,
                                                         const DataOptions& options) {
  const auto preprocessing = apply_preprocessing(workload.preprocessing, options.preprocessing);
  if (!preprocessing || options.preprocessing.empty()) return preprocessing;
  // The workload's own was checked when it was read.
  const std::string wrong = layout_contradiction(workload, preprocessing->layout);
  if (!wrong.empty()) throw UserError("--preprocessing: layout: " + wrong);
  for (const std::string& argument : options.preprocessing) {
    if (argument != "layout=nchw" || !workload.graph.channels_last_input) continue;
    throw UserError("--preprocessing layout=nchw: the network " + workload.name +
                    " has its channels last");
  }
  return preprocessing;
}

/// --input X is --dataset npy --data X.
DataOptions with_input(DataOptions options) {
  if (options.input.empty()) return options;
  if (!options.data.empty() || !options.dataset.empty()) {
    throw UserError("--input " + options.input +
                    ": stands for --dataset and --data, which are given too");
  }
  options.dataset = "npy";
  options.data = options.input;
  return options;
}

}  // namespace

void add_data_options(po::options_description& options, DataOptions& values) {
  auto add = options.add_options();
  add("dataset", po::value(&values.dataset),
      "data set: a name or a format (systolog list datasets), or synthetic; default: the "
      "workload's own");
  add("data", po::value(&values.data), "the data set's folder or file");
  add("input", po::value(&values.input),
      "images in X.npy: FP32 as the network reads them, or bytes to be preprocessed; the same as "
      "--dataset npy --data X.npy");
  add("labels", po::value(&values.labels), "the labels' file, where --data needs one");
  add("preprocessing", po::value(&values.preprocessing),
      "how pixels become inputs: unit, signed, imagenet, cifar10, mnist, a .json file, or "
      "KEY=VALUE (scale, mean, std, channel_order, layout, resize, filter); repeatable");
}

std::size_t to_images(const std::string& text) {
  if (text == "all") return 0;
  try {
    return to_count("--images", text, 1);
  } catch (const UserError& error) {
    throw UserError(std::string(error.what()) + ", or all");
  }
}

Dataset read_images_up_to(const Workload& workload, const DataOptions& given, std::size_t most) {
  const DataOptions options = with_input(given);
  const auto preprocessing = preprocessing_of(workload, options);
  if (!options.labels.empty() && options.data.empty()) {
    throw UserError("--labels " + options.labels + ": means nothing without --data or --input");
  }
  if (options.dataset == "synthetic" || (says_nothing(options) && workload.datasets.empty())) {
    Dataset data = synthetic_images(workload.graph.input_shape(), std::max<std::size_t>(most, 1));
    check_used(options, data);
    return data;
  }
  std::optional<Dataset> best;
  for (const Candidate& c : candidates(workload, options)) {
    Dataset data = read(*c.format, c.files, workload, preprocessing, most);
    const std::size_t images = data.images.shape[0];
    if (!best || images > best->images.shape[0]) best = std::move(data);
    if (most == 0 || images == most) break;
  }
  check_used(options, *best);
  return std::move(*best);
}

Dataset read_images(const Workload& workload, const DataOptions& given, std::size_t count) {
  Dataset data = read_images_up_to(workload, given, count);
  if (count == 0 || data.images.shape[0] == count) return data;
  const DataOptions options = with_input(given);
  throw UserError("--images " + std::to_string(count) + ": there are " +
                  std::to_string(data.images.shape[0]) + " images" +
                  (says_nothing(options)
                       ? "; the whole data set is looked for where "
                         "workloads/fetch_data.sh and packages put it, or in --data"
                       : " in " + (options.data.empty() ? options.dataset : options.data)));
}

bool has_images(const Workload& workload) {
  return std::ranges::any_of(workload.datasets,
                             [](const DataSource& s) { return installed(s).has_value(); });
}

Dataset read_calibration(const Workload& workload, const DataOptions& options,
                         const Dataset& images) {
  constexpr std::size_t kMost = 256;
  if (const auto source = calibration_source(workload, options)) {
    auto found = installed(*source);
    if (source->set != nullptr && !options.data.empty()) {
      const auto files = find_in(*source->set, options.data);
      if (files) found = {&format_of(*source), *files};
    }
    if (found) {
      return read(*found->format, found->files, workload, preprocessing_of(workload, options),
                  kMost);
    }
  }
  Dataset data;
  data.images = images.images;
  const std::size_t count = std::min(kMost, images.images.shape[0]);
  data.images.values.resize(data.images.values.size() / data.images.shape[0] * count);
  data.images.shape[0] = count;
  data.name = "the first " + std::to_string(count) + " images of the run: " + images.name;
  return data;
}

}  // namespace systolog::sim
