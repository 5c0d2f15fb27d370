// SPDX-License-Identifier: Apache-2.0
#include "pe/vector_unit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
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

/// Taps of a window, in the padding too, but for those beyond what counts.
std::uint64_t counted_taps(const VectorOp& op, std::size_t pixel) {
  const auto taps = [](std::int64_t first, std::uint32_t kernel, std::uint32_t dilation,
                       std::int64_t end) {
    return std::clamp<std::int64_t>((end - first + dilation - 1) / dilation, 0, kernel);
  };
  const auto row = static_cast<std::int64_t>(pixel / op.out_columns % op.out_rows);
  const auto column = static_cast<std::int64_t>(pixel % op.out_columns);
  return static_cast<std::uint64_t>(
      taps(row * op.stride_rows + op.first_row, op.kernel_rows, op.dilation_rows, op.counted_rows) *
      taps(column * op.stride_columns + op.first_column, op.kernel_columns, op.dilation_columns,
           op.counted_columns));
}

void average_pool(const VectorOp& op, std::span<const float> in, std::span<float> out) {
  const std::size_t channels = op.channels;
  std::fill(out.begin(), out.end(), 0.0F);
  std::vector<std::uint64_t> inside(out.size() / channels);
  for_each_window_pixel(op, [&](std::uint64_t to, std::uint64_t from) {
    ++inside[to];
    for (std::size_t c = 0; c < channels; ++c) out[to * channels + c] += in[from * channels + c];
  });
  for (std::size_t pixel = 0; pixel < inside.size(); ++pixel) {
    const std::uint64_t divisor =
        op.count_include_pad != 0 ? counted_taps(op, pixel) : inside[pixel];
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

/// codes[i] = min(max(codes[i], a), b) by value, both bounds rounded to the format; NaN and NaR
/// stay. A bound of FP32's largest magnitude is none.
void clip(const VectorOp& op, const models::Quantisation& q, const models::Arithmetic& a,
          std::span<std::byte> codes) {
  const std::size_t bytes = a.code_bytes(), count = codes.size() / bytes;
  std::vector<std::byte> bounds(codes.size());
  const auto fill = [&](float bound) {
    a.encode(std::vector<float>(count, bound), q, bounds.data());
  };
  constexpr float kOpen = std::numeric_limits<float>::max();
  if (op.b < kOpen) {
    fill(op.b);
    std::vector<std::byte> larger(codes.begin(), codes.end());
    a.max(count, bounds.data(), larger.data());
    std::vector<float> values(count);
    a.decode(codes.data(), q, values);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = i * bytes;
      if (std::isnan(values[i]) || std::memcmp(&larger[at], &bounds[at], bytes) == 0) continue;
      std::memcpy(&codes[at], &bounds[at], bytes);
    }
  }
  if (op.a > -kOpen) {
    fill(op.a);
    a.max(count, bounds.data(), codes.data());
  }
}

/// The second operand as large as the first: each image's channels at every pixel.
std::vector<std::byte> repeated(const VectorOp& op, std::size_t code_bytes,
                                std::span<const std::byte> second) {
  const std::size_t pixel = op.channels * code_bytes;
  std::vector<std::byte> all;
  all.reserve(op.inputs() * code_bytes);
  for (std::size_t image = 0; image < op.images; ++image) {
    const auto channels = second.subspan(image * pixel, pixel);
    for (std::size_t p = 0; p < std::size_t{op.rows} * op.columns; ++p) {
      all.insert(all.end(), channels.begin(), channels.end());
    }
  }
  return all;
}

/// Through FP64, which holds every number of every format: rounded once.
void convert(const VectorOp& op, const models::Arithmetic& from, const models::Arithmetic& to,
             std::span<const std::byte> input, std::span<std::byte> output) {
  std::vector<double> values(op.inputs());
  from.decode_exactly(input.data(), op.in, values);
  to.encode_exactly(values, op.out, output.data());
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
          ((op.has_bias != 0 ? 1U : 0U) + (arithmetic(op).is_quantised() ? 1U : 0U));
      break;
    case VectorOpcode::kMaxPool:
    case VectorOpcode::kAveragePool:
      counts.input_reads = counts.lane_operations =
          op.outputs() * op.kernel_rows * op.kernel_columns;
      break;
    case VectorOpcode::kAdd:
    case VectorOpcode::kSub:
    case VectorOpcode::kMul:
      counts.input_reads = op.outputs() + op.second_pixels() * op.channels;
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
    case VectorOpcode::kActivate:
      counts.input_reads = op.outputs();
      break;
    case VectorOpcode::kFill:
      break;
  }
  const std::uint64_t second = op.has_second() ? op.second_pixels() * op.channels : 0;
  const std::uint64_t first = counts.input_reads - second;
  const std::uint64_t first_bytes =
      models::bytes_of(first, models::width_of(arithmetic(op), op.packed_input != 0));
  const std::uint64_t second_bytes =
      models::bytes_of(second, models::width_of(arithmetic(op), op.packed_second != 0));
  counts.input_read_bytes = first_bytes + second_bytes;
  if (op.chained != ChainedOperand::kNone) {
    // This operand comes from the output scratchpad.
    const bool is_first = op.chained == ChainedOperand::kFirst;
    counts.chained_reads = is_first ? first : second;
    counts.chained_read_bytes = is_first ? first_bytes : second_bytes;
    counts.input_reads -= counts.chained_reads;
    counts.input_read_bytes -= counts.chained_read_bytes;
  }
  return counts;
}

FeedBytes VectorUnit::feed_bytes(const VectorOp& op) const {
  const VectorCounts c = counts(op);
  const models::Arithmetic& a = arithmetic(op);
  return {c.input_read_bytes, op.parameter_bytes(a),
          c.output_reads * a.accumulator_bytes() + c.chained_read_bytes,
          op.output_bytes(out_arithmetic(op))};
}

Cycles VectorUnit::cycles(const VectorOp& op) const {
  return config_.latency_cycles + ceil_div(counts(op).lane_operations, config_.lanes);
}

void VectorUnit::execute(const VectorOp& op, std::span<const std::byte> input,
                         std::span<const std::byte> second, std::span<const std::byte> parameters,
                         std::span<std::byte> output) const {
  assert(output.size() == op.output_bytes(out_arithmetic(op)));
  const models::UnpackedCodes first(input, op.packed_input != 0, op.input_pixels(), op.channels);
  const models::UnpackedCodes other(second, op.has_second() && op.packed_second != 0,
                                    op.second_pixels(), op.channels);
  if (op.packed_output == 0) return compute(op, first.codes(), other.codes(), parameters, output);
  std::vector<std::byte> codes(op.outputs());
  compute(op, first.codes(), other.codes(), parameters, codes);
  models::pack(codes.data(), op.output_pixels(), op.channels, output.data());
}

void VectorUnit::compute(const VectorOp& op, std::span<const std::byte> input,
                         std::span<const std::byte> second, std::span<const std::byte> parameters,
                         std::span<std::byte> output) const {
  const models::Arithmetic &a = arithmetic(op), &to = out_arithmetic(op);
  if (op.opcode == VectorOpcode::kWriteBack) {
    const std::size_t bias_bytes = op.has_bias != 0 ? op.channels * a.bias_bytes() : 0;
    const std::vector<float> requantise = read_floats(parameters.subspan(bias_bytes));
    a.write_back({.m = op.outputs() / op.channels,
                  .n = op.channels,
                  .accumulators = input.data(),
                  .bias = op.has_bias != 0 ? parameters.data() : nullptr,
                  .requantise = a.is_quantised() ? requantise.data() : nullptr,
                  .output = op.out,
                  .shift = op.shift,
                  .relu = op.relu != 0,
                  .codes = output.data()});
    if (op.clips != 0) clip(op, op.out, a, output);
    return;
  }
  if (op.opcode == VectorOpcode::kRelu) {
    // A chained one works in place.
    if (output.data() != input.data()) std::memcpy(output.data(), input.data(), output.size());
    a.relu(op.outputs(), op.in, output.data());
    return;
  }
  if (op.opcode == VectorOpcode::kCopy) {
    if (&a == &to && same(op.in, op.out)) {
      std::memcpy(output.data(), input.data(), output.size());
    } else {
      convert(op, a, to, input, output);
    }
    return;
  }
  if (op.opcode == VectorOpcode::kFill) {
    for (std::size_t at = 0; at < output.size(); at += a.code_bytes()) {
      std::memcpy(output.data() + at, &op.fill_code, a.code_bytes());
    }
    return;
  }
  if (op.opcode == VectorOpcode::kMaxPool) return max_pool(op, a, input, output);
  std::vector<std::byte> whole_second;
  if (op.second_per_channel != 0) second = whole_second = repeated(op, a.code_bytes(), second);
  if (op.opcode == VectorOpcode::kActivate && op.activation == models::Activation::kClip &&
      same(op.in, op.out)) {
    if (output.data() != input.data()) std::memcpy(output.data(), input.data(), output.size());
    clip(op, op.out, a, output);
    return;
  }
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
  if (op.opcode == VectorOpcode::kActivate) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = models::activate(op.activation, op.a, op.b, in[i]);
    }
  }
  if (op.opcode == VectorOpcode::kSub || op.opcode == VectorOpcode::kMul) {
    std::vector<float> other(in.size());
    a.decode(second.data(), op.second, other);
    const bool sub = op.opcode == VectorOpcode::kSub;
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = sub ? in[i] - other[i] : in[i] * other[i];
    }
  }
  a.encode(out, op.out, output.data());
}

}  // namespace systolog::pe
