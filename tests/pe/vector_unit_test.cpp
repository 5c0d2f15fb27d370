// SPDX-License-Identifier: Apache-2.0
// Each vector operation against its plain definition, in FP32 and in int:8.
#include "pe/vector_unit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

using models::Arithmetic;
using models::make_arithmetic;
using models::Quantisation;

VectorOp random_op(Draw& draw, VectorOpcode opcode) {
  VectorOp op;
  op.opcode = opcode;
  op.images = u32(draw.between(1, 3));
  op.channels = u32(draw.between(1, 6));
  op.rows = op.out_rows = u32(draw.between(1, 6));
  op.columns = op.out_columns = u32(draw.between(1, 6));
  return op;
}

/// The pixels (row, column) of the tile that output pixel (row, column) looks at.
std::vector<std::pair<std::uint32_t, std::uint32_t>> window(const VectorOp& op, std::uint32_t row,
                                                            std::uint32_t column) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pixels;
  for (std::int64_t y = 0; y < op.kernel_rows; ++y) {
    for (std::int64_t x = 0; x < op.kernel_columns; ++x) {
      const std::int64_t r =
          row * std::int64_t{op.stride_rows} + y * op.dilation_rows + op.first_row;
      const std::int64_t c =
          column * std::int64_t{op.stride_columns} + x * op.dilation_columns + op.first_column;
      if (r >= 0 && r < op.rows && c >= 0 && c < op.columns) {
        pixels.emplace_back(static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(c));
      }
    }
  }
  return pixels;
}

/// A pooling with padding, strides and dilations, none of whose windows is all padding.
VectorOp random_pool(Draw& draw, VectorOpcode opcode) {
  while (true) {
    VectorOp op = random_op(draw, opcode);
    const Axis rows = random_axis(draw), columns = random_axis(draw);
    op.rows = rows.size;
    op.out_rows = rows.out;
    op.kernel_rows = rows.kernel;
    op.stride_rows = rows.stride;
    op.dilation_rows = rows.dilation;
    op.first_row = rows.first;
    op.columns = columns.size;
    op.out_columns = columns.out;
    op.kernel_columns = columns.kernel;
    op.stride_columns = columns.stride;
    op.dilation_columns = columns.dilation;
    op.first_column = columns.first;
    bool empty = false;
    for (std::uint32_t r = 0; r < op.out_rows; ++r) {
      for (std::uint32_t c = 0; c < op.out_columns; ++c) empty |= window(op, r, c).empty();
    }
    if (!empty) return op;
  }
}

/// outputs[image, row, column, channel] = reduce(values of the window).
template <typename T>
std::vector<T> pooled(const VectorOp& op, const std::vector<T>& input,
                      const std::function<T(const std::vector<T>&)>& reduce) {
  std::vector<T> outputs;
  for (std::uint32_t i = 0; i < op.images; ++i) {
    for (std::uint32_t r = 0; r < op.out_rows; ++r) {
      for (std::uint32_t c = 0; c < op.out_columns; ++c) {
        for (std::uint32_t channel = 0; channel < op.channels; ++channel) {
          std::vector<T> values;
          for (const auto& [y, x] : window(op, r, c)) {
            values.push_back(input[((i * op.rows + y) * op.columns + x) * op.channels + channel]);
          }
          outputs.push_back(reduce(values));
        }
      }
    }
  }
  return outputs;
}

std::vector<float> floats(const std::vector<std::byte>& codes) {
  std::vector<float> values(codes.size() / sizeof(float));
  std::memcpy(values.data(), codes.data(), codes.size());
  return values;
}

/// Integers over 16: sums of a few of them are exact in FP32.
std::vector<float> sixteenths(Draw& draw, std::size_t count) {
  std::vector<float> values(count);
  for (float& v : values) v = (static_cast<float>(draw.below(4001)) - 2000.0F) / 16.0F;
  return values;
}

class VectorFp32 : public testing::Test {
 protected:
  const std::shared_ptr<const Arithmetic> arithmetic_ = make_arithmetic("fp32/exact/fp32");
  const VectorUnit unit_{{.lanes = 4, .latency_cycles = 3}, *arithmetic_};
  Draw draw_{1};

  std::vector<float> execute(const VectorOp& op, const std::vector<float>& input,
                             const std::vector<float>& second = {},
                             const std::vector<float>& parameters = {}) const {
    std::vector<std::byte> output(op.outputs() * 4);
    EXPECT_EQ(parameters.size() * 4, op.parameter_bytes(*arithmetic_));
    unit_.execute(op, codes_of(input, 4), codes_of(second, 4), codes_of(parameters, 4), output);
    return floats(output);
  }
};

class Int8Unit : public testing::Test {
 protected:
  const std::shared_ptr<const Arithmetic> arithmetic_ = make_arithmetic("int:8/exact/int:32");
  const VectorUnit unit_{{.lanes = 4, .latency_cycles = 3}, *arithmetic_};
  Draw draw_{2};

  std::vector<int> random_codes(std::size_t count) {
    std::vector<int> codes(count);
    for (int& code : codes) code = static_cast<int>(draw_.below(256)) - 128;
    return codes;
  }
  /// Scales are powers of two here: every real number below is exact in FP32 and in double.
  Quantisation random_quantisation() {
    return {std::ldexp(1.0F, static_cast<int>(draw_.below(5)) - 2),
            static_cast<std::int32_t>(draw_.below(101)) - 50};
  }
  static double real(int code, Quantisation q) { return double{q.scale} * (code - q.zero_point); }
  static int code_of(double value, Quantisation q) {
    return static_cast<int>(
        std::clamp(std::nearbyint(value / double{q.scale}) + q.zero_point, -128.0, 127.0));
  }
  std::vector<int> execute(const VectorOp& op, const std::vector<int>& input,
                           const std::vector<int>& second = {},
                           const std::vector<std::byte>& parameters = {}) const {
    std::vector<std::byte> output(op.outputs());
    EXPECT_EQ(parameters.size(), op.parameter_bytes(*arithmetic_));
    unit_.execute(op, codes_of(input, 1), codes_of(second, 1), parameters, output);
    std::vector<int> codes;
    for (const std::byte b : output) codes.push_back(static_cast<std::int8_t>(b));
    return codes;
  }
};

/// Accumulators that hold the values: each times one.
std::vector<std::byte> accumulators_of(const Arithmetic& a, const std::vector<std::byte>& codes,
                                       std::vector<std::byte> one) {
  const std::size_t count = codes.size() / a.code_bytes();
  std::vector<std::byte> sums(count * a.accumulator_bytes());
  a.clear(count, sums.data());
  a.matmul({.m = count,
            .k = 1,
            .n = 1,
            .fold_rows = 1,
            .activations = codes.data(),
            .weights = one.data(),
            .accumulators = sums.data()});
  return sums;
}

TEST_F(VectorFp32, WritesBackTheSumPlusItsChannelsBiasWithOrWithoutReLU) {
  for (int i = 0; i < 50; ++i) {
    VectorOp op = random_op(draw_, VectorOpcode::kWriteBack);
    op.relu = i % 2 == 0 ? 1 : 0;
    op.has_bias = i % 3 == 0 ? 0 : 1;
    const auto values = sixteenths(draw_, op.outputs());
    const auto bias = sixteenths(draw_, op.has_bias != 0 ? op.channels : 0);
    std::vector<float> expected = values;
    for (std::size_t n = 0; n < expected.size(); ++n) {
      if (op.has_bias != 0) expected[n] += bias[n % op.channels];
      if (op.relu != 0) expected[n] = std::max(expected[n], 0.0F);
    }
    ASSERT_EQ(op.parameter_bytes(*arithmetic_), bias.size() * 4);
    std::vector<std::byte> output(op.outputs() * 4);
    unit_.execute(
        op,
        accumulators_of(*arithmetic_, codes_of(values, 4), codes_of(std::vector<float>{1.0F}, 4)),
        {}, codes_of(bias, 4), output);
    ASSERT_EQ(floats(output), expected);
  }
}

TEST_F(Int8Unit, WritesBackTheSumPlusBiasTimesItsChannelsFactor) {
  for (int i = 0; i < 50; ++i) {
    VectorOp op = random_op(draw_, VectorOpcode::kWriteBack);
    op.relu = i % 2 == 0 ? 1 : 0;
    op.has_bias = i % 3 == 0 ? 0 : 1;
    op.out = random_quantisation();
    const auto values = random_codes(op.outputs());
    std::vector<std::int32_t> bias(op.has_bias != 0 ? op.channels : 0);
    for (auto& b : bias) b = static_cast<std::int32_t>(draw_.below(2001)) - 1000;
    std::vector<float> factors(op.channels);
    for (float& f : factors) f = std::ldexp(1.0F, -static_cast<int>(draw_.below(5)));
    std::vector<std::byte> parameters = codes_of(bias, 4);  // bias first, then the factors
    const auto factor_bytes = codes_of(factors, 4);
    parameters.insert(parameters.end(), factor_bytes.begin(), factor_bytes.end());
    ASSERT_EQ(op.parameter_bytes(*arithmetic_), parameters.size());
    std::vector<std::byte> output(op.outputs());
    unit_.execute(
        op, accumulators_of(*arithmetic_, codes_of(values, 1), codes_of(std::vector<int>{1}, 1)),
        {}, parameters, output);
    for (std::size_t n = 0; n < values.size(); ++n) {
      const std::size_t c = n % op.channels;
      const double sum = values[n] + (op.has_bias != 0 ? bias[c] : 0);
      const double rounded = std::nearbyint(sum * double{factors[c]}) + op.out.zero_point;
      int expected = static_cast<int>(std::clamp(rounded, -128.0, 127.0));
      if (op.relu != 0) expected = std::max(expected, op.out.zero_point);
      ASSERT_EQ(static_cast<std::int8_t>(output[n]), expected);
    }
  }
}

TEST_F(VectorFp32, RectifiesMaximaAndAddsElementByElement) {
  VectorOp op = random_op(draw_, VectorOpcode::kRelu);
  const auto a = sixteenths(draw_, op.inputs()), b = sixteenths(draw_, op.inputs());
  std::vector<float> rectified = a, added = a;
  for (std::size_t i = 0; i < a.size(); ++i) {
    rectified[i] = a[i] > 0.0F ? a[i] : 0.0F;
    added[i] = a[i] + b[i];
  }
  EXPECT_EQ(execute(op, a), rectified);
  op.opcode = VectorOpcode::kAdd;
  EXPECT_EQ(execute(op, a, b), added);
}

TEST_F(Int8Unit, RectifiesAtTheZeroPointAndAddsRealNumbers) {
  for (int i = 0; i < 50; ++i) {
    VectorOp op = random_op(draw_, VectorOpcode::kRelu);
    op.in = op.out = random_quantisation();
    const auto a = random_codes(op.inputs()), b = random_codes(op.inputs());
    std::vector<int> rectified = a, added = a;
    for (int& code : rectified) code = std::max(code, op.in.zero_point);
    ASSERT_EQ(execute(op, a), rectified);
    op.opcode = VectorOpcode::kAdd;
    op.second = random_quantisation();
    op.out = random_quantisation();
    for (std::size_t n = 0; n < a.size(); ++n) {
      added[n] = code_of(real(a[n], op.in) + real(b[n], op.second), op.out);
    }
    ASSERT_EQ(execute(op, a, b), added);
  }
}

TEST_F(VectorFp32, CopiesEveryBitAndFillsWithoutInput) {
  VectorOp op = random_op(draw_, VectorOpcode::kCopy);
  const auto values = sixteenths(draw_, op.inputs());
  EXPECT_EQ(execute(op, values), values);
  op.opcode = VectorOpcode::kFill;
  op.fill_code = 0x40490FDB;  // pi
  EXPECT_EQ(op.input_bytes(*arithmetic_), 0U);
  EXPECT_EQ(execute(op, {}), std::vector<float>(op.outputs(), 3.14159274F));
}

TEST_F(Int8Unit, CopiesCodesOfOneQuantisationAndRealNumbersBetweenTwo) {
  for (int i = 0; i < 50; ++i) {
    VectorOp op = random_op(draw_, VectorOpcode::kCopy);
    op.in = op.out = {0.3F, 7};  // the product of scale and code is no FP32 number
    const auto codes = random_codes(op.inputs());
    ASSERT_EQ(execute(op, codes), codes);
    op.in = random_quantisation();
    op.out = random_quantisation();
    std::vector<int> converted = codes;
    for (int& code : converted) code = code_of(real(code, op.in), op.out);
    ASSERT_EQ(execute(op, codes), converted);
  }
}

TEST_F(VectorFp32, PoolsTheMaximumOfThePixelsInsideTheImage) {
  for (int i = 0; i < 200; ++i) {
    const VectorOp op = random_pool(draw_, VectorOpcode::kMaxPool);
    const auto input = sixteenths(draw_, op.inputs());
    ASSERT_EQ(execute(op, input), pooled<float>(op, input, [](const std::vector<float>& values) {
                return *std::max_element(values.begin(), values.end());
              }));
  }
}

TEST_F(Int8Unit, PoolsTheMaximumCode) {
  for (int i = 0; i < 100; ++i) {
    VectorOp op = random_pool(draw_, VectorOpcode::kMaxPool);
    op.in = op.out = random_quantisation();
    const auto input = random_codes(op.inputs());
    ASSERT_EQ(execute(op, input), pooled<int>(op, input, [](const std::vector<int>& values) {
                return *std::max_element(values.begin(), values.end());
              }));
  }
}

TEST_F(VectorFp32, AveragesOverThePixelsInsideOrTheWholeWindow) {
  for (int i = 0; i < 200; ++i) {
    VectorOp op = random_pool(draw_, VectorOpcode::kAveragePool);
    op.count_include_pad = i % 2 == 0 ? 1 : 0;
    const auto input = sixteenths(draw_, op.inputs());
    const auto whole = double(op.kernel_rows) * op.kernel_columns;
    ASSERT_EQ(execute(op, input), pooled<float>(op, input, [&](const std::vector<float>& values) {
                double sum = 0;
                for (const float v : values) sum += double{v};
                return static_cast<float>(
                    sum / (op.count_include_pad != 0 ? whole : double(values.size())));
              }));
  }
}

TEST_F(Int8Unit, AveragesRealNumbersAndRoundsOnce) {
  for (int i = 0; i < 50; ++i) {
    VectorOp op = random_op(draw_, VectorOpcode::kAveragePool);
    op.kernel_rows = op.rows = 4;  // global: a window as large as the image
    op.kernel_columns = op.columns = 2;
    op.out_rows = op.out_columns = 1;
    op.in = random_quantisation();
    op.out = random_quantisation();
    const auto input = random_codes(op.inputs());
    ASSERT_EQ(execute(op, input), pooled<int>(op, input, [&](const std::vector<int>& values) {
                double sum = 0;
                for (const int v : values) sum += real(v, op.in);
                return code_of(sum / 8.0, op.out);
              }));
  }
}

TEST_F(VectorFp32, NormalisesEachChannelWithItsScaleAndShift) {
  const VectorOp op = random_op(draw_, VectorOpcode::kBatchNorm);
  const auto input = sixteenths(draw_, op.inputs());
  const auto parameters = sixteenths(draw_, 2 * op.channels);  // scales, then shifts
  std::vector<float> expected = input;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const std::size_t c = i % op.channels;
    expected[i] = static_cast<float>(double{parameters[c]} * double{input[i]} +
                                     double{parameters[op.channels + c]});
  }
  EXPECT_EQ(execute(op, input, {}, parameters), expected);
}

TEST_F(VectorFp32, TakesTheSoftmaxOverTheChannelsOfEachPixel) {
  VectorOp op = random_op(draw_, VectorOpcode::kSoftmax);
  op.channels = 7;
  std::vector<float> input = sixteenths(draw_, op.inputs());
  for (std::size_t c = 0; c < 7; ++c) input[c] = 200.0F;  // exp(200) is no FP32
  const auto got = execute(op, input);
  for (std::size_t first = 0; first < input.size(); first += 7) {
    const double most = double{*std::max_element(&input[first], &input[first] + 7)};
    double sum = 0, all = 0;
    for (std::size_t c = 0; c < 7; ++c) sum += std::exp(double{input[first + c]} - most);
    for (std::size_t c = 0; c < 7; ++c) {
      EXPECT_NEAR(double{got[first + c]}, std::exp(double{input[first + c]} - most) / sum, 1e-6);
      all += double{got[first + c]};
    }
    EXPECT_NEAR(all, 1.0, 1e-6);
  }
}

// --- counts and cycles ---------------------------------------------------------------------------

struct CountsCase {
  std::string name;
  VectorOpcode opcode;
  // Of 2 images of 3 channels, 12 x 10 pixels in, 6 x 5 out, windows of 2 x 2: [elements].
  std::uint64_t outputs, operations, input_reads, parameter_reads, output_reads;
};
std::ostream& operator<<(std::ostream& out, const CountsCase& c) { return out << c.name; }
class VectorCountsOf : public testing::TestWithParam<CountsCase> {};
constexpr std::uint64_t kPooled = 2 * 6 * 5 * 3, kAll = 2 * 12 * 10 * 3;
INSTANTIATE_TEST_SUITE_P(
    Operations, VectorCountsOf,
    testing::Values(CountsCase{"WriteBack", VectorOpcode::kWriteBack, kAll, kAll, 0, 3 + 3, kAll},
                    CountsCase{"Relu", VectorOpcode::kRelu, kAll, kAll, kAll, 0, 0},
                    CountsCase{"MaxPool", VectorOpcode::kMaxPool, kPooled, 4 * kPooled, 4 * kPooled,
                               0, 0},
                    CountsCase{"AveragePool", VectorOpcode::kAveragePool, kPooled, 4 * kPooled,
                               4 * kPooled, 0, 0},
                    CountsCase{"Add", VectorOpcode::kAdd, kAll, kAll, 2 * kAll, 0, 0},
                    CountsCase{"BatchNorm", VectorOpcode::kBatchNorm, kAll, kAll, kAll, 2 * 3, 0},
                    CountsCase{"Copy", VectorOpcode::kCopy, kAll, kAll, kAll, 0, 0},
                    CountsCase{"Fill", VectorOpcode::kFill, kAll, kAll, 0, 0, 0},
                    CountsCase{"Softmax", VectorOpcode::kSoftmax, kAll, 3 * kAll, 3 * kAll, 0, 0}),
    [](const auto& operation) { return operation.param.name; });

TEST_P(VectorCountsOf, AnOperationAreItsElementsAndItsCyclesThoseOfTheLanes) {
  const CountsCase& expected = GetParam();
  const auto arithmetic = make_arithmetic("int:8/exact/int:32");
  VectorOp op;
  op.opcode = expected.opcode;
  op.images = 2;
  op.channels = 3;
  op.rows = op.out_rows = 12;
  op.columns = op.out_columns = 10;
  op.has_bias = 1;
  if (expected.outputs == kPooled) {
    op.out_rows = 6;
    op.out_columns = 5;
    op.kernel_rows = op.kernel_columns = op.stride_rows = op.stride_columns = 2;
  }
  for (const std::uint32_t lanes : {1U, 7U, 16U, 4096U}) {
    const VectorUnit unit({.lanes = lanes, .latency_cycles = 5}, *arithmetic);
    const VectorCounts counts = unit.counts(op);
    EXPECT_EQ(counts.lane_operations, expected.operations);
    EXPECT_EQ(counts.input_reads, expected.input_reads);
    EXPECT_EQ(counts.parameter_reads, expected.parameter_reads);
    EXPECT_EQ(counts.output_reads, expected.output_reads);
    EXPECT_EQ(counts.output_writes, expected.outputs);
    EXPECT_EQ(unit.cycles(op), 5 + (expected.operations + lanes - 1) / lanes) << lanes << " lanes";
  }
}

}  // namespace
}  // namespace systolog::pe::test
