// SPDX-License-Identifier: Apache-2.0
// Operators that change the shape only: Flatten and Reshape.
#include <algorithm>
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

struct Request {
  std::vector<std::int64_t> shape;  // as the model asks
  bool zero_copies = true;          // 0 stands for the input's dimension
  std::string text;                 // "[2, 3, 3] to [-1, 18]", for messages
};

/// Fills in the zeros (copied from `from`) and at most one -1, from dimension `first` on; these
/// multiply to `count`.
std::vector<std::size_t> resolve(const Request& request, std::size_t first,
                                 const std::vector<std::size_t>& from, std::size_t count) {
  std::vector<std::size_t> sizes(request.shape.size(), 1);
  std::optional<std::size_t> open;
  std::size_t known = 1;
  for (std::size_t i = first; i < sizes.size(); ++i) {
    std::int64_t size = request.shape[i];
    if (size == -1 && !open) {
      open = i;
      continue;
    }
    if (size == 0 && request.zero_copies && i < from.size()) {
      size = static_cast<std::int64_t>(from[i]);
    }
    if (size < 1 || size > static_cast<std::int64_t>(kMaxElements)) {
      throw UserError("cannot reshape " + request.text + ": dimension " + std::to_string(i) +
                      " is " + std::to_string(size) +
                      ", allowed a size, 0 for a dimension of the input or one -1");
    }
    sizes[i] = static_cast<std::size_t>(size);
    known *= sizes[i];
    if (known > kMaxElements) break;  // more than any input has
  }
  if (open && count % known == 0) {
    sizes[*open] = count / known;
    known = count;
  }
  if (known != count) {
    throw UserError("cannot reshape " + request.text + ": " + std::to_string(count) +
                    " elements do not fit");
  }
  return sizes;
}

void reshape_constant(NodeImport& node, Request request) {
  auto changed = std::make_shared<Constant>(node.constant(0));
  node.charge(changed->count());
  request.text = to_string(changed->dims) + " to " + to_text(request.shape);
  changed->dims = resolve(request, 0, changed->dims, changed->count());
  node.bind(std::shared_ptr<const Constant>(std::move(changed)));
}

/// The first dimension has to stay the batch; the others are one image's.
void reshape_activation(NodeImport& node, Request request) {
  const Shape& in = node.shape(0);
  request.text = to_string(in) + " to " + to_text(request.shape);
  if (request.shape.size() != 2 && request.shape.size() != 4) {
    throw UserError("cannot reshape " + request.text +
                    ", allowed [N, features] or [N, channels, height, width]");
  }
  const std::int64_t batch = request.shape[0];
  // 1 is what exporters write that traced one image; the simulator runs image by image.
  const bool keeps_batch =
      batch == -1 || (batch == 0 && request.zero_copies) || batch == 1 || batch == node.batch();
  if (!keeps_batch) {
    throw UserError("cannot reshape " + request.text +
                    ": the first dimension must stay the batch, allowed 0, -1, 1" +
                    (node.batch() ? " or " + std::to_string(*node.batch()) : ""));
  }
  if (batch == -1 && std::ranges::count(request.shape, -1) > 1) {
    throw UserError("cannot reshape " + request.text + ": more than one -1, allowed one");
  }
  std::vector<std::size_t> from = {1, in.channels};
  if (!in.is_vector) from = {1, in.channels, in.height, in.width};
  const std::vector<std::size_t> sizes = resolve(request, 1, from, in.count());
  Shape target{.channels = sizes[1], .is_vector = sizes.size() == 2};
  if (!target.is_vector) target.height = sizes[2], target.width = sizes[3];
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
  Request request{.shape = shape.ints, .zero_copies = allow_zero == 0, .text = {}};
  if (node.is_constant(0)) {
    reshape_constant(node, std::move(request));
  } else {
    reshape_activation(node, std::move(request));
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
