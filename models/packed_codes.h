// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/arithmetic.h"

namespace systolog::models {

/// Codes of so many bits or fewer lie two to a byte in an accelerator's memories. Arithmetic units
/// see them one to a byte, as all other codes of up to 8 bits.
inline constexpr int kPackedBits = 4;
inline bool packs(const Arithmetic& a) { return a.bits() <= kPackedBits; }

/// Bits that a code takes in a memory.
inline std::uint32_t width_of(const Arithmetic& a, bool packed) {
  return packed ? kPackedBits : static_cast<std::uint32_t>(8 * a.code_bytes());
}
/// Bytes of codes one behind the other, from a whole byte to a whole byte.
constexpr std::uint64_t bytes_of(std::uint64_t codes, std::uint32_t width) {
  return (codes * width + 7) / 8;
}

/// Rows of codes, one a byte, to two a byte: the first in the low half. A row of an odd number ends
/// in a half byte of zero.
inline void pack(const std::byte* codes, std::size_t rows, std::size_t row_codes,
                 std::byte* packed) {
  if (row_codes % 2 == 0) row_codes *= rows, rows = 1;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < row_codes / 2; ++i) {
      packed[i] = codes[2 * i] | codes[2 * i + 1] << kPackedBits;
    }
    if (row_codes % 2 != 0) packed[row_codes / 2] = codes[row_codes - 1];
    codes += row_codes;
    packed += (row_codes + 1) / 2;
  }
}
inline void unpack(const std::byte* packed, std::size_t rows, std::size_t row_codes,
                   std::byte* codes) {
  constexpr std::byte kLow{(1 << kPackedBits) - 1};
  if (row_codes % 2 == 0) row_codes *= rows, rows = 1;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < row_codes / 2; ++i) {
      codes[2 * i] = packed[i] & kLow;
      codes[2 * i + 1] = packed[i] >> kPackedBits;
    }
    if (row_codes % 2 != 0) codes[row_codes - 1] = packed[row_codes / 2] & kLow;
    codes += row_codes;
    packed += (row_codes + 1) / 2;
  }
}

/// What lies in a memory as the arithmetic takes it: as it is, or taken apart where it is packed.
class UnpackedCodes {
 public:
  UnpackedCodes(std::span<const std::byte> bytes, bool packed, std::size_t rows,
                std::size_t row_codes)
      : codes_(bytes) {
    if (!packed) return;
    apart_.resize(rows * row_codes);
    unpack(bytes.data(), rows, row_codes, apart_.data());
    codes_ = apart_;
  }
  UnpackedCodes(const UnpackedCodes&) = delete;
  UnpackedCodes& operator=(const UnpackedCodes&) = delete;

  std::span<const std::byte> codes() const { return codes_; }

 private:
  std::vector<std::byte> apart_;
  std::span<const std::byte> codes_;
};

}  // namespace systolog::models
