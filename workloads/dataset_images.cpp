// SPDX-License-Identifier: Apache-2.0
// A folder of JPEG and PNG files, with labels.csv: one picture a line, its file's name and its
// class index. The header names the columns (file, class_index or the like); without one they are
// the first and the second. Without labels.csv: every picture in the folder, by name, no labels.
#include <tbb/parallel_for.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <optional>

#include "models/user_error.h"
#include "workloads/dataset.h"
#include "workloads/dataset_builder.h"
#include "workloads/image_file.h"
#include "workloads/packed_file.h"

namespace systolog::workloads {

namespace {

namespace fs = std::filesystem;

struct Picture {
  fs::path file;
  std::uint32_t label = 0;
};

/// The fields of one line: "quoted, with a comma" or plain.
std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

std::optional<std::uint32_t> to_label(const std::string& text) {
  std::uint32_t label = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, label);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return label;
}

std::vector<std::string> read_lines(const fs::path& path) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 26;
  PackedFile file(path, "a .csv file");
  const std::vector<std::uint8_t> bytes = file.read_up_to(kMost);
  if (!file.at_end()) file.fail("larger than 64 MiB");
  std::vector<std::string> lines(1);
  for (const std::uint8_t b : bytes) {
    if (b == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += static_cast<char>(b);
    }
  }
  return lines;
}

/// Which of a header's fields is one of these words; the number of fields if none is.
std::size_t column(const std::vector<std::string>& header,
                   std::initializer_list<std::string_view> words) {
  const auto found = std::ranges::find_first_of(header, words);
  return static_cast<std::size_t>(found - header.begin());
}

std::vector<Picture> read_list(const fs::path& csv, const fs::path& folder,
                               const ReadOptions& options) {
  const std::size_t limit = options.limit;
  const std::vector<std::string> lines = read_lines(csv);
  std::size_t file_column = 0, label_column = 1, first = 0;
  const std::vector<std::string> header = split(lines.front());
  const std::size_t named = column(header, {"file", "filename", "image", "path"});
  if (named < header.size()) {
    file_column = named;
    label_column = column(header, {"class_index", "label", "class", "index"});
    if (label_column == header.size()) {
      throw UserError(csv.string() + ": line 1: the header names no column class_index or label");
    }
    first = 1;
  }
  std::vector<Picture> pictures;
  for (std::size_t l = first; l < lines.size() && (limit == 0 || pictures.size() < limit); ++l) {
    if (lines[l].empty() || lines[l] == "\r") continue;
    const std::string place = csv.string() + ": line " + std::to_string(l + 1);
    const std::vector<std::string> fields = split(lines[l]);
    if (fields.size() <= std::max(file_column, label_column)) {
      throw UserError(place + ": has " + std::to_string(fields.size()) +
                      " fields, the file's name and the class index are needed");
    }
    const auto label = to_label(fields[label_column]);
    if (!label) {
      throw UserError(place + ": class index \"" + fields[label_column] +
                      "\", allowed a whole number");
    }
    if (options.labels_below != 0 && *label >= options.labels_below) {
      throw UserError(place + ": class index " + fields[label_column] + ", allowed 0 to " +
                      std::to_string(options.labels_below - 1) + ", one for each of the " +
                      "network's outputs");
    }
    const std::string& name = fields[file_column];
    std::error_code error;
    fs::path file = folder / name;
    if (!fs::is_regular_file(file, error)) file = folder / "images" / name;
    if (!fs::is_regular_file(file, error)) {
      throw UserError(place + ": " + name + " is neither in " + folder.string() +
                      " nor in its images/");
    }
    pictures.push_back({file, *label});
  }
  if (pictures.empty()) throw UserError(csv.string() + ": names no pictures");
  return pictures;
}

std::vector<Picture> find_pictures(const fs::path& folder, std::size_t limit) {
  std::vector<Picture> pictures;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string extension = entry.path().extension().string();
    for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (extension == ".jpg" || extension == ".jpeg" || extension == ".png") {
      pictures.push_back({entry.path()});
    }
  }
  std::ranges::sort(pictures, {}, &Picture::file);
  if (pictures.empty()) {
    throw UserError(folder.string() + ": neither labels.csv nor a .jpg, .jpeg or .png file in it");
  }
  if (limit != 0 && pictures.size() > limit) pictures.resize(limit);
  return pictures;
}

/// Decodes and fits pictures [first, first + count) on all cores. Of several bad ones the first is
/// named, whatever the order of work. `by_practice`: those of the network's size stay as they are.
std::vector<Pixels> decode(const std::vector<Picture>& pictures, std::size_t first,
                           std::size_t count, std::size_t channels, bool by_practice,
                           const ReadOptions& options) {
  std::vector<Pixels> images(count);
  std::vector<std::exception_ptr> errors(count);
  tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
    const fs::path& file = pictures[first + i].file;
    try {
      Pixels image = read_image(file, channels);
      const ImageSize& n = options.size;
      const bool as_it_is = by_practice && image.height == n.height && image.width == n.width;
      images[i] = as_it_is || !options.preprocessing
                      ? std::move(image)
                      : fit(std::move(image), *options.preprocessing, n, file.string());
    } catch (const UserError&) {
      errors[i] = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return images;
}

}  // namespace

Dataset read_images(const DataFiles& files, const ReadOptions& given) {
  // What is not said of the size is what ImageNet practice says.
  ReadOptions options = given;
  const bool by_practice = options.preprocessing && !options.preprocessing->resize;
  if (by_practice) options.preprocessing->resize = imagenet_resize(options.size);
  // The folder, or the list in it.
  fs::path folder = files.images.front(), list = files.labels;
  std::error_code error;
  if (fs::is_regular_file(folder, error)) {
    list = folder;
    folder = folder.parent_path();
  } else if (!fs::is_directory(folder, error)) {
    throw UserError(folder.string() + ": no such folder");
  } else if (list.empty() && fs::exists(folder / "labels.csv", error)) {
    list = folder / "labels.csv";
  }
  const std::vector<Picture> pictures =
      list.empty() ? find_pictures(folder, options.limit) : read_list(list, folder, options);

  const std::size_t channels = options.size.channels == 0 ? 3 : options.size.channels;
  DatasetBuilder builder(options, channels, pictures.size());
  constexpr std::size_t kAtOnce = 64;  // decoded pictures that wait in memory
  for (std::size_t first = 0; first < pictures.size(); first += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, pictures.size() - first);
    const std::vector<Pixels> images =
        decode(pictures, first, count, channels, by_practice, options);
    for (std::size_t i = 0; i < count; ++i) {
      builder.add_fitted(images[i], pictures[first + i].file.string());
    }
  }
  std::vector<std::uint32_t> labels;
  if (!list.empty()) {
    for (const Picture& picture : pictures) labels.push_back(picture.label);
  }
  std::string name = files.name;
  if (name.empty()) name = fs::absolute(folder).lexically_normal().filename().string();
  if (name.empty()) name = "images";
  return builder.finish(name, std::move(labels));
}

}  // namespace systolog::workloads
