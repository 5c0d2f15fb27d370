// SPDX-License-Identifier: Apache-2.0
// Constants that are shapes or are made from them, and other shapes of the same elements.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "models/user_error.h"
#include "workloads/graph.h"
#include "workloads/onnx/axes.h"
#include "workloads/onnx/constant_folding.h"
#include "workloads/onnx/constant_tensor.h"

namespace systolog::workloads::onnx_import {

namespace {

/// Shape as a list of integers, each at least 0.
Dims dims_from(const Constant& shape) {
  if (shape.is_float || shape.dims.size() > 1) {
    throw UserError("shape '" + shape.name + "': allowed one dimension of integers");
  }
  Dims dims;
  for (const std::int64_t size : shape.ints) {
    if (size < 0 || size > static_cast<std::int64_t>(kMaxElements)) {
      throw UserError("shape '" + shape.name + "' holds " + std::to_string(size) +
                      ", allowed 0 to " + std::to_string(kMaxElements));
    }
    dims.push_back(static_cast<std::size_t>(size));
  }
  return dims;
}

Constant shape_of(const ConstantNode& node) {
  Dims dims = node.input(0).dims;
  return shape_constant({dims.begin(), dims.end()}, node.attributes);
}

Constant size_of(const ConstantNode& node) {
  Constant out;
  out.is_float = false;
  out.ints = {static_cast<std::int64_t>(node.input(0).count())};
  return out;
}

Constant constant_of_shape(const ConstantNode& node) {
  Constant value;
  value.floats = {0.0F};
  if (node.attributes.has("value")) value = decode(node.attributes.tensor("value"));
  if (value.count() != 1) throw UserError("attribute 'value': allowed one value");
  return picked(value, dims_from(node.input(0)), [](std::size_t) { return std::size_t{0}; });
}

Constant expand(const ConstantNode& node) {
  const Constant& in = node.input(0);
  Dims dims = broadcast_dims(in.dims, dims_from(node.input(1)));
  checked_count(dims);
  const Broadcast at(in.dims, dims);
  return picked(in, dims, at);
}

Constant range(const ConstantNode& node) {
  const Constant &start = node.input(0), &limit = node.input(1), &delta = node.input(2);
  for (const Constant* c : {&start, &limit, &delta}) {
    if (c->count() != 1 || c->is_float != start.is_float) {
      throw UserError("allowed three numbers of one type");
    }
  }
  const auto number = [](const Constant& c) {
    return c.is_float ? double{c.floats[0]} : static_cast<double>(c.ints[0]);
  };
  const double steps =
      number(delta) == 0.0 ? -1.0 : std::ceil((number(limit) - number(start)) / number(delta));
  if (number(delta) == 0.0 || steps > static_cast<double>(kMaxElements)) {
    throw UserError("counts from " + std::to_string(number(start)) + " to " +
                    std::to_string(number(limit)) + " in steps of " +
                    std::to_string(number(delta)) + ": allowed 0 to " +
                    std::to_string(kMaxElements) + " values");
  }
  Constant out = empty_like(start, {static_cast<std::size_t>(std::max(steps, 0.0))});
  for (std::size_t i = 0; i < out.count(); ++i) {
    if (out.is_float) {
      out.floats[i] = start.floats[0] + static_cast<float>(i) * delta.floats[0];
    } else {
      out.ints[i] = start.ints[0] + static_cast<std::int64_t>(i) * delta.ints[0];
    }
  }
  return out;
}

Constant with_dims(const Constant& in, Dims dims) {
  if (checked_count(dims) != in.count()) {
    throw UserError("cannot reshape " + to_string(in.dims) + " to " + to_string(dims));
  }
  Constant out = in;
  out.dims = std::move(dims);
  return out;
}

Constant reshape(const ConstantNode& node) {
  const Constant& in = node.input(0);
  const bool zero_copies = node.attributes.integer("allowzero", 0) == 0;
  const Constant& shape = node.input(1);
  if (shape.is_float) throw UserError("'" + shape.name + "' holds floats, allowed integers");
  return with_dims(in, resolve_reshape(shape.ints, 0, zero_copies, in.dims, in.count()));
}

Constant squeeze(const ConstantNode& node) {
  return with_dims(node.input(0),
                   squeezed(node.input(0).dims, read_axes(node.attributes, node.opset, 13,
                                                          node.has(1) ? node.inputs[1] : nullptr)));
}
Constant unsqueeze(const ConstantNode& node) {
  return with_dims(node.input(0), unsqueezed(node.input(0).dims,
                                             read_axes(node.attributes, node.opset, 13,
                                                       node.has(1) ? node.inputs[1] : nullptr)));
}

Constant flatten(const ConstantNode& node) {
  const Dims& dims = node.input(0).dims;
  const std::int64_t axis = node.attributes.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(dims.size());
  if (axis < -rank || axis > rank) throw UserError("axis " + std::to_string(axis));
  const auto split = dims.begin() + (axis < 0 ? axis + rank : axis);
  const auto product = [](auto from, auto to) {
    return std::accumulate(from, to, std::size_t{1}, std::multiplies<>());
  };
  return with_dims(node.input(0), {product(dims.begin(), split), product(split, dims.end())});
}

Constant product(const ConstantNode& node) {
  const Constant& in = node.input(0);
  const bool keep = node.attributes.integer("keepdims", 1) != 0;
  const auto axes =
      read_axes(node.attributes, node.opset, 18, node.has(1) ? node.inputs[1] : nullptr);
  if (in.is_float || (axes && in.dims.size() > 1)) {
    throw UserError("allowed the product of all elements, integers");
  }
  Constant out;
  out.is_float = false;
  out.dims.assign(keep ? in.dims.size() : 0, 1);
  std::uint64_t all = 1;
  for (const std::int64_t v : in.ints) all *= bits(v);
  out.ints = {wrapped(all)};
  return out;
}

constexpr EvaluationEntry kEvaluations[] = {
    {"ConstantOfShape", constant_of_shape},
    {"Expand", expand},
    {"Flatten", flatten},
    {"Range", range},
    {"ReduceProd", product},
    {"Reshape", reshape},
    {"Shape", shape_of},
    {"Size", size_of},
    {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze},
};

}  // namespace

std::span<const EvaluationEntry> shape_evaluations() { return kEvaluations; }

}  // namespace systolog::workloads::onnx_import
