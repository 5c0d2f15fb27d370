// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "models/arithmetic.h"

namespace systolog::models {

static_assert(std::endian::native == std::endian::little, "codes are stored little-endian");

/// Bytes of one code: the smallest of 1, 2, 4 that holds `bits`.
constexpr std::size_t code_bytes_for(int bits) { return bits <= 8 ? 1 : bits <= 16 ? 2 : 4; }

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <typename T>
void store(const T& value, std::byte* at) {
  std::memcpy(at, &value, sizeof value);
}

inline Code load_code(const std::byte* codes, std::size_t i, std::size_t bytes) {
  switch (bytes) {
    case 1:
      return load<std::uint8_t>(codes + i);
    case 2:
      return load<std::uint16_t>(codes + 2 * i);
    default:
      return load<std::uint32_t>(codes + 4 * i);
  }
}
inline void store_code(Code code, std::byte* codes, std::size_t i, std::size_t bytes) {
  switch (bytes) {
    case 1:
      return store(static_cast<std::uint8_t>(code), codes + i);
    case 2:
      return store(static_cast<std::uint16_t>(code), codes + 2 * i);
    default:
      return store(code, codes + 4 * i);
  }
}

/// Decodes codes of a format into operands: by a table up to 16 bits, by `decode` above.
template <typename Operand, typename Decode>
class Decoder {
 public:
  Decoder(int bits, Decode decode) : bytes_(code_bytes_for(bits)), decode_(std::move(decode)) {
    if (bits > 16) return;
    table_.resize(std::size_t{1} << (8 * bytes_));
    const Code mask = (Code{1} << bits) - 1;  // bits above a code's are 0; the table has no holes
    for (Code code = 0; code < table_.size(); ++code) table_[code] = decode_(code & mask);
  }
  /// out[i * stride] = the operand that codes[i] stands for.
  void operator()(const std::byte* codes, std::size_t count, Operand* out,
                  std::size_t stride) const {
    if (bytes_ == 1) {
      look_up<std::uint8_t>(codes, count, out, stride);
    } else if (bytes_ == 2) {
      look_up<std::uint16_t>(codes, count, out, stride);
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        out[i * stride] = decode_(load<std::uint32_t>(codes + 4 * i));
      }
    }
  }

 private:
  template <typename T>
  void look_up(const std::byte* codes, std::size_t count, Operand* out, std::size_t stride) const {
    const Operand* table = table_.data();
    if (stride == 1) {
      std::size_t i = 0;
      for (; i + 8 <= count; i += 8) {
        T eight[8];
        std::memcpy(eight, codes + i * sizeof(T), sizeof eight);
        for (std::size_t j = 0; j < 8; ++j) out[i + j] = table[eight[j]];
      }
      for (; i < count; ++i) out[i] = table[load<T>(codes + i * sizeof(T))];
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        out[i * stride] = table[load<T>(codes + i * sizeof(T))];
      }
    }
  }

  std::size_t bytes_;
  Decode decode_;
  std::vector<Operand> table_;
};

}  // namespace systolog::models
