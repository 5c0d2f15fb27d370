// SPDX-License-Identifier: Apache-2.0
#include "sim/data_sets.h"

#include <algorithm>

#include "models/user_error.h"
#include "sim/json_reader.h"
#include "sim/share.h"

namespace systolog::sim {
namespace {

namespace fs = std::filesystem;

const NamedDataset kSets[] = {
    {"mnist",
     "idx",
     {{"MNIST test", {"t10k-images-idx3-ubyte"}, "t10k-labels-idx1-ubyte"}},
     {"mnist", "MNIST/raw"}},
    {"mnist-train",
     "idx",
     {{"MNIST training", {"train-images-idx3-ubyte"}, "train-labels-idx1-ubyte"}},
     {"mnist", "MNIST/raw"}},
    {"fashion-mnist",
     "idx",
     {{"Fashion-MNIST test", {"t10k-images-idx3-ubyte"}, "t10k-labels-idx1-ubyte"}},
     {"fashion-mnist", "FashionMNIST/raw"}},
    {"fashion-mnist-train",
     "idx",
     {{"Fashion-MNIST training", {"train-images-idx3-ubyte"}, "train-labels-idx1-ubyte"}},
     {"fashion-mnist", "FashionMNIST/raw"}},
    {"cifar10",
     "cifar10",
     {{"CIFAR-10 test", {"test_batch.bin"}, ""},
      {"CIFAR-10 test, first 1,000 images", {"test_batch_exact1000.bin"}, ""}},
     {"cifar10", "cifar-10-batches-bin"}},
    {"cifar10-jpeg",
     "cifar10",
     {{"CIFAR-10 test after JPEG", {"test_batch_jpeg75.bin"}, ""}},
     {"cifar10"}},
    {"cifar10-train",
     "cifar10",
     {{"CIFAR-10 training",
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
        "data_batch_5.bin"},
       ""},
      {"CIFAR-10 training, 8,000 images",
       {"data_batch_1_exact4000.bin", "data_batch_2_exact1000.bin", "data_batch_3_exact1000.bin",
        "data_batch_4_exact1000.bin", "data_batch_5_exact1000.bin"},
       ""}},
     {"cifar10", "cifar-10-batches-bin"}},
};

/// `folder / name`, or the same packed; empty where neither is there.
fs::path plain_or_packed(const fs::path& folder, std::string_view name) {
  for (const char* suffix : {"", ".gz"}) {
    std::error_code error;
    const fs::path file = folder / (std::string(name) + suffix);
    if (fs::is_regular_file(file, error)) return file;
  }
  return {};
}

std::optional<workloads::DataFiles> find_usual(const UsualFiles& usual, const fs::path& folder) {
  workloads::DataFiles files;
  files.name = usual.title;
  for (const auto name : usual.images) {
    files.images.push_back(plain_or_packed(folder, name));
    if (files.images.back().empty()) return std::nullopt;
  }
  if (!usual.labels.empty()) {
    files.labels = plain_or_packed(folder, usual.labels);
    if (files.labels.empty()) return std::nullopt;
  }
  return files;
}

/// The labels' file beside an idx file of images: "images-idx3" is "labels-idx1" there.
fs::path labels_beside(const fs::path& images) {
  std::string name = images.filename().string();
  const std::string from = "images-idx3", to = "labels-idx1";
  const std::size_t at = name.find(from);
  if (at == std::string::npos) {
    throw UserError(images.string() + ": its name does not tell where its labels are (\"" + from +
                    "\" in it would be \"" + to + "\"); --labels does");
  }
  return images.parent_path() / name.replace(at, from.size(), to);
}

}  // namespace

std::span<const NamedDataset> named_datasets() { return kSets; }

DataSource data_source(const std::string& name, const std::string& origin) {
  DataSource source;
  std::vector<std::string_view> known;
  for (const NamedDataset& set : kSets) {
    if (set.name == name) source.set = &set;
    known.push_back(set.name);
  }
  for (const workloads::DataFormat& format : workloads::data_formats()) {
    if (source.set == nullptr && format.name == name) source.format = &format;
    if (std::ranges::find(known, format.name) == known.end()) known.push_back(format.name);
  }
  if (source.set == nullptr && source.format == nullptr) {
    throw UserError(origin + ": \"" + name + "\" is not one of " + join(known));
  }
  return source;
}

std::optional<workloads::DataFiles> find_in(const NamedDataset& set, const fs::path& folder) {
  for (const UsualFiles& usual : set.files) {
    if (auto files = find_usual(usual, folder)) return files;
    for (const auto subfolder : set.subfolders) {
      if (auto files = find_usual(usual, folder / subfolder)) return files;
    }
  }
  return std::nullopt;
}

std::optional<workloads::DataFiles> find_installed(const NamedDataset& set) {
  for (const fs::path& root :
       {share_dir() / "workloads" / "data", fs::path("/usr/share/datasets")}) {
    for (const UsualFiles& usual : set.files) {
      if (auto files = find_usual(usual, root / set.subfolders.front())) return files;
    }
  }
  return std::nullopt;
}

std::string usual_names(const NamedDataset& set) {
  std::string names;
  for (const UsualFiles& usual : set.files) {
    names += (names.empty() ? "" : " or ") + std::string(usual.images.front());
  }
  return names;
}

const workloads::DataFormat& format_of(const DataSource& source) {
  return source.set == nullptr ? *source.format : *workloads::find_data_format(source.set->format);
}

workloads::DataFiles files_at(const DataSource& source, const std::string& option,
                              const fs::path& path, const fs::path& labels) {
  const std::string origin = option + " " + path.string();
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw UserError(origin + ": no such file" + (option == "--data" ? " or folder" : ""));
  }
  const workloads::DataFormat& format = format_of(source);
  if (!labels.empty() && format.name == "cifar10") {
    throw UserError("--labels " + labels.string() +
                    ": the format cifar10 has its labels with the images");
  }
  const bool folder = fs::is_directory(path, error);
  if (folder && source.set != nullptr) {
    if (auto files = find_in(*source.set, path)) {
      if (!labels.empty()) files->labels = labels;
      return *files;
    }
    throw UserError(origin + ": " + usual_names(*source.set) +
                    " is not in this folder, packed (.gz) or not");
  }
  workloads::DataFiles files;
  files.images = {path};
  files.labels = labels;
  if (folder && !format.takes_folder) {
    throw UserError(origin + ": is a folder, allowed a file of the format " +
                    std::string(format.name));
  }
  if (format.needs_labels && labels.empty()) files.labels = labels_beside(path);
  return files;
}

}  // namespace systolog::sim
