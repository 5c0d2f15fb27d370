// SPDX-License-Identifier: Apache-2.0
// Matrix products and write-back of every accumulator kind against a triple loop of oracle steps,
// by the scalar models and by the kernels of this machine.
#include <gtest/gtest.h>

#include <thread>

#include "tests/models/matrices.h"

namespace systolog::test {
namespace {

using models::Kernels;
using oracle::Chain;
using oracle::Value;

class EveryAccumulator : public testing::TestWithParam<Chain> {
 protected:
  const Chain chain_ = GetParam();
  const std::vector<std::shared_ptr<const Arithmetic>> kernels_ = {
      make_arithmetic(chain_.arithmetic, Kernels::kScalar),
      make_arithmetic(chain_.arithmetic, Kernels::kFastest)};

  /// Writes accumulators back with and without bias and ReLU and compares with the oracle's sums.
  void expect_written_back(const Arithmetic& arithmetic, const Shape& shape,
                           const Accumulators& got, const std::vector<Value>& sums) {
    Draw draw(28);
    const std::vector<Code> bias = draw_operands(chain_, draw, shape.n);
    const CodeBuffer bias_buffer(bias, arithmetic.bias_bytes());
    for (const bool biased : {false, true}) {
      for (const bool relu : {false, true}) {
        CodeBuffer codes(shape.m * shape.n, arithmetic.code_bytes());
        arithmetic.write_back({.m = shape.m,
                               .n = shape.n,
                               .accumulators = got.data(),
                               .bias = biased ? bias_buffer.data() : nullptr,
                               .output = {},
                               .relu = relu,
                               .codes = codes.data()});
        for (std::size_t i = 0; i < sums.size(); ++i) {
          const Value sum =
              biased ? chain_.step(sums[i], chain_.value(bias[i % shape.n])) : sums[i];
          Code expected = chain_.encode(sum);
          const Value number = chain_.value(expected);
          if (relu && !number.is_nan() && number.negative) expected = 0;
          ASSERT_TRUE(same_code(chain_, codes[i], expected))
              << chain_.arithmetic << " " << shape << (biased ? ", bias" : "")
              << (relu ? ", ReLU" : "") << (&arithmetic == kernels_[0].get() ? ", scalar" : "")
              << ": output (" << i / shape.n << ", " << i % shape.n << ") is " << hex(codes[i])
              << ", not " << hex(expected) << " = round(" << sum << ")";
        }
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Arithmetics, EveryAccumulator, testing::ValuesIn(unquantised_chains()),
                         chain_name);

TEST_P(EveryAccumulator, SumsFoldByFoldMergesThenAddsBiasAndRoundsOnce) {
  Draw draw(12);
  for (const Shape& shape : kShapes) {
    const Operands x(chain_, shape, draw);
    std::vector<Value> sums;
    accumulate(chain_, x, sums);
    for (const auto& arithmetic : kernels_) {
      Accumulators got(*arithmetic, shape.m * shape.n);
      got.add(x);
      expect_written_back(*arithmetic, shape, got, sums);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(EveryAccumulator, CarriesItsSumsOverFromTileToTileUntilCleared) {
  Draw draw(13);
  const Shape shape{5, 19, 9, 4};
  const Operands tiles[] = {{chain_, shape, draw}, {chain_, shape, draw}, {chain_, shape, draw}};
  std::vector<Value> sums;
  for (const Operands& tile : tiles) accumulate(chain_, tile, sums);
  const std::vector<Value> zeros(sums.size(), Value::zero(false));
  for (const auto& arithmetic : kernels_) {
    Accumulators got(*arithmetic, shape.m * shape.n);
    for (const Operands& tile : tiles) got.add(tile);
    expect_written_back(*arithmetic, shape, got, sums);
    arithmetic->clear(shape.m * shape.n, got.data());
    expect_written_back(*arithmetic, shape, got, zeros);
  }
}

TEST_P(EveryAccumulator, GivesTheSameSumsFromManyThreads) {
  Draw draw(15);
  const Shape shape{8, 24, 17, 16};
  const Operands x(chain_, shape, draw);
  std::vector<Value> sums;
  accumulate(chain_, x, sums);
  for (const auto& arithmetic : kernels_) {
    std::vector<Accumulators> results;
    for (int i = 0; i < 4; ++i) results.emplace_back(*arithmetic, shape.m * shape.n);
    {
      std::vector<std::jthread> threads;
      for (Accumulators& result : results) threads.emplace_back([&] { result.add(x); });
    }
    for (const Accumulators& result : results) {
      expect_written_back(*arithmetic, shape, result, sums);
    }
  }
}

/// One output of `a` times ones, in folds of `fold_rows`.
Code folded_sum(const std::string& name, const std::vector<Code>& a, Code one,
                std::size_t fold_rows) {
  const auto arithmetic = make_arithmetic(name);
  const CodeBuffer activations(a, arithmetic->code_bytes());
  const CodeBuffer weights(std::vector<Code>(a.size(), one), arithmetic->code_bytes());
  Accumulators sum(*arithmetic, 1);
  arithmetic->matmul({.m = 1,
                      .k = a.size(),
                      .n = 1,
                      .fold_rows = fold_rows,
                      .activations = activations.data(),
                      .weights = weights.data(),
                      .accumulators = sum.data()});
  CodeBuffer code(1, arithmetic->code_bytes());
  arithmetic->write_back(
      {.m = 1, .n = 1, .accumulators = sum.data(), .output = {}, .codes = code.data()});
  return code[0];
}

TEST(Folds, StartFromZeroWhichShowsWhereSumsRound) {
  // 2^24 + 0 | 1 + 1: one at a time the ones are lost, as a fold of their own they are not.
  const std::vector<Code> fp32 = {0x4B80'0000, 0, 0x3F80'0000, 0x3F80'0000};
  EXPECT_EQ(hex(folded_sum("fp32/exact/fp32", fp32, 0x3F80'0000, 4)), hex(0x4B80'0000));
  EXPECT_EQ(hex(folded_sum("fp32/exact/fp32", fp32, 0x3F80'0000, 2)), hex(0x4B80'0001));
  // posit<8,0>, where 16 and 24 are neighbours: 16 + 0 | 2.5 + 2.5.
  const std::vector<Code> posit = {0x7C, 0, 0x64, 0x64};
  EXPECT_EQ(hex(folded_sum("posit:8,0/exact/self", posit, 0x40, 4)), hex(0x7C));
  EXPECT_EQ(hex(folded_sum("posit:8,0/exact/self", posit, 0x40, 2)), hex(0x7D));
  EXPECT_EQ(hex(folded_sum("posit:8,0/exact/quire", posit, 0x40, 4)), hex(0x7D));
}

TEST(Folds, StartFromZeroWhichShowsWhereSumsSaturate) {
  // 20000 + 20000 | -20000 - 20000
  const std::vector<Code> fixed = {20000U << 16, 20000U << 16, ~(20000U << 16) + 1,
                                   ~(20000U << 16) + 1};
  const std::string name = "fixed:32,16/exact/fixed:32,16";
  // One chain: 20000, 32768 - u, 12768 - u, -7232 - u, with u = 2^-16.
  EXPECT_EQ(hex(folded_sum(name, fixed, 1U << 16, 4)), hex(~(7232U << 16)));
  // Two folds: 32768 - u and -32768 merge to -u.
  EXPECT_EQ(hex(folded_sum(name, fixed, 1U << 16, 2)), hex(0xFFFF'FFFF));
}

}  // namespace
}  // namespace systolog::test
