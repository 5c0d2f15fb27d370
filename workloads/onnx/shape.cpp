// SPDX-License-Identifier: Apache-2.0
// Operators that change the shape only: Flatten, Reshape, Squeeze, Transpose, Unsqueeze; and Shape.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/axes.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

using Dims = std::vector<std::size_t>;

/// Binds the output to input 0's elements, row by row, under other dimensions.
void retarget(NodeImport& node, const Dims& dims) {
  const std::size_t input = node.row_major(0);
  if (dims.empty() || dims.size() > 3) {
    node.bind(View{input, dims, {}});
  } else {
    node.emit(Reshape{shape_for(dims)}, {input});
  }
}

/// The dimensions with the batch, which counts as one image where it is open.
Dims with_batch(const NodeImport& node, const Dims& dims) {
  Dims all = {static_cast<std::size_t>(node.batch().value_or(1))};
  all.insert(all.end(), dims.begin(), dims.end());
  return all;
}

std::optional<std::vector<std::int64_t>> axes_of(NodeImport& node) {
  std::optional<Constant> input;
  if (node.has_input(1)) input = node.int_constant(1);
  return read_axes(node.attributes, node.opset(), 13, input ? &*input : nullptr);
}

/// Axes added or taken away have size 1: the others stay what they are, if there is a place.
void change_ones(NodeImport& node, const Dims& dims) {
  if (dims.empty() || dims.front() != with_batch(node, {}).front()) {
    throw UserError("the first dimension of " + to_string(node.view(0).dims) +
                    " must stay the batch");
  }
  View seen = node.view(0);
  const Dims inner(dims.begin() + 1, dims.end());
  if (!seen.has_axes() || inner.empty() || inner.size() > 3) return retarget(node, inner);
  Dims axes, free;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (std::ranges::find(seen.axes, axis) == seen.axes.end()) free.push_back(axis);
  }
  // Dimensions above 1 keep their axes; those of 1 take what is left.
  for (std::size_t d = 0; d < seen.dims.size(); ++d) {
    if (seen.dims[d] == 1) free.push_back(seen.axes[d]);
  }
  std::ranges::sort(free);
  std::size_t from = 0;
  for (const std::size_t size : inner) {
    if (size == 1) {
      axes.push_back(free.front());
      free.erase(free.begin());
      continue;
    }
    while (seen.dims[from] == 1) ++from;
    axes.push_back(seen.axes[from++]);
  }
  seen.dims = inner;
  seen.axes = axes;
  node.bind(std::move(seen));
}

}  // namespace

/// The first dimension has to stay the batch; the others are one image's.
void import_reshape(NodeImport& node) {
  node.check_arity(2, 2);
  const bool zero_copies = node.attributes.integer("allowzero", 0) == 0;
  const std::vector<std::int64_t> target = list_of(node.int_constant(1));
  const Dims dims = node.view(0).dims;
  const std::string what = "cannot reshape " + to_string(dims) + " to " + to_text(target);
  if (target.empty()) throw UserError(what);
  // 1 is what exporters write that traced one image; the simulator runs image by image.
  const std::int64_t batch = target[0];
  const bool keeps_batch =
      batch == -1 || (batch == 0 && zero_copies) || batch == 1 || batch == node.batch();
  if (!keeps_batch) {
    throw UserError(what + ": the first dimension must stay the batch, allowed 0, -1, 1" +
                    (node.batch() ? " or " + std::to_string(*node.batch()) : ""));
  }
  if (batch == -1 && std::ranges::count(target, -1) > 1) {
    throw UserError(what + ": more than one -1, allowed one");
  }
  std::size_t count = 1;
  for (const std::size_t size : dims) count *= size;
  retarget(node, resolve_reshape(target, 1, zero_copies, dims, count));
}

void import_flatten(NodeImport& node) {
  node.check_arity(1, 1);
  const Dims& dims = node.view(0).dims;
  const auto rank = static_cast<std::int64_t>(dims.size()) + 1;
  const std::int64_t axis = node.attributes.integer("axis", 1);
  if (axis != 1 && axis != 1 - rank) {
    throw UserError("attribute 'axis': got " + std::to_string(axis) + ", allowed 1 (or " +
                    std::to_string(1 - rank) + "): the batch stays");
  }
  std::size_t count = 1;
  for (const std::size_t size : dims) count *= size;
  retarget(node, {count});
}

void import_squeeze(NodeImport& node) {
  node.check_arity(1, 2);
  const auto axes = axes_of(node);
  Dims dims = with_batch(node, node.view(0).dims);
  // Without axes the batch stays: it is 1 only as long as one image is run.
  if (!axes) dims.front() = 0;
  dims = squeezed(dims, axes);
  if (!axes) dims.front() = with_batch(node, {}).front();
  change_ones(node, dims);
}

void import_unsqueeze(NodeImport& node) {
  node.check_arity(1, 2);
  const auto axes = axes_of(node);
  const Dims dims = with_batch(node, node.view(0).dims);
  if (axes && std::ranges::find(*axes, 0) != axes->end()) {
    throw UserError("adds a dimension before the batch, allowed behind it");
  }
  change_ones(node, unsqueezed(dims, axes));
}

void import_transpose(NodeImport& node) {
  node.check_arity(1, 1);
  const View seen = node.view(0);
  const Dims order = checked_permutation(node.attributes.integers("perm"), seen.dims.size() + 1);
  if (order[0] != 0) {
    throw UserError("attribute 'perm' moves the batch, allowed the dimensions behind it");
  }
  View out{seen.node, {}, {}};
  Dims permutation;
  for (std::size_t d = 1; d < order.size(); ++d) {
    permutation.push_back(order[d] - 1);
    out.dims.push_back(seen.dims[permutation.back()]);
    if (seen.has_axes()) out.axes.push_back(seen.axes[permutation.back()]);
  }
  if (!seen.has_axes() && !seen.dims.empty()) {
    out.node = node.append(Transpose{seen.dims, permutation, shape_for(out.dims)}, {seen.node});
  }
  node.bind(std::move(out));
}

/// A constant to those that reckon with it, although its tensor is computed.
void import_shape(NodeImport& node) {
  node.check_arity(1, 1);
  std::vector<std::int64_t> dims;
  for (const std::size_t size : with_batch(node, node.view(0).dims)) {
    dims.push_back(static_cast<std::int64_t>(size));
  }
  node.bind(shape_constant(dims, node.attributes));
}

void import_size(NodeImport& node) {
  node.check_arity(1, 1);
  Constant count;
  count.is_float = false;
  count.ints = {1};
  for (const std::size_t size : with_batch(node, node.view(0).dims)) {
    count.ints[0] *= static_cast<std::int64_t>(size);
  }
  node.bind(std::move(count));
}

}  // namespace systolog::workloads::onnx_import
