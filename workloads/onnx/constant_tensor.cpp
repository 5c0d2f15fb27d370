// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/constant_tensor.h"

#include <algorithm>
#include <string>

#include "models/user_error.h"
#include "workloads/graph.h"

namespace systolog::workloads::onnx_import {

std::size_t checked_count(const Dims& dims) {
  std::size_t count = 1;
  for (const std::size_t dim : dims) {
    if (dim != 0 && count > kMaxElements / dim) {
      throw UserError("a constant of shape " + to_string(dims) + " has more than " +
                      std::to_string(kMaxElements) + " elements");
    }
    count *= dim;
  }
  return count;
}

Constant empty_like(const Constant& kind, Dims dims) {
  Constant out;
  out.name = kind.name;
  out.is_float = kind.is_float;
  const std::size_t count = checked_count(dims);
  out.dims = std::move(dims);
  if (out.is_float) {
    out.floats.resize(count);
  } else {
    out.ints.resize(count);
  }
  return out;
}

Dims strides_of(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * dims[d];
  return strides;
}

Broadcast::Broadcast(const Dims& from, const Dims& to) : to_strides_(strides_of(to)), to_(to) {
  const Dims strides = strides_of(from);
  from_strides_.assign(to.size(), 0);
  const std::size_t missing = to.size() - from.size();
  for (std::size_t d = 0; d < from.size(); ++d) {
    if (from[d] != 1) from_strides_[missing + d] = strides[d];
  }
}

Dims broadcast_dims(const Dims& a, const Dims& b) {
  Dims dims(std::max(a.size(), b.size()), 1);
  for (std::size_t d = 0; d < dims.size(); ++d) {
    const auto size = [&](const Dims& of) {
      return d < of.size() ? of[of.size() - 1 - d] : std::size_t{1};
    };
    if (size(a) != size(b) && size(a) != 1 && size(b) != 1) {
      throw UserError("constants of shapes " + to_string(a) + " and " + to_string(b) +
                      " do not broadcast to each other");
    }
    dims[dims.size() - 1 - d] = size(a) == 1 ? size(b) : size(a);
  }
  return dims;
}

}  // namespace systolog::workloads::onnx_import
