// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "workloads/packed_file.h"
#include "workloads/tensor.h"

namespace systolog::workloads {

/// One array in NumPy's format, plain or gzip, read forward: "\x93NUMPY", version, length of the
/// header, a Python dictionary {'descr', 'fortran_order', 'shape'}, the data. [NEP 1]
/// Little-endian or one-byte elements in C order; everything else is refused.
class NpyFile {
 public:
  explicit NpyFile(const std::filesystem::path& path);

  const std::string& descr() const { return descr_; }  // "<f4", "|u1"
  std::size_t item_bytes() const { return item_bytes_; }
  const std::vector<std::size_t>& shape() const { return shape_; }

  /// The next `count` elements' bytes.
  std::vector<std::uint8_t> read(std::uint64_t count);
  /// UserError unless this is the end of the file.
  void finish();
  [[noreturn]] void fail(const std::string& what) const { file_.fail(what); }

 private:
  void parse_header(const std::string& header);

  PackedFile file_;
  std::string descr_;
  std::size_t item_bytes_ = 1;
  std::vector<std::size_t> shape_;
};

/// A tensor as the bytes of a .npy file, version 1.0, '<f4', C order.
std::string to_npy(const Tensor& tensor);

/// "(10, 3, 224, 224)".
std::string shape_text(const std::vector<std::size_t>& shape);

}  // namespace systolog::workloads
