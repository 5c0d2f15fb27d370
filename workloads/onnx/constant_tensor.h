// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "workloads/onnx/tensor_data.h"

namespace systolog::workloads::onnx_import {

using Dims = std::vector<std::size_t>;

// What evaluations of constants share. Everything throws UserError without file and node.

/// Elements of a tensor, refused above kMaxElements.
std::size_t checked_count(const Dims& dims);

/// A constant of the type of `kind`, all zeros.
Constant empty_like(const Constant& kind, Dims dims);

inline void copy_element(const Constant& from, std::size_t i, Constant& to, std::size_t at) {
  if (from.is_float) {
    to.floats[at] = from.floats[i];
  } else {
    to.ints[at] = from.ints[i];
  }
}

/// out[i] = in[position(i)].
template <typename Position>
Constant picked(const Constant& in, Dims dims, Position position) {
  Constant out = empty_like(in, std::move(dims));
  for (std::size_t i = 0; i < out.count(); ++i) copy_element(in, position(i), out, i);
  return out;
}

/// Elements from one position of each dimension to the next, row-major.
Dims strides_of(const Dims& dims);

/// Position in a tensor of `from` dimensions, broadcast to `to`, of element i of the latter.
class Broadcast {
 public:
  Broadcast(const Dims& from, const Dims& to);
  std::size_t operator()(std::size_t i) const {
    std::size_t at = 0;
    for (std::size_t d = 0; d < to_.size(); ++d) {
      at += i / to_strides_[d] % to_[d] * from_strides_[d];
    }
    return at;
  }

 private:
  Dims to_strides_, to_, from_strides_;
};

/// Of two tensors that meet element by element.
Dims broadcast_dims(const Dims& a, const Dims& b);

/// Integers wrap around as two's complement does; no undefined overflow.
inline std::int64_t wrapped(std::uint64_t value) { return static_cast<std::int64_t>(value); }
inline std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

}  // namespace systolog::workloads::onnx_import
