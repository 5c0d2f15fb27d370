// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "models/arithmetic.h"
#include "tests/draw.h"
#include "tests/oracle/posit_oracle.h"

namespace systolog::test {

using models::Arithmetic;
using models::Code;
using models::make_arithmetic;

inline std::string hex(std::uint64_t code) {
  std::ostringstream out;
  out << "0x" << std::hex << code;
  return out.str();
}

/// 0, NaR, minpos, maxpos, +-1 and the neighbours of each.
inline std::vector<Code> posit_edges(const oracle::PositFormat& f) {
  std::vector<Code> edges;
  for (const std::uint64_t centre : {std::uint64_t{0}, f.nar(), f.one(), f.negate(f.one())}) {
    for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1}, f.mask()}) {
      edges.push_back(static_cast<Code>((centre + step) & f.mask()));
    }
  }
  return edges;  // +-1 around 0 and NaR are +-minpos and -+maxpos
}

/// A buffer of little-endian codes of `bytes` bytes each, at an odd address on purpose.
class CodeBuffer {
 public:
  CodeBuffer(std::size_t count, std::size_t bytes)
      : count_(count), bytes_(bytes), storage_(count * bytes + 1) {}
  CodeBuffer(std::span<const Code> codes, std::size_t bytes) : CodeBuffer(codes.size(), bytes) {
    for (std::size_t i = 0; i < codes.size(); ++i) set(i, codes[i]);
  }
  std::byte* data() { return storage_.data() + 1; }
  const std::byte* data() const { return storage_.data() + 1; }
  void set(std::size_t i, Code code) {
    for (std::size_t b = 0; b < bytes_; ++b) {
      data()[i * bytes_ + b] = static_cast<std::byte>((code >> (8 * b)) & 0xFFU);
    }
  }
  Code operator[](std::size_t i) const {
    Code code = 0;
    for (std::size_t b = 0; b < bytes_; ++b) {
      code |= std::to_integer<Code>(data()[i * bytes_ + b]) << (8 * b);
    }
    return code;
  }
  std::size_t size() const { return count_; }

 private:
  std::size_t count_, bytes_;
  std::vector<std::byte> storage_;
};

inline Code encode_one(const Arithmetic& arithmetic, float value, models::Quantisation q = {}) {
  CodeBuffer codes(1, arithmetic.code_bytes());
  arithmetic.encode({&value, 1}, q, codes.data());
  return codes[0];
}
inline float decode_one(const Arithmetic& arithmetic, Code code, models::Quantisation q = {}) {
  const CodeBuffer codes({&code, 1}, arithmetic.code_bytes());
  float value = 0.0F;
  arithmetic.decode(codes.data(), q, {&value, 1});
  return value;
}

}  // namespace systolog::test
