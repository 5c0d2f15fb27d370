// SPDX-License-Identifier: Apache-2.0
#include "workloads/training/subset.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "models/user_error.h"
#include "workloads/dataset.h"

namespace systolog::workloads::training {

namespace {

namespace fs = std::filesystem;

/// idx of unsigned bytes, gzipped at level 9 without a time stamp: the same input, the same file.
void write_idx(const fs::path& file, std::span<const std::size_t> sizes,
               std::span<const std::uint8_t> data) {
  std::vector<std::uint8_t> bytes = {0, 0, 8, static_cast<std::uint8_t>(sizes.size())};
  for (const std::size_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<std::uint8_t>(size >> shift & 0xFF));
    }
  }
  bytes.insert(bytes.end(), data.begin(), data.end());
  fs::path beside = file;
  beside += ".part";
  const gzFile out = gzopen(beside.c_str(), "wb9");
  const bool written =
      out != nullptr && gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size())) > 0;
  const bool closed = out != nullptr && gzclose(out) == Z_OK;
  std::error_code error;
  if (written && closed) fs::rename(beside, file, error);
  if (!written || !closed || error) throw UserError(file.string() + ": cannot be written");
}

}  // namespace

void write_subset(const fs::path& from, const fs::path& to, const std::string& prefix,
                  std::size_t count) {
  const std::string images = "-images-idx3-ubyte.gz", labels = "-labels-idx1-ubyte.gz";
  const Preprocessing bytes_as_they_are{.scale = 1.0F, .mean = {}, .std = {}};
  const Dataset data =
      read_idx(from / (prefix + images), from / (prefix + labels), bytes_as_they_are, count);
  std::vector<std::uint8_t> pixels(data.images.values.size()), classes(data.labels.size());
  std::ranges::transform(data.images.values, pixels.begin(),
                         [](float p) { return static_cast<std::uint8_t>(p); });
  std::ranges::transform(data.labels, classes.begin(),
                         [](std::uint32_t c) { return static_cast<std::uint8_t>(c); });
  std::error_code error;
  fs::create_directories(to, error);
  if (error) throw UserError(to.string() + ": cannot be made: " + error.message());
  const std::vector<std::size_t>& s = data.images.shape;
  const std::string stem = prefix + "-first" + std::to_string(s[0]);
  write_idx(to / (stem + images), std::vector{s[0], s[2], s[3]}, pixels);
  write_idx(to / (stem + labels), std::vector{s[0]}, classes);
}

}  // namespace systolog::workloads::training
