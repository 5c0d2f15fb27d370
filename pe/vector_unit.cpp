// SPDX-License-Identifier: Apache-2.0
#include "pe/vector_unit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <vector>

namespace systolog::pe {
namespace {

std::vector<float> read_floats(std::span<const std::byte> bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

/// Calls visit(output pixel, input pixel) for every pixel inside the tile of every window, window
/// by window, kernel rows and columns ascending.
template <typename Visit>
void for_each_window_pixel(const VectorOp& op, Visit visit) {
  std::uint64_t out = 0;
  for (std::uint64_t image = 0; image < op.images; ++image) {
    for (std::uint64_t r = 0; r < op.out_rows; ++r) {
      for (std::uint64_t c = 0; c < op.out_columns; ++c, ++out) {
        for (std::uint32_t kr = 0; kr < op.kernel_rows; ++kr) {
          const auto y =
              static_cast<std::int64_t>(r * op.stride_rows + kr * op.dilation_rows) + op.first_row;
          if (y < 0 || y >= op.rows) continue;
          for (std::uint32_t kc = 0; kc < op.kernel_columns; ++kc) {
            const auto x =
                static_cast<std::int64_t>(c * op.stride_columns + kc * op.dilation_columns) +
                op.first_column;
            if (x < 0 || x >= op.columns) continue;
            visit(out, (image * op.rows + static_cast<std::uint64_t>(y)) * op.columns +
                           static_cast<std::uint64_t>(x));
          }
        }
      }
    }
  }
}

void max_pool(const VectorOp& op, const models::Arithmetic& a, std::span<const std::byte> input,
              std::span<std::byte> output) {
  const std::size_t pixel_bytes = op.channels * a.code_bytes();
  std::uint64_t started = 0;  // output pixels that have a first value
  for_each_window_pixel(op, [&](std::uint64_t out, std::uint64_t in) {
    std::byte* to = output.data() + out * pixel_bytes;
    const std::byte* from = input.data() + in * pixel_bytes;
    if (out == started) {
      std::memcpy(to, from, pixel_bytes);
      ++started;
    } else {
      a.max(op.channels, from, to);
    }
  });
  assert(started == std::uint64_t{op.images} * op.out_rows * op.out_columns);
}

void average_pool(const VectorOp& op, std::span<const float> in, std::span<float> out) {
  const std::size_t channels = op.channels;
  std::fill(out.begin(), out.end(), 0.0F);
  std::vector<std::uint32_t> inside(out.size() / channels);
  for_each_window_pixel(op, [&](std::uint64_t to, std::uint64_t from) {
    ++inside[to];
    for (std::size_t c = 0; c < channels; ++c) out[to * channels + c] += in[from * channels + c];
  });
  for (std::size_t pixel = 0; pixel < inside.size(); ++pixel) {
    const std::uint32_t divisor =
        op.count_include_pad != 0 ? op.kernel_rows * op.kernel_columns : inside[pixel];
    for (std::size_t c = 0; c < channels; ++c) {
      out[pixel * channels + c] /= static_cast<float>(divisor);
    }
  }
}

void batch_norm(std::size_t channels, std::span<const float> parameters, std::span<const float> in,
                std::span<float> out) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::size_t c = i % channels;
    out[i] = parameters[c] * in[i] + parameters[channels + c];
  }
}

bool same(const models::Quantisation& a, const models::Quantisation& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point;
}

void softmax(std::size_t channels, std::span<const float> in, std::span<float> out) {
  for (std::size_t first = 0; first < in.size(); first += channels) {
    const auto x = in.subspan(first, channels);
    const float largest = *std::max_element(x.begin(), x.end());
    float sum = 0.0F;
    for (std::size_t c = 0; c < channels; ++c) sum += out[first + c] = std::exp(x[c] - largest);
    for (std::size_t c = 0; c < channels; ++c) out[first + c] /= sum;
  }
}

}  // namespace

VectorCounts VectorUnit::counts(const VectorOp& op) const {
  VectorCounts counts;
  counts.output_writes = counts.lane_operations = op.outputs();
  switch (op.opcode) {
    case VectorOpcode::kWriteBack:
      counts.output_reads = op.outputs();
      counts.parameter_reads =
          std::uint64_t{op.channels} *
          ((op.has_bias != 0 ? 1U : 0U) + (arithmetic_->is_quantised() ? 1U : 0U));
      break;
    case VectorOpcode::kMaxPool:
    case VectorOpcode::kAveragePool:
      counts.input_reads = counts.lane_operations =
          op.outputs() * op.kernel_rows * op.kernel_columns;
      break;
    case VectorOpcode::kAdd:
      counts.input_reads = 2 * op.outputs();
      break;
    case VectorOpcode::kBatchNorm:
      counts.input_reads = op.outputs();
      counts.parameter_reads = 2 * std::uint64_t{op.channels};
      break;
    case VectorOpcode::kSoftmax:
      counts.input_reads = counts.lane_operations = 3 * op.outputs();
      break;
    case VectorOpcode::kRelu:
    case VectorOpcode::kCopy:
      counts.input_reads = op.outputs();
      break;
    case VectorOpcode::kFill:
      break;
  }
  return counts;
}

Cycles VectorUnit::cycles(const VectorOp& op) const {
  return config_.latency_cycles + ceil_div(counts(op).lane_operations, config_.lanes);
}

void VectorUnit::execute(const VectorOp& op, std::span<const std::byte> input,
                         std::span<const std::byte> second, std::span<const std::byte> parameters,
                         std::span<std::byte> output) const {
  const models::Arithmetic& a = *arithmetic_;
  assert(output.size() == op.outputs() * a.code_bytes());
  if (op.opcode == VectorOpcode::kWriteBack) {
    const std::size_t bias_bytes = op.has_bias != 0 ? op.channels * a.bias_bytes() : 0;
    const std::vector<float> requantise = read_floats(parameters.subspan(bias_bytes));
    a.write_back({.m = op.outputs() / op.channels,
                  .n = op.channels,
                  .accumulators = input.data(),
                  .bias = op.has_bias != 0 ? parameters.data() : nullptr,
                  .requantise = a.is_quantised() ? requantise.data() : nullptr,
                  .output = op.out,
                  .relu = op.relu != 0,
                  .codes = output.data()});
    return;
  }
  if (op.opcode == VectorOpcode::kRelu) {
    std::memcpy(output.data(), input.data(), output.size());
    a.relu(op.outputs(), op.in, output.data());
    return;
  }
  if (op.opcode == VectorOpcode::kCopy && same(op.in, op.out)) {
    std::memcpy(output.data(), input.data(), output.size());
    return;
  }
  if (op.opcode == VectorOpcode::kFill) {
    for (std::size_t at = 0; at < output.size(); at += a.code_bytes()) {
      std::memcpy(output.data() + at, &op.fill_code, a.code_bytes());
    }
    return;
  }
  if (op.opcode == VectorOpcode::kMaxPool) return max_pool(op, a, input, output);
  if (op.opcode == VectorOpcode::kAdd) {
    a.add(op.outputs(), input.data(), op.in, second.data(), op.second, op.out, output.data());
    return;
  }
  // The rest computes in FP32 and rounds once.
  std::vector<float> in(op.inputs()), out(op.outputs());
  a.decode(input.data(), op.in, in);
  if (op.opcode == VectorOpcode::kAveragePool) average_pool(op, in, out);
  if (op.opcode == VectorOpcode::kBatchNorm) {
    batch_norm(op.channels, read_floats(parameters), in, out);
  }
  if (op.opcode == VectorOpcode::kSoftmax) softmax(op.channels, in, out);
  if (op.opcode == VectorOpcode::kCopy) std::copy(in.begin(), in.end(), out.begin());
  a.encode(out, op.out, output.data());
}

}  // namespace systolog::pe
