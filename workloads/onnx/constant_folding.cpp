// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/constant_folding.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "models/user_error.h"
#include "workloads/graph.h"
#include "workloads/onnx/axes.h"

namespace systolog::workloads::onnx_import {

namespace {

using Dims = std::vector<std::size_t>;

/// Elements of a tensor, refused above kMaxElements.
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

void copy_element(const Constant& from, std::size_t i, Constant& to, std::size_t at) {
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

Dims strides_of(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * dims[d];
  return strides;
}

/// Position in a tensor of `from` dimensions, broadcast to `to`, of element i of the latter.
class Broadcast {
 public:
  Broadcast(const Dims& from, const Dims& to) : to_strides_(strides_of(to)), to_(to) {
    const Dims strides = strides_of(from);
    from_strides_.assign(to.size(), 0);
    const std::size_t missing = to.size() - from.size();
    for (std::size_t d = 0; d < from.size(); ++d) {
      if (from[d] != 1) from_strides_[missing + d] = strides[d];
    }
  }
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

// --- element by element
// ---------------------------------------------------------------------------

/// Integers wrap around as two's complement does; no undefined overflow.
std::int64_t wrapped(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

std::int64_t divided(std::int64_t a, std::int64_t b) {
  if (b == 0) throw UserError("divides an integer by 0");
  if (b == -1) return wrapped(0 - bits(a));
  return a / b;
}

float checked(float value) {
  if (std::isfinite(value)) return value;
  throw UserError("a constant it computes is " + std::to_string(value) +
                  " in FP32, allowed finite numbers");
}

/// One function for floats, one for integers; the result is of the same type, or (`compares`)
/// truth values.
template <typename Floats, typename Ints>
Constant elementwise(const ConstantNode& node, Floats floats, Ints ints, bool compares = false) {
  const Constant &a = node.input(0), &b = node.input(1);
  if (a.is_float != b.is_float) throw UserError("mixes a float type and an integer type");
  Constant kind;
  kind.name = a.name;
  kind.is_float = a.is_float && !compares;
  Constant out = empty_like(kind, broadcast_dims(a.dims, b.dims));
  const Broadcast at_a(a.dims, out.dims), at_b(b.dims, out.dims);
  for (std::size_t i = 0; i < out.count(); ++i) {
    if (!a.is_float) {
      out.ints[i] = ints(a.ints[at_a(i)], b.ints[at_b(i)]);
    } else if (compares) {
      out.ints[i] = floats(a.floats[at_a(i)], b.floats[at_b(i)]) != 0.0F ? 1 : 0;
    } else {
      out.floats[i] = checked(floats(a.floats[at_a(i)], b.floats[at_b(i)]));
    }
  }
  return out;
}

Constant add(const ConstantNode& node) {
  return elementwise(node, std::plus<float>(),
                     [](std::int64_t a, std::int64_t b) { return wrapped(bits(a) + bits(b)); });
}
Constant subtract(const ConstantNode& node) {
  return elementwise(node, std::minus<float>(),
                     [](std::int64_t a, std::int64_t b) { return wrapped(bits(a) - bits(b)); });
}
Constant multiply(const ConstantNode& node) {
  return elementwise(node, std::multiplies<float>(),
                     [](std::int64_t a, std::int64_t b) { return wrapped(bits(a) * bits(b)); });
}
Constant divide(const ConstantNode& node) {
  return elementwise(node, std::divides<float>(), divided);
}
Constant modulo(const ConstantNode& node) {
  const bool c_rule = node.attributes.integer("fmod", 0) != 0;
  return elementwise(
      node, [](float a, float b) { return std::fmod(a, b); },
      [&](std::int64_t a, std::int64_t b) {
        if (b == -1) return std::int64_t{0};
        const std::int64_t rest = wrapped(bits(a) - bits(divided(a, b)) * bits(b));
        return !c_rule && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
      });
}
Constant power(const ConstantNode& node) {
  return elementwise(
      node, [](float a, float b) { return std::pow(a, b); },
      [](std::int64_t a, std::int64_t b) {
        return static_cast<std::int64_t>(
            std::clamp(std::pow(static_cast<double>(a), static_cast<double>(b)), -0x1p62, 0x1p62));
      });
}
Constant least(const ConstantNode& node) {
  if (node.inputs.size() == 1) return node.input(0);
  return elementwise(
      node, [](float a, float b) { return std::min(a, b); },
      [](std::int64_t a, std::int64_t b) { return std::min(a, b); });
}
Constant most(const ConstantNode& node) {
  if (node.inputs.size() == 1) return node.input(0);
  return elementwise(
      node, [](float a, float b) { return std::max(a, b); },
      [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
}
Constant equal(const ConstantNode& node) {
  return elementwise(node, std::equal_to<>(), std::equal_to<>(), true);
}
Constant greater(const ConstantNode& node) {
  return elementwise(node, std::greater<>(), std::greater<>(), true);
}
Constant less(const ConstantNode& node) {
  return elementwise(node, std::less<>(), std::less<>(), true);
}

template <typename Floats, typename Ints>
Constant each(const ConstantNode& node, Floats floats, Ints ints) {
  Constant out = node.input(0);
  for (float& v : out.floats) v = checked(floats(v));
  for (std::int64_t& v : out.ints) v = ints(v);
  return out;
}
std::int64_t same(std::int64_t value) { return value; }

Constant negate(const ConstantNode& node) {
  return each(node, std::negate<float>(), [](std::int64_t v) { return wrapped(0 - bits(v)); });
}
Constant absolute(const ConstantNode& node) {
  return each(
      node, [](float v) { return std::abs(v); },
      [](std::int64_t v) { return v < 0 ? wrapped(0 - bits(v)) : v; });
}
Constant round_down(const ConstantNode& node) {
  return each(
      node, [](float v) { return std::floor(v); }, same);
}
Constant round_up(const ConstantNode& node) {
  return each(
      node, [](float v) { return std::ceil(v); }, same);
}
Constant square_root(const ConstantNode& node) {
  return each(
      node, [](float v) { return std::sqrt(v); }, same);
}
Constant reciprocal(const ConstantNode& node) {
  return each(
      node, [](float v) { return 1.0F / v; }, same);
}
Constant exponential(const ConstantNode& node) {
  return each(
      node, [](float v) { return std::exp(v); }, same);
}
Constant invert(const ConstantNode& node) {
  return each(
      node, [](float v) { return v; }, [](std::int64_t v) { return v == 0 ? 1 : 0; });
}

Constant cast(const ConstantNode& node) {
  const std::int64_t to = node.attributes.integer("to", 0);
  node.attributes.ignore("saturate");
  Constant out = node.input(0);
  switch (to) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::DOUBLE:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      for (const std::int64_t v : std::exchange(out.ints, {})) {
        out.floats.push_back(static_cast<float>(v));
      }
      out.is_float = true;
      return out;
    case onnx::TensorProto::BOOL:
    case onnx::TensorProto::INT8:
    case onnx::TensorProto::UINT8:
    case onnx::TensorProto::INT16:
    case onnx::TensorProto::UINT16:
    case onnx::TensorProto::INT32:
    case onnx::TensorProto::UINT32:
    case onnx::TensorProto::INT64:
      break;
    default:
      throw UserError("attribute 'to': got type " + std::to_string(to) +
                      ", allowed a float or integer type");
  }
  for (const float v : std::exchange(out.floats, {})) {
    if (std::abs(v) > 0x1p62F) throw UserError(std::to_string(v) + " leaves the integers' range");
    out.ints.push_back(static_cast<std::int64_t>(v));
  }
  out.is_float = false;
  if (to == onnx::TensorProto::BOOL) {
    for (std::int64_t& v : out.ints) v = v != 0 ? 1 : 0;
  }
  return out;
}

/// (x - zero point) * scale, one for all or one along an axis.
Constant dequantise(const ConstantNode& node) {
  const Constant &x = node.input(0), &scale = node.input(1);
  const std::int64_t given = node.attributes.integer("axis", 1);
  if (x.is_float || !scale.is_float || scale.count() == 0) {
    throw UserError("allowed integers and a float scale");
  }
  std::size_t inner = x.count(), count = 1;  // elements of one scale in a row; scales
  if (scale.count() != 1) {
    const std::size_t axis = checked_axis(given, x.dims.size());
    count = x.dims[axis];
    inner = strides_of(x.dims)[axis];
  }
  const Constant* zero = node.has(2) ? &node.input(2) : nullptr;
  if (scale.count() != count || (zero != nullptr && (zero->is_float || zero->count() != count))) {
    throw UserError("has " + std::to_string(scale.count()) + " scales, allowed 1 or " +
                    std::to_string(count) + ", and as many zero points");
  }
  Constant out;
  out.name = x.name;
  out.dims = x.dims;
  for (std::size_t i = 0; i < x.count(); ++i) {
    const std::size_t at = i / inner % count;
    const std::int64_t offset = zero == nullptr ? 0 : zero->ints[at];
    out.floats.push_back(checked(static_cast<float>(x.ints[i] - offset) * scale.floats[at]));
  }
  return out;
}

Constant choose(const ConstantNode& node) {
  const Constant &condition = node.input(0), &yes = node.input(1), &no = node.input(2);
  if (condition.is_float || yes.is_float != no.is_float) {
    throw UserError("allowed truth values and two constants of one type");
  }
  Constant out = empty_like(yes, broadcast_dims(condition.dims, broadcast_dims(yes.dims, no.dims)));
  const Broadcast c(condition.dims, out.dims), y(yes.dims, out.dims), n(no.dims, out.dims);
  for (std::size_t i = 0; i < out.count(); ++i) {
    if (condition.ints[c(i)] != 0) {
      copy_element(yes, y(i), out, i);
    } else {
      copy_element(no, n(i), out, i);
    }
  }
  return out;
}

// --- shapes
// ---------------------------------------------------------------------------------------

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

struct Entry {
  std::string_view type;
  Evaluation evaluation;
};
constexpr Entry kEvaluations[] = {
    {"Abs", absolute},
    {"Add", add},
    {"And", multiply},  // of truth values, 0 or 1
    {"Cast", cast},
    {"Ceil", round_up},
    {"Concat", join},
    {"ConstantOfShape", constant_of_shape},
    {"DequantizeLinear", dequantise},
    {"Div", divide},
    {"Equal", equal},
    {"Exp", exponential},
    {"Expand", expand},
    {"Flatten", flatten},
    {"Floor", round_down},
    {"Gather", gather},
    {"Greater", greater},
    {"Less", less},
    {"Max", most},
    {"Min", least},
    {"Mod", modulo},
    {"Mul", multiply},
    {"Neg", negate},
    {"Not", invert},
    {"Or", most},
    {"Pow", power},
    {"Range", range},
    {"Reciprocal", reciprocal},
    {"ReduceProd", product},
    {"Reshape", reshape},
    {"Shape", shape_of},
    {"Size", size_of},
    {"Slice", slice},
    {"Sqrt", square_root},
    {"Squeeze", squeeze},
    {"Sub", subtract},
    {"Transpose", transpose},
    {"Unsqueeze", unsqueeze},
    {"Where", choose},
};

}  // namespace

const Constant& ConstantNode::input(std::size_t i) const {
  if (!has(i)) throw UserError("input " + std::to_string(i) + " is missing");
  return *inputs[i];
}

Evaluation find_evaluation(std::string_view type) {
  for (const Entry& entry : kEvaluations) {
    if (entry.type == type) return entry.evaluation;
  }
  return nullptr;
}

}  // namespace systolog::workloads::onnx_import
