// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/preprocessing.h"
#include "workloads/tensor.h"

namespace systolog::workloads {

/// Images ready for a network and their labels.
struct Dataset {
  std::string name;                   // what the report calls it, e.g. "Fashion-MNIST test"
  Tensor images;                      // [N, C, H, W], or [N, H, W, C] by Layout::kNhwc
  std::vector<std::uint32_t> labels;  // [N]; empty: no labels
  std::string preprocessing;          // what was done to the pixels, in words; empty: nothing
};

/// What a reader makes of the files: `limit` the most images that are read, 0: all of them.
struct ReadOptions {
  std::optional<Preprocessing> preprocessing = Preprocessing{};  // nothing: not stated anywhere
  ImageSize size = {};                                           // what the network takes
  std::size_t limit = 0;
  std::size_t labels_below = 0;  // outputs of the network; 0: any label
  /// The model itself takes [N, H, W, C], the graph made of it [N, C, H, W]: an array may be
  /// either.
  bool channels_last_model = false;
};

/// Where images and labels are. Labels that a format keeps elsewhere are in `labels`.
struct DataFiles {
  std::string name = {};  // for the report; empty: the first file's
  std::vector<std::filesystem::path> images = {};
  std::filesystem::path labels = {};
};

/// A format of data sets: one file dataset_NAME.cpp, one row of data_formats().
struct DataFormat {
  std::string_view name, description;
  bool needs_labels;  // in a file of their own, DataFiles::labels
  bool takes_folder;  // DataFiles::images is one folder
  Dataset (*read)(const DataFiles& files, const ReadOptions& options);
};
std::span<const DataFormat> data_formats();
/// Null where no format has this name.
const DataFormat* find_data_format(std::string_view name);

// --- the readers: each throws UserError naming the file, the place and what was expected there ---

/// One idx pair of unsigned bytes, grey images [count, height, width]; plain or gzip.
Dataset read_idx(const DataFiles& files, const ReadOptions& options);
Dataset read_idx(const std::filesystem::path& images, const std::filesystem::path& labels,
                 const Preprocessing& preprocessing, std::size_t limit);

/// CIFAR-10's binary files one after the other: records of a label byte and 32x32 pixels, the red
/// plane, the green, the blue; plain or gzip. Reads no further than `limit`.
Dataset read_cifar10(const DataFiles& files, const ReadOptions& options);

/// A folder of JPEG and PNG files with labels.csv (dataset_images.cpp says what is in it), decoded
/// and resized on all cores.
Dataset read_images(const DataFiles& files, const ReadOptions& options);

/// An array of images, '<f4' as the network reads them or '|u1' to be preprocessed: [N, C, H, W],
/// or the model's own shape, which counts where a shape is both. NaN and infinity are refused.
/// Labels: X_labels.npy beside X.npy, or files.labels.
Dataset read_npy(const DataFiles& files, const ReadOptions& options);

}  // namespace systolog::workloads
