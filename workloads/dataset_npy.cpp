// SPDX-License-Identifier: Apache-2.0
// Images in a .npy file: FP32 is what the network reads, as it is; bytes go through the
// preprocessing. Labels: an array of integers in a file of its own.
#include <algorithm>
#include <cmath>
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

/// Number of images in the file and the sizes of one, in the order of axes that is read.
struct Found {
  std::size_t images = 0;
  Sizes image;
  bool turned = false;  // [H, W, C] for a graph of [C, H, W]
};

/// Sizes of one image, in an order of axes that a file may have.
struct Reading {
  Sizes image;
  bool turned = false;
};

/// Best first: the model's own order, then [C, H, W].
std::vector<Reading> readings(const ReadOptions& options, Layout layout) {
  const ImageSize& n = options.size;
  const Sizes last = {n.height, n.width, n.channels}, first = {n.channels, n.height, n.width};
  if (options.channels_last_model) return {{last, true}, {first, false}};
  return {{layout == Layout::kNhwc ? last : first, false}};
}

/// A shape that says it all counts first; then sizes of 1 may be left out and the number of images
/// too; else four axes are images of any size.
Found find_images(const NpyFile& file, const ReadOptions& options, Layout layout) {
  const std::vector<Reading> allowed = readings(options, layout);
  const bool channels_last = layout == Layout::kNhwc;  // the graph's order, not turned
  const Sizes& shape = file.shape();
  if (shape.empty()) file.fail("shape (), allowed images");
  const Sizes rest(shape.begin() + 1, shape.end());
  for (const auto& [image, turned] : allowed) {
    if (rest == image) return {shape[0], image, turned};
  }
  for (const auto& [image, turned] : allowed) {
    if (without_ones(rest) == without_ones(image)) return {shape[0], image, turned};
  }
  for (const auto& [image, turned] : allowed) {
    if (without_ones(shape) == without_ones(image)) return {1, image, turned};
  }
  if (shape.size() == 4) {
    for (const auto& [image, turned] : allowed) {
      const std::size_t axis = turned || channels_last ? 2 : 0;
      if (rest[axis] == image[axis] || image[axis] == 0) return {shape[0], rest, turned};
    }
  }
  std::string wanted;
  for (const auto& [image, turned] : allowed) {
    Sizes whole = image;
    whole.insert(whole.begin(), shape[0]);
    wanted += (wanted.empty() ? "" : " or ") + shape_text(whole);
  }
  const bool turnable = !channels_last && shape.size() == 4 && rest[2] == allowed.back().image[0];
  file.fail("shape " + shape_text(shape) + ", the network takes " + wanted +
            (turnable ? "; numpy.moveaxis(images, 3, 1) puts their channels first" : ""));
}

/// [H, W, C] to [C, H, W].
template <typename T>
void to_planes(const T* from, const Sizes& s, T* to) {
  const std::size_t plane = s[0] * s[1];
  for (std::size_t i = 0; i < plane * s[2]; ++i) to[i % s[2] * plane + i / s[2]] = from[i];
}

Pixels to_pixels(std::vector<std::uint8_t> bytes, const Sizes& s, bool channels_last) {
  if (!channels_last) return {s[0], s[1], s[2], std::move(bytes)};
  Pixels image{s[2], s[0], s[1], std::vector<std::uint8_t>(bytes.size())};
  to_planes(bytes.data(), s, image.bytes.data());
  return image;
}

/// Where element `i` of the file lies, as NumPy counts: "[3, 0, 27, 4]".
std::string index_text(std::size_t i, const Sizes& shape) {
  std::string text;
  for (std::size_t d = shape.size(); d-- > 0; i /= shape[d]) {
    text = std::to_string(i % shape[d]) + (text.empty() ? "" : ", ") + text;
  }
  return "[" + text + "]";
}

Tensor read_floats(NpyFile& file, const Found& found, std::size_t count) {
  Tensor tensor;
  const Sizes& s = found.image;
  tensor.shape = found.turned ? Sizes{count, s[2], s[0], s[1]} : Sizes{count, s[0], s[1], s[2]};
  const std::size_t size = s[0] * s[1] * s[2];
  std::vector<float> image;
  for (std::size_t i = 0; i < count; ++i) {  // memory grows with what the file holds
    const std::vector<std::uint8_t> bytes = file.read(size);
    image.resize(size);
    std::memcpy(image.data(), bytes.data(), bytes.size());
    for (std::size_t v = 0; v < size; ++v) {
      if (std::isfinite(image[v])) continue;
      file.fail("the value at " + index_text(i * size + v, file.shape()) + " is " +
                std::to_string(image[v]) + ", allowed finite numbers");
    }
    tensor.values.resize(tensor.values.size() + size);
    float* const to = tensor.values.data() + tensor.values.size() - size;
    if (found.turned) {
      to_planes(image.data(), s, to);
    } else {
      std::ranges::copy(image, to);
    }
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
                                       std::size_t count, std::size_t below) {
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
    if (below != 0 && value >= below) {
      file.fail("the label at [" + std::to_string(i) + "] is " + std::to_string(value) +
                ", allowed 0 to " + std::to_string(below - 1) + ", one for each of the network's " +
                "outputs");
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
  const Found found = find_images(file, options, layout);
  const std::size_t count =
      options.limit == 0 ? found.images : std::min(options.limit, found.images);

  std::vector<std::uint32_t> labels;
  const fs::path labels_path = files.labels.empty() ? labels_beside(path) : files.labels;
  if (!labels_path.empty()) {
    labels = read_labels(labels_path, file, path, found.images, count, options.labels_below);
  }

  const std::string name = files.name.empty() ? path.filename().string() : files.name;
  Dataset data;
  if (floats) {
    data.name = name;
    data.images = read_floats(file, found, count);
    data.labels = std::move(labels);
  } else {
    const Sizes& s = found.image;
    const bool channels_last = found.turned || layout == Layout::kNhwc;
    DatasetBuilder builder(options, channels_last ? s[2] : s[0], 0);
    for (std::size_t i = 0; i < count; ++i) {
      builder.add(to_pixels(file.read(s[0] * s[1] * s[2]), s, channels_last),
                  path.string() + ": image " + std::to_string(i));
    }
    data = builder.finish(name, std::move(labels));
  }
  if (count == found.images) file.finish();
  return data;
}

}  // namespace systolog::workloads
