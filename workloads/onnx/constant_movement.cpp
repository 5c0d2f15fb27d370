// SPDX-License-Identifier: Apache-2.0
// Constants whose elements are put into another order or place: Concat, Gather, Slice, Transpose.
#include <string>
#include <utility>
#include <vector>

#include "models/user_error.h"
#include "workloads/onnx/axes.h"
#include "workloads/onnx/constant_folding.h"
#include "workloads/onnx/constant_tensor.h"

namespace systolog::workloads::onnx_import {

namespace {

Constant join(const ConstantNode& node) {
  const Constant& first = node.input(0);
  const std::size_t axis = checked_axis(node.attributes.integer("axis", 1), first.dims.size());
  Dims dims = first.dims;
  dims[axis] = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    Dims other = node.input(i).dims;
    if (node.input(i).is_float != first.is_float || other.size() != dims.size()) {
      throw UserError("joins constants of different types or numbers of dimensions");
    }
    dims[axis] += other[axis];
    other[axis] = first.dims[axis];
    if (other != first.dims) {
      throw UserError("cannot join constants of shapes " + to_string(first.dims) + " and " +
                      to_string(node.input(i).dims));
    }
  }
  Constant out = empty_like(first, dims);
  const std::size_t inner = strides_of(dims)[axis];
  const std::size_t row = dims[axis] * inner;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Constant& in = node.input(i);
    const std::size_t part = in.dims[axis] * inner;
    for (std::size_t e = 0; e < in.count(); ++e) {
      copy_element(in, e, out, e / part * row + offset + e % part);
    }
    offset += part;
  }
  return out;
}

Constant gather(const ConstantNode& node) {
  const Constant &data = node.input(0), &indices = node.input(1);
  const std::size_t axis = checked_axis(node.attributes.integer("axis", 0), data.dims.size());
  if (indices.is_float) throw UserError("its indices are floats, allowed an integer type");
  const auto size = static_cast<std::int64_t>(data.dims[axis]);
  for (const std::int64_t i : indices.ints) {
    if (i < -size || i >= size) {
      throw UserError("index " + std::to_string(i) + " of " + std::to_string(size) + " elements");
    }
  }
  const auto split = data.dims.begin() + static_cast<std::ptrdiff_t>(axis);
  Dims dims(data.dims.begin(), split);
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), split + 1, data.dims.end());
  const std::size_t inner = strides_of(data.dims)[axis], many = indices.count();
  return picked(data, dims, [&](std::size_t i) {
    const std::int64_t index = indices.ints[i / inner % many];
    const auto at = static_cast<std::size_t>(index < 0 ? index + size : index);
    return (i / (inner * many) * data.dims[axis] + at) * inner + i % inner;
  });
}

Constant slice(const ConstantNode& node) {
  const Constant& in = node.input(0);
  const SliceRequest request = read_slice(node.attributes, node.opset, node.inputs);
  Dims dims = in.dims;
  std::vector<PositionRange> ranges;
  for (const std::size_t size : dims) {
    ranges.push_back({0, 1, size});
  }
  for (std::size_t i = 0; i < request.starts.size(); ++i) {
    const std::size_t d = checked_axis(request.axes[i], dims.size());
    ranges[d] = positions(request.starts[i], request.ends[i], request.steps[i], in.dims[d]);
    dims[d] = ranges[d].count;
  }
  const Dims from = strides_of(in.dims), to = strides_of(dims);
  return picked(in, dims, [&](std::size_t i) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      const auto index = static_cast<std::int64_t>(i / to[d] % dims[d]);
      at += (ranges[d].begin + index * ranges[d].step) * static_cast<std::int64_t>(from[d]);
    }
    return static_cast<std::size_t>(at);
  });
}

Constant transpose(const ConstantNode& node) {
  const Constant& in = node.input(0);
  const Dims permutation = checked_permutation(node.attributes.integers("perm"), in.dims.size());
  const Dims strides = strides_of(in.dims);
  Dims dims, from;
  for (const std::size_t d : permutation) {
    dims.push_back(in.dims[d]);
    from.push_back(strides[d]);
  }
  const Dims to = strides_of(dims);
  return picked(in, dims, [&](std::size_t i) {
    std::size_t at = 0;
    for (std::size_t d = 0; d < dims.size(); ++d) at += i / to[d] % dims[d] * from[d];
    return at;
  });
}

constexpr EvaluationEntry kEvaluations[] = {
    {"Concat", join},
    {"Gather", gather},
    {"Slice", slice},
    {"Transpose", transpose},
};

}  // namespace

std::span<const EvaluationEntry> movement_evaluations() { return kEvaluations; }

}  // namespace systolog::workloads::onnx_import
