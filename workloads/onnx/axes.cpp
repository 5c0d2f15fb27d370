// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/axes.h"

#include <algorithm>
#include <set>

#include "models/user_error.h"
#include "workloads/graph.h"

namespace systolog::workloads::onnx_import {

namespace {

constexpr std::size_t kMostDims = 8;

/// The axes named, each once, of a tensor of `rank` dimensions.
std::set<std::size_t> axis_set(const std::vector<std::int64_t>& axes, std::size_t rank) {
  std::set<std::size_t> set;
  for (const std::int64_t axis : axes) {
    if (!set.insert(checked_axis(axis, rank)).second) {
      throw UserError("axes " + to_text(axes) + " name one twice");
    }
  }
  return set;
}

}  // namespace

std::size_t checked_axis(std::int64_t axis, std::size_t rank) {
  const auto most = static_cast<std::int64_t>(rank);
  if (axis < -most || axis >= most) {
    throw UserError("axis " + std::to_string(axis) + ", allowed " + std::to_string(-most) + " to " +
                    std::to_string(most - 1));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + most : axis);
}

std::vector<std::size_t> checked_permutation(const std::vector<std::int64_t>& permutation,
                                             std::size_t rank) {
  std::vector<std::size_t> order;
  if (permutation.empty()) {
    for (std::size_t d = rank; d-- > 0;) order.push_back(d);
    return order;
  }
  for (const std::int64_t axis : permutation) {
    if (axis < 0 || axis >= static_cast<std::int64_t>(rank)) break;
    order.push_back(static_cast<std::size_t>(axis));
  }
  if (order.size() != rank || permutation.size() != rank ||
      std::set(order.begin(), order.end()).size() != rank) {
    throw UserError("attribute 'perm': got " + to_text(permutation) + ", allowed each of 0 to " +
                    std::to_string(rank - 1) + " once");
  }
  return order;
}

std::vector<std::int64_t> list_of(const Constant& constant) {
  if (constant.is_float || constant.dims.size() > 1) {
    throw UserError("'" + constant.name + "' has shape " + to_string(constant.dims) +
                    (constant.is_float ? " of floats" : "") +
                    ", allowed one dimension of integers");
  }
  return constant.ints;
}

std::optional<std::vector<std::int64_t>> read_axes(Attributes& attributes, std::int64_t opset,
                                                   std::int64_t since, const Constant* input) {
  if (opset >= since) {
    if (input == nullptr) return std::nullopt;
    return list_of(*input);
  }
  if (!attributes.has("axes")) return std::nullopt;
  return attributes.integers("axes");
}

SliceRequest read_slice(Attributes& attributes, std::int64_t opset,
                        std::span<const Constant* const> inputs) {
  const bool as_inputs = opset >= 10;
  const auto list = [&](std::size_t input, const char* attribute) {
    if (!as_inputs) return attributes.integers(attribute);
    if (input >= inputs.size() || inputs[input] == nullptr) return std::vector<std::int64_t>{};
    return list_of(*inputs[input]);
  };
  SliceRequest request{list(1, "starts"), list(2, "ends"), list(3, "axes"), {}};
  if (as_inputs) request.steps = list(4, "steps");
  const std::size_t count = request.starts.size();
  if (request.axes.empty()) {
    for (std::size_t d = 0; d < count; ++d) request.axes.push_back(static_cast<std::int64_t>(d));
  }
  if (request.steps.empty()) request.steps.assign(count, 1);
  if (request.ends.size() != count || request.axes.size() != count ||
      request.steps.size() != count) {
    throw UserError(
        "has " + std::to_string(count) + " starts, " + std::to_string(request.ends.size()) +
        " ends, " + std::to_string(request.axes.size()) + " axes and " +
        std::to_string(request.steps.size()) + " steps, allowed the same number of each");
  }
  return request;
}

PositionRange positions(std::int64_t start, std::int64_t end, std::int64_t step, std::size_t size) {
  if (step == 0) throw UserError("step 0, allowed any other");
  const auto length = static_cast<std::int64_t>(size);
  step = std::clamp(step, -length - 1, length + 1);  // one position either way
  const std::int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? length : length - 1;
  const auto position = [&](std::int64_t at, std::int64_t least) {
    if (at < 0) at = std::max(at, -length - 1) + length;
    return std::clamp(at, least, highest);
  };
  const std::int64_t first = position(start, 0), last = position(end, lowest);
  const std::int64_t distance = step > 0 ? last - first : first - last;
  const std::int64_t stride = std::abs(step);
  const std::int64_t count = distance <= 0 || length == 0 ? 0 : (distance - 1) / stride + 1;
  return {first, step, static_cast<std::size_t>(count)};
}

std::vector<std::size_t> squeezed(const std::vector<std::size_t>& dims,
                                  const std::optional<std::vector<std::int64_t>>& axes) {
  std::set<std::size_t> gone;
  if (axes) {
    gone = axis_set(*axes, dims.size());
  } else {
    for (std::size_t d = 0; d < dims.size(); ++d) {
      if (dims[d] == 1) gone.insert(d);
    }
  }
  std::vector<std::size_t> left;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (!gone.contains(d)) {
      left.push_back(dims[d]);
    } else if (dims[d] != 1) {
      throw UserError("axis " + std::to_string(d) + " of " + to_string(dims) +
                      " is not of size 1 and cannot be squeezed");
    }
  }
  return left;
}

std::vector<std::size_t> unsqueezed(const std::vector<std::size_t>& dims,
                                    const std::optional<std::vector<std::int64_t>>& axes) {
  if (!axes) throw UserError("'axes' is missing");
  const std::size_t rank = dims.size() + axes->size();
  if (rank > kMostDims) {
    throw UserError("makes " + std::to_string(rank) + " dimensions, allowed " +
                    std::to_string(kMostDims));
  }
  const std::set<std::size_t> added = axis_set(*axes, rank);
  std::vector<std::size_t> out;
  auto next = dims.begin();
  for (std::size_t d = 0; d < rank; ++d) out.push_back(added.contains(d) ? 1 : *next++);
  return out;
}

std::vector<std::size_t> resolve_reshape(const std::vector<std::int64_t>& target, std::size_t first,
                                         bool zero_copies, const std::vector<std::size_t>& from,
                                         std::size_t count) {
  const std::string what = "cannot reshape " + to_string(from) + " to " + to_text(target);
  if (target.size() > kMostDims) {
    throw UserError(what + ": allowed at most " + std::to_string(kMostDims) + " dimensions");
  }
  std::vector<std::size_t> sizes(target.size() - first, 1);
  std::optional<std::size_t> open;
  std::size_t known = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::int64_t size = target[first + i];
    if (size == -1) {
      if (open) throw UserError(what + ": more than one -1, allowed one");
      open = i;
      continue;
    }
    if (size == 0 && zero_copies && i < from.size()) size = static_cast<std::int64_t>(from[i]);
    if (size < 1 || size > static_cast<std::int64_t>(kMaxElements)) {
      throw UserError(what + ": dimension " + std::to_string(first + i) + " is " +
                      std::to_string(size) +
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
    throw UserError(what + ": " + std::to_string(count) + " elements do not fit");
  }
  return sizes;
}

Constant shape_constant(const std::vector<std::int64_t>& dims, Attributes& attributes) {
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto position = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? std::max(at, -rank) + rank : at, 0, rank);
  };
  const std::int64_t first = position(attributes.integer("start", 0));
  const std::int64_t last = position(attributes.integer("end", rank));
  Constant out;
  out.name = "shape";
  out.is_float = false;
  if (first < last) out.ints.assign(dims.begin() + first, dims.begin() + last);
  out.dims = {out.ints.size()};
  return out;
}

std::string to_text(const std::vector<std::int64_t>& values) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(values[i]);
  }
  text += ']';
  return text;
}

}  // namespace systolog::workloads::onnx_import
