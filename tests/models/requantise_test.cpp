// SPDX-License-Identifier: Apache-2.0
// Write-back of int:B: bias, one FP32 multiplication, ties to even, zero point, saturation, ReLU.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/models/matrices.h"

namespace systolog::test {
namespace {

using models::Kernels;
using oracle::Chain;
using oracle::Dyadic;
using oracle::Integer;
using oracle::Value;

/// scale * sum in FP32, to the nearest integer, ties to even, plus the zero point, saturated.
Code requantise(const Integer& sum, float scale, int zero_point, int bits) {
  const Value as_float = keep_in_float(oracle::kFp32, Value::finite(Dyadic::integer(sum)));
  const Value scaled = keep_in_float(oracle::kFp32, as_float * Value::finite(Dyadic::of(scale)));
  const Integer code = oracle::saturate(scaled.number.round_half_even() + zero_point, bits);
  return static_cast<Code>(oracle::to_twos_complement(code, bits));
}

class IntegerWriteBack : public testing::TestWithParam<Chain> {};
INSTANTIATE_TEST_SUITE_P(Arithmetics, IntegerWriteBack, testing::ValuesIn(int_chains()),
                         chain_name);

TEST_P(IntegerWriteBack, RequantisesTheExactSumOnceWithTiesToEvenAndSaturates) {
  const Chain& chain = GetParam();
  const std::string& name = chain.arithmetic;
  const int bits = chain.bits;
  Draw draw(16);
  for (const Shape& shape : kShapes) {
    const Operands x(chain, shape, draw);
    std::vector<Value> sums;
    accumulate(chain, x, sums);
    CodeBuffer bias(shape.n, 4);
    std::vector<float> scales(shape.n);
    for (std::size_t n = 0; n < shape.n; ++n) {
      const auto offset = static_cast<std::int32_t>(draw.bits(32)) >> draw.below(31);
      bias.set(n, static_cast<Code>(offset / 2));
      // Powers of two make ties; the others are what calibration gives.
      scales[n] =
          std::ldexp(draw.one_in(2) ? 1.0F : 1.0F + static_cast<float>(draw.bits(23)) * 0x1p-23F,
                     -1 - static_cast<int>(draw.below(2 * static_cast<unsigned>(bits))));
    }
    const int zero_point =
        static_cast<int>(draw.below(std::uint64_t{1} << bits)) - (1 << (bits - 1));
    for (const Kernels kernels : {Kernels::kScalar, Kernels::kFastest}) {
      const auto arithmetic = make_arithmetic(name, kernels);
      ASSERT_EQ(arithmetic->bias_bytes(), 4U);
      ASSERT_TRUE(arithmetic->is_quantised());
      Accumulators got(*arithmetic, shape.m * shape.n);
      got.add(x);
      for (const bool relu : {false, true}) {
        CodeBuffer codes(shape.m * shape.n, arithmetic->code_bytes());
        arithmetic->write_back({.m = shape.m,
                                .n = shape.n,
                                .accumulators = got.data(),
                                .bias = relu ? bias.data() : nullptr,
                                .requantise = scales.data(),
                                .output = {0.125F, zero_point},
                                .relu = relu,
                                .codes = codes.data()});
        for (std::size_t i = 0; i < sums.size(); ++i) {
          const std::size_t n = i % shape.n;
          const Integer offset(relu ? static_cast<std::int32_t>(bias[n]) : 0);
          // The bias enters the accumulator, which wraps where it is narrower.
          const Integer sum = chain.step(sums[i], Value::finite({offset, 0})).number.floor();
          Code expected = requantise(sum, scales[n], zero_point, bits);
          if (relu && oracle::from_twos_complement(expected, bits) < zero_point) {
            expected = static_cast<Code>(oracle::to_twos_complement(zero_point, bits));
          }
          ASSERT_EQ(hex(codes[i]), hex(expected))
              << name << " " << shape << ": sum " << sum << ", scale " << scales[n]
              << ", zero point " << zero_point << (relu ? ", ReLU" : "")
              << (kernels == Kernels::kScalar ? ", scalar" : "");
        }
      }
    }
  }
}

TEST(IntegerWriteBackTies, GoToTheEvenCodeBeforeTheZeroPointIsAdded) {
  const auto arithmetic = make_arithmetic("int:8/exact/int:32");
  for (int sum = -127; sum <= 127; ++sum) {
    const CodeBuffer a(std::vector<Code>{static_cast<Code>(sum) & 0xFFU}, 1);
    const CodeBuffer one(std::vector<Code>{1}, 1);
    Accumulators accumulator(*arithmetic, 1);
    arithmetic->matmul({.m = 1,
                        .k = 1,
                        .n = 1,
                        .fold_rows = 1,
                        .activations = a.data(),
                        .weights = one.data(),
                        .accumulators = accumulator.data()});
    const float half = 0.5F;
    CodeBuffer code(1, 1);
    arithmetic->write_back({.m = 1,
                            .n = 1,
                            .accumulators = accumulator.data(),
                            .requantise = &half,
                            .output = {1.0F, 3},
                            .codes = code.data()});
    const int floor = sum >= 0 ? sum / 2 : (sum - 1) / 2;
    const int even = sum % 2 == 0 ? sum / 2 : floor % 2 == 0 ? floor : floor + 1;
    ASSERT_EQ(hex(code[0]), hex(static_cast<Code>(even + 3) & 0xFFU)) << sum << " / 2 + 3";
  }
}

}  // namespace
}  // namespace systolog::test
