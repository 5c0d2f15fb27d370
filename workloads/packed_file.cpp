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
  int code = Z_OK;
  const char* const text = gzerror(file_.get(), &code);
  if (code == Z_BUF_ERROR) fail_here("the packed stream is cut off before its checksum");
  if (code != Z_OK && code != Z_STREAM_END) {
    fail_here(std::string("cannot be unpacked or read: ") + text);
  }
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
  int code = Z_OK;
  const char* const text = gzerror(file_.get(), &code);
  // Z_BUF_ERROR: the packed stream stops short; what was unpacked so far is reported as an end.
  if (got < 0 || (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)) {
    fail_here(std::string("cannot be unpacked or read: ") + text);
  }
  offset_ += static_cast<unsigned>(got);
  return static_cast<unsigned>(got);
}

}  // namespace systolog::workloads
