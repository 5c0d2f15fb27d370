// SPDX-License-Identifier: Apache-2.0
// Constants element by element: arithmetic, comparisons, conversions of type.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "models/user_error.h"
#include "workloads/onnx/axes.h"
#include "workloads/onnx/constant_folding.h"
#include "workloads/onnx/constant_tensor.h"

namespace systolog::workloads::onnx_import {

namespace {

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

constexpr EvaluationEntry kEvaluations[] = {
    {"Abs", absolute},     {"Add", add},         {"And", multiply},  // of truth values, 0 or 1
    {"Cast", cast},        {"Ceil", round_up},   {"DequantizeLinear", dequantise},
    {"Div", divide},       {"Equal", equal},     {"Exp", exponential},
    {"Floor", round_down}, {"Greater", greater}, {"Less", less},
    {"Max", most},         {"Min", least},       {"Mod", modulo},
    {"Mul", multiply},     {"Neg", negate},      {"Not", invert},
    {"Or", most},          {"Pow", power},       {"Reciprocal", reciprocal},
    {"Sqrt", square_root}, {"Sub", subtract},    {"Where", choose},
};

}  // namespace

std::span<const EvaluationEntry> elementwise_evaluations() { return kEvaluations; }

}  // namespace systolog::workloads::onnx_import
