// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace systolog::workloads::onnx_import {

/// A tensor the model file holds, decoded: `floats` or `ints` has count() values, row-major.
struct Constant {
  std::string name;  // printable, for messages
  std::vector<std::size_t> dims;
  bool is_float = true;
  std::vector<float> floats;       // FLOAT, FLOAT16, BFLOAT16, DOUBLE
  std::vector<std::int64_t> ints;  // BOOL, and signed and unsigned INT8 to INT64 but UINT64
  std::size_t count() const { return is_float ? floats.size() : ints.size(); }
};

/// Decodes raw_data or the typed field. Throws UserError naming the tensor if the type is not one
/// of those above, the data is missing or not as long as the dimensions say, or a float is not
/// finite. Allocates no more than the file holds.
Constant decode(const onnx::TensorProto& tensor);

/// Bytes that the dimensions and the type ask for. Throws as decode does.
std::uint64_t bytes_needed(const onnx::TensorProto& tensor);

/// Names come from the file: control and non-ASCII bytes become '?', long ones are cut.
std::string printable(std::string_view name);

/// "[1, 28, 28]".
std::string to_string(const std::vector<std::size_t>& dims);

}  // namespace systolog::workloads::onnx_import
