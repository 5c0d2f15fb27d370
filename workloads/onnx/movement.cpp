// SPDX-License-Identifier: Apache-2.0
// Operators that move values without changing them: Concat, Pad, Slice, Split.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/axes.h"
#include "workloads/onnx/operators.h"

namespace systolog::workloads::onnx_import {

namespace {

/// The dimension of the view that an axis of the model names; none for the batch.
std::optional<std::size_t> dimension(const View& seen, std::int64_t axis) {
  const std::size_t d = checked_axis(axis, seen.dims.size() + 1);
  if (d == 0) return std::nullopt;
  if (!seen.has_axes()) {
    throw UserError("its input is [N, " + to_string(seen.dims).substr(1) +
                    ", allowed at most [N, channels, height, width]");
  }
  return d - 1;
}

/// All of a node: what a Slice starts from.
Slice whole(const Shape& shape) {
  return {.begin = {}, .step = {1, 1, 1}, .count = sizes_of(shape)};
}

/// Binds an output to positions of activation 0, which keeps its view.
void emit_slice(NodeImport& node, const Slice& slice, int output) {
  View seen = node.view(0);
  seen.node = node.append(slice, {seen.node}, output);
  for (std::size_t d = 0; d < seen.dims.size(); ++d) seen.dims[d] = slice.count[seen.axes[d]];
  node.bind(std::move(seen), output);
}

std::vector<std::int64_t> integers(NodeImport& node, int input, const std::string& attribute,
                                   bool as_input) {
  if (!as_input) return node.attributes.integers(attribute);
  return node.has_input(input) ? list_of(node.int_constant(input)) : std::vector<std::int64_t>{};
}

}  // namespace

void import_concat(NodeImport& node) {
  node.check_arity(std::max(node.inputs(), 1), node.inputs());
  const std::int64_t axis = node.attributes.integer("axis", 1);
  int first = 0;  // activation; fold_constants() has taken those without one
  while (node.is_constant(first)) ++first;
  const auto d = dimension(node.view(first), axis);
  if (!d) throw UserError("joins along the batch, allowed the other axes");
  const auto kind = [&](int i) {
    const Shape& shape = node.node_shape(node.view(i).node);
    return std::tuple(node.view(i).axes, shape.is_vector, shape.is_series);
  };
  bool one_order = true;
  for (int i = first + 1; i < node.inputs(); ++i) {
    one_order = one_order && (node.is_constant(i) || kind(i) == kind(first));
  }
  if (!one_order) node.activation(first);
  View seen = node.view(first);
  if (*d >= seen.axes.size()) throw UserError("joins activations of different dimensions");
  std::vector<std::size_t> inputs;
  for (int i = 0; i < node.inputs(); ++i) {
    if (node.is_constant(i)) {
      inputs.push_back(node.constant_view(node.float_constant(i), seen).node);
    } else {
      inputs.push_back(one_order ? node.view(i).node : node.activation(i));
    }
  }
  const std::size_t position = seen.axes[*d];
  seen.node = node.append(Concat{position}, std::move(inputs));
  seen.dims[*d] = sizes_of(node.node_shape(seen.node))[position];
  node.bind(std::move(seen));
}

void import_pad(NodeImport& node) {
  const bool as_input = node.opset() >= 11;
  node.check_arity(as_input ? 2 : 1, as_input ? 4 : 1);
  const std::string mode = node.attributes.text("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge") {
    throw UserError("attribute 'mode': got '" + printable(mode) +
                    "', allowed 'constant', 'reflect', 'edge'");
  }
  View seen = node.view(0);
  const std::vector<std::int64_t> pads = integers(node, 1, "pads", as_input);
  std::vector<std::int64_t> axes = integers(node, 3, "axes", as_input);
  if (axes.empty()) {
    for (std::size_t d = 0; d <= seen.dims.size(); ++d) {
      axes.push_back(static_cast<std::int64_t>(d));
    }
  }
  if (pads.size() != 2 * axes.size()) {
    throw UserError("has " + std::to_string(pads.size()) + " pads, allowed " +
                    std::to_string(2 * axes.size()));
  }
  Pad pad;
  if (mode != "constant") {
    pad.mode = mode == "edge" ? PadMode::kEdge : PadMode::kReflect;
  } else if (as_input && node.has_input(2)) {
    const Constant value = node.float_constant(2);
    if (value.count() != 1) throw UserError("'" + value.name + "' holds more than one value");
    pad.value = value.floats[0];
  } else if (!as_input) {
    pad.value = node.attributes.real("value", 0.0F);
  }
  Slice crop = whole(node.node_shape(seen.node));  // by negative pads
  const auto all = crop.count;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t before = pads[i], after = pads[i + axes.size()];
    for (const std::int64_t size : {before, after}) {
      if (std::abs(size) > static_cast<std::int64_t>(kMaxElements)) {
        throw UserError("pad " + std::to_string(size) + ", allowed up to " +
                        std::to_string(kMaxElements));
      }
    }
    const auto dim = dimension(seen, axes[i]);
    if (!dim) {
      if (before != 0 || after != 0) throw UserError("pads the batch, allowed the other axes");
      continue;
    }
    const std::size_t d = seen.axes[*dim];
    const auto cut = static_cast<std::size_t>(-std::min<std::int64_t>(before, 0));
    const std::size_t lost = cut + static_cast<std::size_t>(-std::min<std::int64_t>(after, 0));
    if (lost >= crop.count[d]) {
      throw UserError("crops the whole of " + to_string(node.node_shape(seen.node)));
    }
    crop.begin[d] = cut;
    crop.count[d] -= lost;
    pad.before[d] = static_cast<std::size_t>(std::max<std::int64_t>(before, 0));
    pad.after[d] = static_cast<std::size_t>(std::max<std::int64_t>(after, 0));
    seen.dims[*dim] = crop.count[d] + pad.before[d] + pad.after[d];
  }
  if (crop.count != all) seen.node = node.append(crop, {seen.node});
  if (pad.mode == PadMode::kConstant) {
    seen.node = node.append(pad, {seen.node});
    return node.bind(std::move(seen));
  }
  // One axis after the other: corners come from what was padded before.
  for (std::size_t d = 0; d < 3; ++d) {
    if (pad.before[d] == 0 && pad.after[d] == 0) continue;
    Pad one{.mode = pad.mode};
    one.before[d] = pad.before[d];
    one.after[d] = pad.after[d];
    seen.node = node.append(one, {seen.node});
  }
  node.bind(std::move(seen));
}

void import_slice(NodeImport& node) {
  const bool as_input = node.opset() >= 10;
  node.check_arity(as_input ? 3 : 1, as_input ? 5 : 1);
  std::vector<Constant> constants;
  for (int i = 1; i < node.inputs(); ++i) {
    constants.push_back(node.has_input(i) ? node.int_constant(i) : Constant{});
  }
  std::vector<const Constant*> inputs = {nullptr};
  for (int i = 1; i < node.inputs(); ++i) {
    inputs.push_back(node.has_input(i) ? &constants[static_cast<std::size_t>(i - 1)] : nullptr);
  }
  const SliceRequest request = read_slice(node.attributes, node.opset(), inputs);
  const View& seen = node.view(0);
  Slice slice = whole(node.node_shape(seen.node));
  std::vector<std::size_t> back;  // axes whose positions are turned around
  for (std::size_t i = 0; i < request.starts.size(); ++i) {
    const auto d = dimension(seen, request.axes[i]);
    const std::size_t size = d ? seen.dims[*d] : static_cast<std::size_t>(node.batch().value_or(1));
    const std::int64_t step = request.steps[i];
    const PositionRange range = positions(request.starts[i], request.ends[i], step, size);
    if (range.count == 0) {
      throw UserError("takes nothing of " + std::to_string(size) + " positions: from " +
                      std::to_string(request.starts[i]) + " to " + std::to_string(request.ends[i]));
    }
    if (!d) {
      // One image at a time is simulated: the whole batch is all that can be kept.
      if (range.count != size) throw UserError("takes part of the batch, allowed all of it");
      if (step < 0) throw UserError("turns the batch around, allowed the other axes");
      continue;
    }
    const std::size_t axis = seen.axes[*d];
    slice.begin[axis] = static_cast<std::size_t>(range.begin);
    slice.step[axis] = static_cast<std::size_t>(range.step);
    slice.count[axis] = range.count;
    if (range.step < 0 && range.count > 1) back.push_back(axis);
  }
  // One axis after the other: a layer takes each position of one that is turned around by itself.
  for (std::size_t i = 1; i < back.size(); ++i) {
    slice.begin[back[i]] += (slice.count[back[i]] - 1) * slice.step[back[i]];
    slice.step[back[i]] = 0 - slice.step[back[i]];
  }
  View out = seen;
  for (std::size_t d = 0; d < out.dims.size(); ++d) out.dims[d] = slice.count[out.axes[d]];
  out.node = node.append(slice, {out.node});
  for (std::size_t i = 1; i < back.size(); ++i) {
    Slice turn = whole(node.node_shape(out.node));
    turn.begin[back[i]] = turn.count[back[i]] - 1;
    turn.step[back[i]] = std::size_t{0} - 1;
    out.node = node.append(turn, {out.node});
  }
  node.bind(std::move(out));
}

void import_split(NodeImport& node) {
  node.check_arity(1, 2, node.outputs());
  const View seen = node.view(0);
  const auto d = dimension(seen, node.attributes.integer("axis", 0));
  if (!d) throw UserError("splits the batch, allowed the other axes");
  std::vector<std::int64_t> sizes = integers(node, 1, "split", node.opset() >= 13);
  const auto parts = static_cast<std::int64_t>(node.outputs());
  const auto whole_size = static_cast<std::int64_t>(seen.dims[*d]);
  if (sizes.empty() && whole_size % parts == 0) {
    sizes.assign(static_cast<std::size_t>(parts), whole_size / parts);
  }
  std::int64_t sum = 0;
  for (const std::int64_t size : sizes) {
    if (size < 1 || size > whole_size) sum = -whole_size * parts;  // whatever follows
    sum += size;
  }
  if (static_cast<std::int64_t>(sizes.size()) != parts || sum != whole_size) {
    throw UserError("splits " + std::to_string(whole_size) + " positions into " + to_text(sizes) +
                    " for " + std::to_string(parts) +
                    " outputs, allowed positive sizes that add up");
  }
  std::size_t begin = 0;
  for (int output = 0; output < node.outputs(); ++output) {
    Slice slice = whole(node.node_shape(seen.node));
    const std::size_t axis = seen.axes[*d];
    slice.begin[axis] = begin;
    slice.count[axis] = static_cast<std::size_t>(sizes[static_cast<std::size_t>(output)]);
    begin += slice.count[axis];
    if (!node.output_name(output).empty()) emit_slice(node, slice, output);
  }
}

}  // namespace systolog::workloads::onnx_import
