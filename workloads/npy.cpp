// SPDX-License-Identifier: Apache-2.0
#include "workloads/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <regex>

namespace systolog::workloads {

namespace {

static_assert(std::endian::native == std::endian::little, "arrays are little endian");

constexpr std::size_t kPrefixBytes = 8;                      // magic, version
constexpr std::uint64_t kMaxHeader = 65'536;                 // NumPy itself writes 118 or so
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 36;  // of one array
constexpr std::string_view kMagic = "\x93NUMPY";

std::uint64_t little_endian(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

NpyFile::NpyFile(const std::filesystem::path& path) : file_(path, "a .npy file") {
  const std::vector<std::uint8_t> prefix = file_.read_up_to(kPrefixBytes);
  if (prefix.size() < kPrefixBytes ||
      !std::equal(kMagic.begin(), kMagic.end(), prefix.begin(),
                  [](char c, std::uint8_t b) { return static_cast<std::uint8_t>(c) == b; })) {
    fail("offset 0: not a .npy file, which begins with \\x93NUMPY and a version");
  }
  const std::uint8_t version = prefix[6];
  if (version < 1 || version > 3) {
    fail("offset 6: version " + std::to_string(version) + " of the format, allowed 1 to 3");
  }
  const std::vector<std::uint8_t> length_bytes = file_.read_up_to(version == 1 ? 2 : 4);
  const std::uint64_t length = little_endian(length_bytes);
  if (length_bytes.size() < (version == 1 ? 2U : 4U) || length > kMaxHeader) {
    fail("offset 8: the header's length is missing or above " + std::to_string(kMaxHeader));
  }
  const std::vector<std::uint8_t> header = file_.read_up_to(length);
  if (header.size() < length) file_.fail_here("the file ends inside the header");
  parse_header({header.begin(), header.end()});
}

void NpyFile::parse_header(const std::string& header) {
  // The dictionary has these three keys and no nesting; NumPy sorts them, others may not.
  static const std::regex kDescr(R"('descr'\s*:\s*'([^']{1,16})')");
  static const std::regex kFortran(R"('fortran_order'\s*:\s*(True|False))");
  static const std::regex kShape(R"('shape'\s*:\s*\(([0-9,\sL]{0,200})\))");
  std::smatch found;
  if (!std::regex_search(header, found, kDescr)) {
    fail("the header names no plain type ('descr'); allowed '<f4', '|u1' and integers");
  }
  descr_ = found[1];
  static const std::regex kType(R"([<|=]?([fiub])([1248]))");
  if (!std::regex_match(descr_, found, kType) ||
      (descr_[0] != '<' && descr_[0] != '=' && found[2] != "1")) {
    fail("type '" + descr_ + "', allowed little-endian numbers, '<f4' or '|u1' for images");
  }
  item_bytes_ = static_cast<std::size_t>(std::stoul(found[2]));
  if (!std::regex_search(header, found, kFortran)) fail("the header lacks 'fortran_order'");
  if (found[1] == "True") {
    fail("the array is in Fortran order, allowed C order: numpy.ascontiguousarray makes it");
  }
  if (!std::regex_search(header, found, kShape))
    fail("the header lacks a 'shape' of whole numbers");
  const std::string sizes = found[1];
  std::uint64_t room = kMaxBytes / item_bytes_;
  for (const char* at = sizes.data(); at < sizes.data() + sizes.size();) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(at, sizes.data() + sizes.size(), size);
    if (end == at) {  // a comma, a blank, Python 2's L
      ++at;
      continue;
    }
    if (error != std::errc() || size == 0 || size > room) {
      fail("shape (" + sizes + "), allowed sizes of at least 1 and " + std::to_string(kMaxBytes) +
           " bytes in all");
    }
    room /= size;
    shape_.push_back(size);
    at = end;
  }
}

std::vector<std::uint8_t> NpyFile::read(std::uint64_t count) {
  std::vector<std::uint8_t> bytes = file_.read_up_to(count * item_bytes_);
  if (bytes.size() < count * item_bytes_) {
    file_.fail_here("the file ends inside the data of shape " + shape_text(shape_));
  }
  return bytes;
}

void NpyFile::finish() {
  if (!file_.at_end()) {
    file_.fail_here("the file goes on, but by its shape " + shape_text(shape_) + " it ends here");
  }
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "(";
  for (std::size_t d = 0; d < shape.size(); ++d) {
    text += (d == 0 ? "" : ", ") + std::to_string(shape[d]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::string to_npy(const Tensor& tensor) {
  std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape_text(tensor.shape) + ", }";
  // Blanks and a newline, so that the data begins at a multiple of 64 bytes.
  constexpr std::size_t kBefore = kPrefixBytes + 2;
  header.append(63 - (kBefore + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(tensor.values.data()),
               tensor.values.size() * sizeof(float));
  return bytes;
}

}  // namespace systolog::workloads
