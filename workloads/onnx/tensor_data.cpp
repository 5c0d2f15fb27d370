// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/tensor_data.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include "models/user_error.h"
#include "workloads/graph.h"

namespace systolog::workloads::onnx_import {

namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little endian");

/// IEEE 754 binary16, every one of which is a binary32.
float from_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 0x1F;
  const int fraction = bits & 0x3FF;
  float magnitude = 0.0F;
  if (exponent == 0x1F) {
    magnitude = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

/// Reads one tensor, which the messages name.
class Decoder {
 public:
  explicit Decoder(const onnx::TensorProto& tensor)
      : tensor_(tensor), name_(printable(tensor.name())) {}

  Constant run() {
    if (tensor_.has_segment()) fail("it is split into segments; allowed one piece");
    Constant out;
    out.name = name_;
    read_dims(out.dims);
    switch (tensor_.data_type()) {
      case onnx::TensorProto::FLOAT:
        out.floats = convert<float, float>(tensor_.float_data());
        break;
      case onnx::TensorProto::DOUBLE:
        out.floats = convert<double, float>(tensor_.double_data());
        break;
      case onnx::TensorProto::FLOAT16:
        for (const std::uint16_t bits : convert<std::uint16_t, std::uint16_t>(tensor_.int32_data()))
          out.floats.push_back(from_half(bits));
        break;
      case onnx::TensorProto::BFLOAT16:
        for (const std::uint16_t bits : convert<std::uint16_t, std::uint16_t>(tensor_.int32_data()))
          out.floats.push_back(std::bit_cast<float>(std::uint32_t{bits} << 16));
        break;
      case onnx::TensorProto::INT8:
        out.ints = convert<std::int8_t, std::int64_t>(tensor_.int32_data());
        break;
      case onnx::TensorProto::UINT8:
        out.ints = convert<std::uint8_t, std::int64_t>(tensor_.int32_data());
        break;
      case onnx::TensorProto::INT16:
        out.ints = convert<std::int16_t, std::int64_t>(tensor_.int32_data());
        break;
      case onnx::TensorProto::UINT16:
        out.ints = convert<std::uint16_t, std::int64_t>(tensor_.int32_data());
        break;
      case onnx::TensorProto::UINT32:
        out.ints = convert<std::uint32_t, std::int64_t>(tensor_.uint64_data());
        break;
      case onnx::TensorProto::INT64:
        out.ints = convert<std::int64_t, std::int64_t>(tensor_.int64_data());
        break;
      case onnx::TensorProto::INT32:
        out.ints = convert<std::int32_t, std::int64_t>(tensor_.int32_data());
        break;
      case onnx::TensorProto::BOOL:
        out.ints = convert<std::uint8_t, std::int64_t>(tensor_.int32_data());
        break;
      default:
        fail_type();
    }
    const int type = tensor_.data_type();
    out.is_float = type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::DOUBLE ||
                   type == onnx::TensorProto::FLOAT16 || type == onnx::TensorProto::BFLOAT16;
    for (std::size_t i = 0; i < out.floats.size(); ++i) {
      if (!std::isfinite(out.floats[i])) {
        fail("value " + std::to_string(i) + " is " +
             (std::isnan(out.floats[i]) ? "nan" : std::to_string(out.floats[i])) +
             " in FP32, allowed finite numbers");
      }
    }
    return out;
  }

  std::uint64_t bytes_needed() {
    std::vector<std::size_t> sizes;
    read_dims(sizes);
    switch (tensor_.data_type()) {
      case onnx::TensorProto::BOOL:
      case onnx::TensorProto::INT8:
      case onnx::TensorProto::UINT8:
        return count_;
      case onnx::TensorProto::FLOAT16:
      case onnx::TensorProto::BFLOAT16:
      case onnx::TensorProto::INT16:
      case onnx::TensorProto::UINT16:
        return 2 * count_;
      case onnx::TensorProto::FLOAT:
      case onnx::TensorProto::INT32:
      case onnx::TensorProto::UINT32:
        return 4 * count_;
      case onnx::TensorProto::DOUBLE:
      case onnx::TensorProto::INT64:
        return 8 * count_;
      default:
        fail_type();
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw UserError("tensor '" + name_ + "': " + what);
  }

  [[noreturn]] void fail_type() const {
    fail("data type " + std::to_string(tensor_.data_type()) +
         ", allowed 1 (FLOAT), 10 (FLOAT16), 11 (DOUBLE), 16 (BFLOAT16), 9 (BOOL), 2 to 7 and 12 "
         "(integers)");
  }

  void read_dims(std::vector<std::size_t>& dims) {
    for (const std::int64_t dim : tensor_.dims()) {
      if (dim < 0 || dim > static_cast<std::int64_t>(kMaxElements)) {
        fail("dimension " + std::to_string(dims.size()) + " is " + std::to_string(dim) +
             ", allowed 0 to " + std::to_string(kMaxElements));
      }
      dims.push_back(static_cast<std::size_t>(dim));
      count_ *= dims.back();  // both factors are at most 2^28
      if (count_ > kMaxElements) {
        fail("more than " + std::to_string(kMaxElements) + " elements");
      }
    }
  }

  /// The data as `Stored` values, from raw_data or else from `typed`, converted to `Value`.
  template <typename Stored, typename Value, typename Typed>
  std::vector<Value> convert(const Typed& typed) const {
    if (tensor_.has_raw_data() && !typed.empty()) {
      fail("it has raw data and typed data, allowed one of them");
    }
    if (!tensor_.has_raw_data()) {
      if (static_cast<std::size_t>(typed.size()) != count_) {
        fail("it has " + std::to_string(typed.size()) + " values, but its dimensions " +
             to_string(dims()) + " need " + std::to_string(count_));
      }
      std::vector<Value> values;
      values.reserve(count_);
      for (const auto value : typed) {
        values.push_back(static_cast<Value>(static_cast<Stored>(value)));
      }
      return values;
    }
    const std::string& raw = tensor_.raw_data();
    if (raw.size() != count_ * sizeof(Stored)) {
      fail("it has " + std::to_string(raw.size()) + " bytes of data, but its dimensions " +
           to_string(dims()) + " need " + std::to_string(count_ * sizeof(Stored)));
    }
    std::vector<Value> values(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      Stored stored{};
      std::memcpy(&stored, raw.data() + i * sizeof(Stored), sizeof(Stored));
      values[i] = static_cast<Value>(stored);
    }
    return values;
  }

  std::vector<std::size_t> dims() const { return {tensor_.dims().begin(), tensor_.dims().end()}; }

  const onnx::TensorProto& tensor_;
  std::string name_;
  std::size_t count_ = 1;
};

}  // namespace

Constant decode(const onnx::TensorProto& tensor) { return Decoder(tensor).run(); }

std::uint64_t bytes_needed(const onnx::TensorProto& tensor) {
  return Decoder(tensor).bytes_needed();
}

std::string printable(std::string_view name) {
  constexpr std::size_t kLongest = 100;
  std::string text(name.substr(0, kLongest));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return name.size() > kLongest ? text + "..." : text;
}

std::string to_string(const std::vector<std::size_t>& dims) {
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(dims[i]);
  }
  text += ']';
  return text;
}

}  // namespace systolog::workloads::onnx_import
