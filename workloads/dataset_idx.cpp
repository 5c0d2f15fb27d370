// SPDX-License-Identifier: Apache-2.0
// The idx format, big endian: bytes 0 0, type (8: unsigned byte), number of dimensions, then each
// dimension as 32 bits, then the data, the last dimension fastest. [LeCun, MNIST web page]
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "models/user_error.h"
#include "workloads/dataset.h"

namespace systolog::workloads {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSide = 65'536;                   // pixels of an image's side
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 33;  // of one file, unpacked

/// One idx file of unsigned bytes, read forward. Offsets in messages count unpacked bytes.
class IdxFile {
 public:
  IdxFile(const fs::path& path, std::size_t rank) : path_(path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) fail("no such file");
    if (!fs::is_regular_file(status)) fail("not a regular file; allowed an idx file");
    file_.reset(gzopen(path.c_str(), "rb"));  // reads plain files as they are
    if (!file_) fail("cannot be opened");
    read_header(rank);
  }

  const std::vector<std::uint64_t>& sizes() const { return sizes_; }

  /// The next `count` bytes. Memory grows with what the file really holds.
  std::vector<std::uint8_t> read(std::uint64_t count) {
    constexpr std::uint64_t kChunk = 1U << 20;
    std::vector<std::uint8_t> bytes;
    while (bytes.size() < count) {
      const std::size_t at = bytes.size();
      const auto wanted = static_cast<unsigned>(std::min(kChunk, count - at));
      bytes.resize(at + wanted);
      const unsigned got = read_some(bytes.data() + at, wanted);
      if (got < wanted) {
        fail("offset " + std::to_string(offset_) +
             ": the file ends here, but its header promises " +
             std::to_string(header_bytes() + data_bytes()) + " bytes");
      }
    }
    return bytes;
  }

  /// Reads on to the end, which must be where the header says.
  void finish() {
    const std::uint64_t end = header_bytes() + data_bytes();
    while (offset_ < end) read(std::min<std::uint64_t>(end - offset_, 1U << 20));
    std::uint8_t extra = 0;
    if (read_some(&extra, 1) != 0) {
      fail("offset " + std::to_string(end) + ": the file goes on, but by its header it ends here");
    }
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (code == Z_BUF_ERROR) {
      fail("offset " + std::to_string(end) + ": the packed stream is cut off before its checksum");
    }
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw UserError(path_.string() + ": " + what);
  }

 private:
  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };

  std::uint64_t header_bytes() const { return 4 + 4 * sizes_.size(); }
  std::uint64_t data_bytes() const {
    std::uint64_t product = 1;
    for (const std::uint64_t size : sizes_) product *= size;
    return product;
  }

  /// Fewer bytes than wanted only at the end of the file.
  unsigned read_some(std::uint8_t* to, unsigned wanted) {
    const int got = gzread(file_.get(), to, wanted);
    int code = Z_OK;
    const char* const text = gzerror(file_.get(), &code);
    // Z_BUF_ERROR: the packed stream stops short; what was unpacked so far is reported as an end.
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)) {
      fail("offset " + std::to_string(offset_) + ": cannot be unpacked or read: " + text);
    }
    offset_ += static_cast<unsigned>(got);
    return static_cast<unsigned>(got);
  }

  std::uint32_t read_word() {
    std::uint8_t b[4] = {};
    const std::uint64_t at = offset_;
    if (read_some(b, 4) != 4) {
      fail("offset " + std::to_string(at) + ": the file ends inside the idx header");
    }
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
  }

  void read_header(std::size_t rank) {
    const std::uint32_t magic = read_word();
    const std::uint32_t wanted = 0x0800U + static_cast<std::uint32_t>(rank);
    if (magic != wanted) {
      fail("offset 0: magic number " + std::to_string(magic) + ", allowed " +
           std::to_string(wanted) + " (idx of unsigned bytes, " + std::to_string(rank) +
           " dimensions)");
    }
    for (std::size_t d = 0; d < rank; ++d) {
      const std::uint64_t at = offset_;
      const std::uint32_t size = read_word();
      const std::uint64_t most = d == 0 ? std::numeric_limits<std::uint32_t>::max() : kMaxSide;
      if (size == 0 || size > most) {
        fail("offset " + std::to_string(at) + ": dimension " + std::to_string(d) + " is " +
             std::to_string(size) + ", allowed 1 to " + std::to_string(most));
      }
      sizes_.push_back(size);
    }
    // 2^32 * 2^16 * 2^16 would just leave 64 bits: compare the factors, not the product.
    std::uint64_t room = kMaxBytes;
    for (const std::uint64_t size : sizes_) room /= size;
    if (room == 0) {
      fail("offset 4: the dimensions ask for more than " + std::to_string(kMaxBytes) + " bytes");
    }
  }

  fs::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::vector<std::uint64_t> sizes_;
  std::uint64_t offset_ = 0;
};

/// One value a channel (idx images have one), or `standard` where none is given.
float channel_value(const std::vector<float>& values, float standard, const char* name) {
  if (values.empty()) return standard;
  if (values.size() != 1 || !std::isfinite(values[0])) {
    throw UserError(std::string("preprocessing: ") + name + " has " +
                    std::to_string(values.size()) +
                    " values, allowed one finite value for the one channel of an idx file");
  }
  return values[0];
}

}  // namespace

Dataset read_idx(const std::filesystem::path& images, const std::filesystem::path& labels,
                 const Preprocessing& preprocessing, std::size_t limit) {
  const float mean = channel_value(preprocessing.mean, 0.0F, "mean");
  const float std = channel_value(preprocessing.std, 1.0F, "std");
  if (!std::isfinite(preprocessing.scale) || std == 0.0F) {
    throw UserError("preprocessing: scale must be finite and std must not be 0");
  }
  IdxFile image_file(images, 3);
  IdxFile label_file(labels, 1);
  const std::uint64_t count = image_file.sizes()[0];
  if (label_file.sizes()[0] != count) {
    label_file.fail("offset 4: " + std::to_string(label_file.sizes()[0]) + " labels, but " +
                    images.string() + " has " + std::to_string(count) + " images");
  }
  const std::uint64_t wanted = limit == 0 ? count : std::min<std::uint64_t>(limit, count);
  const std::uint64_t height = image_file.sizes()[1], width = image_file.sizes()[2];

  const std::vector<std::uint8_t> pixels = image_file.read(wanted * height * width);
  const std::vector<std::uint8_t> classes = label_file.read(wanted);
  image_file.finish();
  label_file.finish();

  Dataset data;
  data.name = images.filename().string();
  data.images.shape = {wanted, 1, height, width};
  float value_of[256];
  for (int p = 0; p < 256; ++p) {
    value_of[p] = (static_cast<float>(p) * preprocessing.scale - mean) / std;
  }
  data.images.values.reserve(pixels.size());
  for (const std::uint8_t p : pixels) data.images.values.push_back(value_of[p]);
  data.labels.assign(classes.begin(), classes.end());
  return data;
}

}  // namespace systolog::workloads
