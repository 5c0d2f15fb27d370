// SPDX-License-Identifier: Apache-2.0
// Images in a .npy file: FP32 is what the network reads, as it is; bytes go through the
// preprocessing. Labels: an array of integers in a file of its own.
#include <algorithm>
#include <cstring>
#include <limits>

#include "workloads/dataset.h"
#include "workloads/dataset_builder.h"
#include "workloads/npy.h"

namespace systolog::workloads {

namespace {

namespace fs = std::filesystem;
using Sizes = std::vector<std::size_t>;

Sizes without_ones(Sizes sizes) {
  std::erase(sizes, std::size_t{1});
  return sizes;
}

/// Number of images in the file and the sizes of one, in the network's order of axes.
struct Found {
  std::size_t images = 0;
  Sizes image;
};

/// The network's own shape with sizes of 1 left out or not, with or without the number of images;
/// else four axes are [N, C, H, W] or [N, H, W, C] of any size.
Found find_images(const NpyFile& file, const Sizes& network) {
  const Sizes& shape = file.shape();
  if (shape.empty()) file.fail("shape (), allowed images");
  const Sizes rest(shape.begin() + 1, shape.end());
  if (without_ones(rest) == without_ones(network)) return {shape[0], network};
  if (without_ones(shape) == without_ones(network)) return {1, network};
  if (shape.size() == 4) return {shape[0], rest};
  Sizes wanted = network;
  wanted.insert(wanted.begin(), shape[0]);
  file.fail("shape " + shape_text(shape) + ", the network takes " + shape_text(wanted));
}

/// [H, W, C] to planes.
Pixels to_planes(std::vector<std::uint8_t> bytes, const Sizes& s, Layout layout) {
  if (layout == Layout::kNchw) return {s[0], s[1], s[2], std::move(bytes)};
  Pixels image{s[2], s[0], s[1], std::vector<std::uint8_t>(bytes.size())};
  const std::size_t plane = s[0] * s[1];
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    image.bytes[i % s[2] * plane + i / s[2]] = bytes[i];
  }
  return image;
}

Tensor read_floats(NpyFile& file, const Found& found, std::size_t count) {
  Tensor tensor;
  tensor.shape = found.image;
  tensor.shape.insert(tensor.shape.begin(), count);
  std::size_t size = 1;
  for (const std::size_t s : found.image) size *= s;
  for (std::size_t i = 0; i < count; ++i) {  // memory grows with what the file holds
    const std::vector<std::uint8_t> bytes = file.read(size);
    tensor.values.resize(tensor.values.size() + size);
    std::memcpy(tensor.values.data() + tensor.values.size() - size, bytes.data(), bytes.size());
  }
  return tensor;
}

/// Beside X.npy: X_labels.npy, where it is.
fs::path labels_beside(const fs::path& images) {
  std::string name = images.filename().string();
  const std::size_t dot = name.find(".npy");
  if (dot == std::string::npos) return {};
  const fs::path file = images.parent_path() / name.insert(dot, "_labels");
  std::error_code error;
  return fs::exists(file, error) ? file : fs::path();
}

std::vector<std::uint32_t> read_labels(const fs::path& path, const NpyFile& images,
                                       const fs::path& images_path, std::size_t images_in_file,
                                       std::size_t count) {
  NpyFile file(path);
  if (file.descr().find('f') != std::string::npos || file.shape().size() != 1) {
    file.fail("type '" + file.descr() + "', shape " + shape_text(file.shape()) +
              "; labels must be integers in one dimension");
  }
  if (file.shape()[0] != images_in_file) {
    file.fail(std::to_string(file.shape()[0]) + " labels, but " + images_path.string() + " has " +
              std::to_string(images_in_file) + " images, shape " + shape_text(images.shape()));
  }
  const bool is_signed = file.descr().find('i') != std::string::npos;
  std::vector<std::uint32_t> labels;
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<std::uint8_t> bytes = file.read(1);
    std::uint64_t value = 0;
    for (std::size_t b = bytes.size(); b-- > 0;) value = value << 8 | bytes[b];
    const bool negative = is_signed && (bytes.back() & 0x80U) != 0;
    if (negative || value > std::numeric_limits<std::uint32_t>::max()) {
      file.fail("label " + std::to_string(i) + " is " + (negative ? "negative" : "too large"));
    }
    labels.push_back(static_cast<std::uint32_t>(value));
  }
  return labels;
}

}  // namespace

Dataset read_npy(const DataFiles& files, const ReadOptions& options) {
  const fs::path& path = files.images.front();
  NpyFile file(path);
  const bool floats = file.descr().ends_with("f4");
  if (!floats && !file.descr().ends_with("u1")) {
    file.fail("type '" + file.descr() + "', allowed '<f4' (as it is) or '|u1' (preprocessed)");
  }
  const Layout layout = options.preprocessing ? options.preprocessing->layout : Layout::kNchw;
  const ImageSize& n = options.size;
  const Found found =
      find_images(file, layout == Layout::kNhwc ? Sizes{n.height, n.width, n.channels}
                                                : Sizes{n.channels, n.height, n.width});
  const std::size_t count =
      options.limit == 0 ? found.images : std::min(options.limit, found.images);

  std::vector<std::uint32_t> labels;
  const fs::path labels_path = files.labels.empty() ? labels_beside(path) : files.labels;
  if (!labels_path.empty()) labels = read_labels(labels_path, file, path, found.images, count);

  const std::string name = files.name.empty() ? path.filename().string() : files.name;
  Dataset data;
  if (floats) {
    data.name = name;
    data.images = read_floats(file, found, count);
    data.labels = std::move(labels);
  } else {
    const Sizes& s = found.image;
    DatasetBuilder builder(options, layout == Layout::kNhwc ? s[2] : s[0], 0);
    for (std::size_t i = 0; i < count; ++i) {
      builder.add(to_planes(file.read(s[0] * s[1] * s[2]), s, layout),
                  path.string() + ": image " + std::to_string(i));
    }
    data = builder.finish(name, std::move(labels));
  }
  if (count == found.images) file.finish();
  return data;
}

}  // namespace systolog::workloads
