// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "workloads/onnx/attributes.h"
#include "workloads/onnx/tensor_data.h"

namespace systolog::workloads::onnx_import {

// What operators say of axes and shapes, in whichever of its forms (attribute or input) their
// opset has it. Everything throws UserError without file and node.

/// 0 to rank - 1, from -rank to rank - 1.
std::size_t checked_axis(std::int64_t axis, std::size_t rank);

/// Each of 0 to rank - 1 once; reversed where the model names none.
std::vector<std::size_t> checked_permutation(const std::vector<std::int64_t>& permutation,
                                             std::size_t rank);

/// The values of an integer constant of at most one dimension.
std::vector<std::int64_t> list_of(const Constant& constant);

/// `axes`: an attribute up to the opset before `since`, then an input. None where it is absent.
std::optional<std::vector<std::int64_t>> read_axes(Attributes& attributes, std::int64_t opset,
                                                   std::int64_t since, const Constant* input);

/// Slice's parameters, as many of each.
struct SliceRequest {
  std::vector<std::int64_t> starts, ends, axes, steps;
};
SliceRequest read_slice(Attributes& attributes, std::int64_t opset,
                        std::span<const Constant* const> inputs);

/// begin, begin + step, ...: `count` positions, perhaps none.
struct PositionRange {
  std::int64_t begin = 0, step = 1;
  std::size_t count = 0;
};
/// [start : end : step] of `size` positions as numpy has it.
PositionRange positions(std::int64_t start, std::int64_t end, std::int64_t step, std::size_t size);

/// Without the axes of size 1 (all of them where none are named), or with more of them.
std::vector<std::size_t> squeezed(const std::vector<std::size_t>& dims,
                                  const std::optional<std::vector<std::int64_t>>& axes);
std::vector<std::size_t> unsqueezed(const std::vector<std::size_t>& dims,
                                    const std::optional<std::vector<std::int64_t>>& axes);

/// Reshape's target from its dimension `first` on, for `count` elements: 0 copies the dimension of
/// `from` (if `zero_copies`; from[0] is dimension `first`), at most one -1 is what is left.
std::vector<std::size_t> resolve_reshape(const std::vector<std::int64_t>& target, std::size_t first,
                                         bool zero_copies, const std::vector<std::size_t>& from,
                                         std::size_t count);

/// What Shape gives for these dimensions: all, or those from `start` to before `end` (opset 15).
Constant shape_constant(const std::vector<std::int64_t>& dims, Attributes& attributes);

/// "[2, -1]".
std::string to_text(const std::vector<std::int64_t>& values);

}  // namespace systolog::workloads::onnx_import
