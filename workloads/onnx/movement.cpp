// SPDX-License-Identifier: Apache-2.0
// Operators that move values without changing them: Concat, Pad, Slice.
#include <algorithm>
#include <array>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

std::size_t rank_of(const Shape& shape) { return shape.is_vector ? 2 : 4; }

/// 0 to rank - 1; 0 is the batch, 1 the channels.
std::size_t checked_axis(std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    throw UserError("axis " + std::to_string(axis) + ", allowed " + std::to_string(-signed_rank) +
                    " to " + std::to_string(signed_rank - 1));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

/// Integers that are an input in newer opsets and an attribute in older ones; empty if absent.
std::vector<std::int64_t> integers(NodeImport& node, int input, const std::string& attribute,
                                   bool as_input) {
  if (!as_input) return node.attributes.integers(attribute);
  if (!node.has_input(input)) return {};
  Constant values = node.int_constant(input);
  if (values.dims.size() > 1) {
    throw UserError("'" + values.name + "' has shape " + to_string(values.dims) +
                    ", allowed one dimension");
  }
  return values.ints;
}

struct Range {
  std::size_t begin, step, count;
};

/// [start : end : step] of `size` positions as numpy has it.
Range resolve(std::int64_t start, std::int64_t end, std::int64_t step, std::size_t size) {
  const auto length = static_cast<std::int64_t>(size);
  const auto position = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? std::max(at, -length) + length : at, 0, length);
  };
  const std::int64_t first = position(start), last = position(end);
  if (last <= first) {
    throw UserError("takes nothing of " + std::to_string(size) + " positions: from " +
                    std::to_string(start) + " to " + std::to_string(end));
  }
  step = std::min(step, length);  // one position either way
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(step),
          static_cast<std::size_t>((last - first - 1) / step + 1)};
}

}  // namespace

void import_concat(NodeImport& node) {
  node.check_arity(1, node.inputs());
  const std::int64_t axis = node.attributes.integer("axis", 1);
  std::vector<std::size_t> inputs;
  for (int i = 0; i < node.inputs(); ++i) inputs.push_back(node.activation(i));
  const std::size_t position = checked_axis(axis, rank_of(node.shape(0)));
  if (position == 0) throw UserError("joins along the batch, allowed the other axes");
  node.emit(Concat{position - 1}, std::move(inputs));
}

void import_pad(NodeImport& node) {
  const bool as_input = node.opset() >= 11;
  node.check_arity(as_input ? 2 : 1, as_input ? 4 : 1);
  const std::string mode = node.attributes.text("mode", "constant");
  if (mode != "constant") {
    throw UserError("attribute 'mode': got '" + printable(mode) + "', allowed 'constant'");
  }
  const Shape& in = node.shape(0);
  const std::size_t rank = rank_of(in);
  const std::vector<std::int64_t> pads = integers(node, 1, "pads", as_input);
  std::vector<std::int64_t> axes = integers(node, 3, "axes", as_input);
  if (axes.empty()) {
    for (std::size_t d = 0; d < rank; ++d) axes.push_back(static_cast<std::int64_t>(d));
  }
  if (pads.size() != 2 * axes.size()) {
    throw UserError("has " + std::to_string(pads.size()) + " pads, allowed " +
                    std::to_string(2 * axes.size()));
  }
  Pad pad;
  if (as_input && node.has_input(2)) {
    const Constant value = node.float_constant(2);
    if (value.count() != 1) throw UserError("'" + value.name + "' holds more than one value");
    pad.value = value.floats[0];
  } else if (!as_input) {
    pad.value = node.attributes.real("value", 0.0F);
  }
  // A negative pad crops.
  Slice crop{.begin = {}, .step = {1, 1, 1}, .count = sizes_of(in)};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = checked_axis(axes[i], rank);
    const std::int64_t before = pads[i], after = pads[i + axes.size()];
    if (axis == 0) {
      if (before != 0 || after != 0) throw UserError("pads the batch, allowed the other axes");
      continue;
    }
    for (const std::int64_t size : {before, after}) {
      if (std::abs(size) > static_cast<std::int64_t>(kMaxElements)) {
        throw UserError("pad " + std::to_string(size) + ", allowed up to " +
                        std::to_string(kMaxElements));
      }
    }
    const std::size_t d = axis - 1;
    const auto lost = static_cast<std::size_t>(-std::min<std::int64_t>(before, 0) -
                                               std::min<std::int64_t>(after, 0));
    if (lost >= crop.count[d]) throw UserError("crops the whole of " + to_string(in));
    crop.begin[d] = static_cast<std::size_t>(-std::min<std::int64_t>(before, 0));
    crop.count[d] -= lost;
    pad.before[d] = static_cast<std::size_t>(std::max<std::int64_t>(before, 0));
    pad.after[d] = static_cast<std::size_t>(std::max<std::int64_t>(after, 0));
  }
  std::size_t input = node.activation(0);
  if (crop.count != sizes_of(in)) {
    node.emit(crop, {input});
    input = node.output();
  }
  node.emit(pad, {input});
}

void import_slice(NodeImport& node) {
  const bool as_input = node.opset() >= 10;
  node.check_arity(as_input ? 3 : 1, as_input ? 5 : 1);
  const Shape& in = node.shape(0);
  const std::vector<std::int64_t> starts = integers(node, 1, "starts", as_input),
                                  ends = integers(node, 2, "ends", as_input);
  std::vector<std::int64_t> axes = integers(node, 3, "axes", as_input), steps;
  if (as_input) steps = integers(node, 4, "steps", as_input);
  if (axes.empty()) {
    for (std::size_t d = 0; d < starts.size(); ++d) axes.push_back(static_cast<std::int64_t>(d));
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    throw UserError("has " + std::to_string(starts.size()) + " starts, " +
                    std::to_string(ends.size()) + " ends, " + std::to_string(axes.size()) +
                    " axes and " + std::to_string(steps.size()) +
                    " steps, allowed the same number of each");
  }
  Slice slice{.begin = {}, .step = {1, 1, 1}, .count = sizes_of(in)};
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (steps[i] < 1) {
      throw UserError("step " + std::to_string(steps[i]) + ", allowed 1 or more");
    }
    const std::size_t axis = checked_axis(axes[i], rank_of(in));
    if (axis == 0) {
      // One image at a time is simulated: the whole batch is all that can be kept.
      const auto batch = static_cast<std::size_t>(node.batch().value_or(1));
      const Range kept = resolve(starts[i], ends[i], steps[i], batch);
      if (kept.count != batch) throw UserError("takes part of the batch, allowed all of it");
      continue;
    }
    const Range range = resolve(starts[i], ends[i], steps[i], sizes_of(in)[axis - 1]);
    slice.begin[axis - 1] = range.begin;
    slice.step[axis - 1] = range.step;
    slice.count[axis - 1] = range.count;
  }
  node.emit(slice, {node.activation(0)});
}

}  // namespace systolog::workloads::onnx_import
