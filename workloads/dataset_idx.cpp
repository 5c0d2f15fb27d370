// SPDX-License-Identifier: Apache-2.0
// The idx format, big endian: bytes 0 0, type (8: unsigned byte), number of dimensions, then each
// dimension as 32 bits, then the data, the last dimension fastest. [LeCun, MNIST web page]
#include <algorithm>
#include <limits>
#include <string>

#include "workloads/dataset.h"
#include "workloads/dataset_builder.h"
#include "workloads/packed_file.h"

namespace systolog::workloads {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSide = 65'536;                   // pixels of an image's side
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 33;  // of one file, unpacked

/// One idx file of unsigned bytes, read forward.
class IdxFile {
 public:
  IdxFile(const fs::path& path, std::size_t rank) : file_(path, "an idx file") {
    const std::uint32_t magic = read_word();
    const std::uint32_t wanted = 0x0800U + static_cast<std::uint32_t>(rank);
    if (magic != wanted) {
      fail("offset 0: magic number " + std::to_string(magic) + ", allowed " +
           std::to_string(wanted) + " (idx of unsigned bytes, " + std::to_string(rank) +
           " dimensions)");
    }
    for (std::size_t d = 0; d < rank; ++d) read_size(d);
    // 2^32 * 2^16 * 2^16 would just leave 64 bits: compare the factors, not the product.
    std::uint64_t room = kMaxBytes;
    for (const std::uint64_t size : sizes_) room /= size;
    if (room == 0) {
      fail("offset 4: the dimensions ask for more than " + std::to_string(kMaxBytes) + " bytes");
    }
  }

  const std::vector<std::uint64_t>& sizes() const { return sizes_; }

  std::vector<std::uint8_t> read(std::uint64_t count) {
    std::vector<std::uint8_t> bytes = file_.read_up_to(count);
    if (bytes.size() < count) {
      file_.fail_here("the file ends here, but its header promises " + std::to_string(end()) +
                      " bytes");
    }
    return bytes;
  }

  /// Reads on to the end, which must be where the header says.
  void finish() {
    while (file_.offset() < end()) {
      read(std::min<std::uint64_t>(end() - file_.offset(), 1U << 20));
    }
    if (!file_.at_end()) file_.fail_here("the file goes on, but by its header it ends here");
  }

  [[noreturn]] void fail(const std::string& what) const { file_.fail(what); }

 private:
  std::uint64_t end() const {
    std::uint64_t bytes = 1;
    for (const std::uint64_t size : sizes_) bytes *= size;
    return bytes + 4 + 4 * sizes_.size();
  }

  std::uint32_t read_word() {
    const std::uint64_t at = file_.offset();
    const std::vector<std::uint8_t> b = file_.read_up_to(4);
    if (b.size() < 4) {
      fail("offset " + std::to_string(at) + ": the file ends inside the idx header");
    }
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
  }

  void read_size(std::size_t dimension) {
    const std::uint64_t at = file_.offset();
    const std::uint32_t size = read_word();
    const std::uint64_t most =
        dimension == 0 ? std::numeric_limits<std::uint32_t>::max() : kMaxSide;
    if (size == 0 || size > most) {
      fail("offset " + std::to_string(at) + ": dimension " + std::to_string(dimension) + " is " +
           std::to_string(size) + ", allowed 1 to " + std::to_string(most));
    }
    sizes_.push_back(size);
  }

  PackedFile file_;
  std::vector<std::uint64_t> sizes_;
};

}  // namespace

Dataset read_idx(const DataFiles& files, const ReadOptions& options) {
  const fs::path& images = files.images.front();
  IdxFile image_file(images, 3);
  IdxFile label_file(files.labels, 1);
  const std::uint64_t count = image_file.sizes()[0];
  if (label_file.sizes()[0] != count) {
    label_file.fail("offset 4: " + std::to_string(label_file.sizes()[0]) + " labels, but " +
                    images.string() + " has " + std::to_string(count) + " images");
  }
  const std::uint64_t wanted =
      options.limit == 0 ? count : std::min<std::uint64_t>(options.limit, count);
  const std::uint64_t height = image_file.sizes()[1], width = image_file.sizes()[2];

  // What the file does not hold is found out image by image: nothing is reserved for it.
  DatasetBuilder builder(options, 1, 0);
  for (std::uint64_t i = 0; i < wanted; ++i) {
    builder.add({1, height, width, image_file.read(height * width)},
                images.string() + ": image " + std::to_string(i));
  }
  const std::vector<std::uint8_t> classes = label_file.read(wanted);
  image_file.finish();
  label_file.finish();
  return builder.finish(files.name.empty() ? images.filename().string() : files.name,
                        {classes.begin(), classes.end()});
}

Dataset read_idx(const fs::path& images, const fs::path& labels, const Preprocessing& preprocessing,
                 std::size_t limit) {
  return read_idx({.images = {images}, .labels = labels},
                  {.preprocessing = preprocessing, .limit = limit});
}

}  // namespace systolog::workloads
