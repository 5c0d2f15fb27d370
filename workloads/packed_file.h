// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace systolog::workloads {

/// A plain or gzip file read forward; zlib tells the two apart. A gzip file is unpacked to its end
/// once before anything of it is handed on: what is damaged or cut off, wherever, would otherwise
/// pass for bad contents, or pass. Offsets in messages count unpacked bytes. Everything that is
/// wrong with the file is a UserError that names it.
class PackedFile {
 public:
  /// `what`: what the file should be, for messages: "an idx file".
  PackedFile(const std::filesystem::path& path, const std::string& what);

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t offset() const { return offset_; }  // of the next byte

  /// The next `count` bytes, fewer only at the file's end. Memory grows with what the file really
  /// holds, whatever a header promised.
  std::vector<std::uint8_t> read_up_to(std::uint64_t count);

  bool at_end();

  /// Throws UserError("PATH: " + what).
  [[noreturn]] void fail(const std::string& what) const;
  /// The same with the offset of the next byte.
  [[noreturn]] void fail_here(const std::string& what) const;

 private:
  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };

  unsigned read_some(std::uint8_t* to, unsigned wanted);
  void check_packed();
  void check_stream();

  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::uint64_t offset_ = 0;
};

/// UserError unless `path` is a file that is there; `what` as above.
void require_file(const std::filesystem::path& path, const std::string& what);

}  // namespace systolog::workloads
