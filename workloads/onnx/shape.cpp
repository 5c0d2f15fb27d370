// SPDX-License-Identifier: Apache-2.0
// Operators that change the shape only: Flatten and Reshape.
#include <cstdint>
#include <optional>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

std::string to_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  text += ']';
  return text;
}

/// Fills in the zeros (copied from `from`) and at most one -1. Dimensions multiply to `count`.
std::vector<std::size_t> resolve(std::vector<std::int64_t> shape, std::size_t first,
                                 const std::vector<std::size_t>& from, std::size_t count,
                                 bool zero_copies) {
  const std::string asked = to_text(shape);
  std::optional<std::size_t> open;
  std::size_t known = 1;
  for (std::size_t i = first; i < shape.size(); ++i) {
    if (shape[i] == 0 && zero_copies && i < from.size()) {
      shape[i] = static_cast<std::int64_t>(from[i]);
    }
    if (shape[i] == -1 && !open) {
      open = i;
      continue;
    }
    if (shape[i] < 1 || shape[i] > static_cast<std::int64_t>(kMaxElements)) {
      throw UserError("cannot reshape to " + asked + ": dimension " + std::to_string(i) + " is " +
                      std::to_string(shape[i]) +
                      ", allowed a size, 0 for a dimension of the input or one -1");
    }
    known *= static_cast<std::size_t>(shape[i]);
    if (known > kMaxElements) break;
  }
  if (open && known <= kMaxElements && count % known == 0) {
    shape[*open] = static_cast<std::int64_t>(count / known);
    known = count;
  }
  if (known != count) {
    throw UserError("cannot reshape " + to_string(from) + " to " + asked + ": " +
                    std::to_string(count) + " elements do not fit");
  }
  return {shape.begin(), shape.end()};
}

void reshape_constant(NodeImport& node, const std::vector<std::int64_t>& shape, bool zero_copies) {
  auto changed = std::make_shared<Constant>(node.constant(0));
  node.charge(changed->count());
  changed->dims = resolve(shape, 0, changed->dims, changed->count(), zero_copies);
  node.bind(std::shared_ptr<const Constant>(std::move(changed)));
}

/// The first dimension has to stay the batch; the others are one image's.
void reshape_activation(NodeImport& node, const std::vector<std::int64_t>& shape,
                        bool zero_copies) {
  const Shape& in = node.shape(0);
  if (shape.size() != 2 && shape.size() != 4) {
    throw UserError("cannot reshape " + to_string(in) + " to " + to_text(shape) +
                    ", allowed [N, features] or [N, channels, height, width]");
  }
  const std::int64_t batch = shape[0];
  // 1 is what exporters write that traced one image; the simulator runs image by image.
  const bool keeps_batch =
      batch == -1 || (batch == 0 && zero_copies) || batch == 1 || batch == node.batch();
  if (!keeps_batch) {
    throw UserError("cannot reshape to " + to_text(shape) +
                    ": the first dimension must stay the batch, allowed 0, -1, 1" +
                    (node.batch() ? " or " + std::to_string(*node.batch()) : ""));
  }
  std::vector<std::size_t> from = {0, in.channels};
  if (!in.is_vector) from = {0, in.channels, in.height, in.width};
  std::vector<std::int64_t> wanted = shape;
  wanted[0] = 1;
  if (batch == -1) {  // then no other may be open
    for (std::size_t i = 1; i < wanted.size(); ++i) {
      if (wanted[i] == -1) throw UserError("cannot reshape to " + to_text(shape) + ": two -1");
    }
  }
  const std::vector<std::size_t> dims = resolve(wanted, 1, from, in.count(), zero_copies);
  Shape target{.channels = dims[1], .is_vector = dims.size() == 2};
  if (!target.is_vector) target.height = dims[2], target.width = dims[3];
  node.emit(Reshape{target}, {node.activation(0)});
}

}  // namespace

void import_reshape(NodeImport& node) {
  node.check_arity(2, 2);
  const std::int64_t allow_zero = node.attributes.integer("allowzero", 0);
  const Constant shape = node.int_constant(1);
  if (shape.dims.size() != 1 || shape.ints.size() > 8) {
    throw UserError("target '" + shape.name + "' has shape " + to_string(shape.dims) +
                    ", allowed one dimension of at most 8 values");
  }
  if (node.is_constant(0)) {
    reshape_constant(node, shape.ints, allow_zero == 0);
  } else {
    reshape_activation(node, shape.ints, allow_zero == 0);
  }
}

void import_flatten(NodeImport& node) {
  node.check_arity(1, 1);
  const Shape& in = node.shape(0);
  const std::int64_t rank = in.is_vector ? 2 : 4;
  const std::int64_t axis = node.attributes.integer("axis", 1);
  if (axis != 1 && axis != 1 - rank) {
    throw UserError("attribute 'axis': got " + std::to_string(axis) + ", allowed 1 (or " +
                    std::to_string(1 - rank) + "): the batch stays");
  }
  node.emit(Reshape{{.channels = in.count(), .is_vector = true}}, {node.activation(0)});
}

}  // namespace systolog::workloads::onnx_import
