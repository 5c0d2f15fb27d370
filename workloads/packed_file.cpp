// SPDX-License-Identifier: Apache-2.0
#include "workloads/packed_file.h"

#include <algorithm>

#include "models/user_error.h"

namespace systolog::workloads {

namespace fs = std::filesystem;

void require_file(const fs::path& path, const std::string& what) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw UserError(path.string() + ": no such file");
  if (!fs::is_regular_file(status)) {
    throw UserError(path.string() + ": not a regular file; allowed " + what);
  }
}

PackedFile::PackedFile(const fs::path& path, const std::string& what) : path_(path) {
  require_file(path, what);
  file_.reset(gzopen(path.c_str(), "rb"));
  if (!file_) fail("cannot be opened");
  if (gzdirect(file_.get()) == 0) check_packed();
}

std::vector<std::uint8_t> PackedFile::read_up_to(std::uint64_t count) {
  constexpr std::uint64_t kChunk = 1U << 20;
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < count) {
    const std::size_t at = bytes.size();
    const auto wanted = static_cast<unsigned>(std::min(kChunk, count - at));
    bytes.resize(at + wanted);
    const unsigned got = read_some(bytes.data() + at, wanted);
    bytes.resize(at + got);
    if (got < wanted) break;
  }
  return bytes;
}

bool PackedFile::at_end() {
  const int next = gzgetc(file_.get());
  if (next >= 0) {
    gzungetc(next, file_.get());
    return false;
  }
  check_stream();
  return true;
}

void PackedFile::fail(const std::string& what) const {
  throw UserError(path_.string() + ": " + what);
}

void PackedFile::fail_here(const std::string& what) const {
  fail("offset " + std::to_string(offset_) + ": " + what);
}

/// Fewer bytes than wanted only at the end of the file.
unsigned PackedFile::read_some(std::uint8_t* to, unsigned wanted) {
  const int got = gzread(file_.get(), to, wanted);
  if (got > 0) offset_ += static_cast<unsigned>(got);
  if (got < static_cast<int>(wanted)) check_stream();
  if (got < 0) fail_here("cannot be read");
  return static_cast<unsigned>(got);
}

void PackedFile::check_packed() {
  std::vector<std::uint8_t> piece(1U << 16);
  const auto wanted = static_cast<unsigned>(piece.size());
  while (read_some(piece.data(), wanted) == wanted) {
  }
  if (gzrewind(file_.get()) != 0) fail("cannot be read from its beginning again");
  offset_ = 0;
}

/// UserError for what zlib found wrong where it stopped.
void PackedFile::check_stream() {
  int code = Z_OK;
  std::string text = gzerror(file_.get(), &code);
  if (code == Z_OK || code == Z_STREAM_END) return;
  const std::string place = " after " + std::to_string(offset_) + " unpacked bytes";
  if (code == Z_BUF_ERROR) fail("the gzip file is cut off: it ends" + place);
  const std::string prefix = path_.string() + ": ";  // which zlib says too
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  fail((code == Z_ERRNO ? "cannot be read: " : "damaged gzip file: ") + text + place);
}

}  // namespace systolog::workloads
