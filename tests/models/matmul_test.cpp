// SPDX-License-Identifier: Apache-2.0
// Matrix products and write-back of every accumulator kind against a triple loop of oracle steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/models/arithmetics.h"

namespace systolog::test {
namespace {

using models::MatmulTile;
using models::WriteBack;
using oracle::Chain;
using oracle::Dyadic;
using oracle::Integer;
using oracle::Value;

struct Shape {
  std::size_t m, k, n, fold_rows;
};
std::ostream& operator<<(std::ostream& out, const Shape& s) {
  return out << s.m << " x " << s.k << " x " << s.n << " in folds of " << s.fold_rows;
}
/// Ragged against 16 lanes and 16 rows; folds that divide K and folds that do not.
const std::vector<Shape> kShapes = {{1, 1, 1, 1},     {15, 16, 17, 16}, {16, 31, 33, 16},
                                    {33, 33, 15, 8},  {17, 33, 1, 7},   {1, 31, 16, 5},
                                    {31, 15, 16, 64}, {2, 100, 3, 33},  {3, 7, 2, 1}};

/// The operands of one matrix product.
struct Operands {
  Shape shape;
  std::vector<Code> activations, weights;  // [m, k], [k, n]

  Operands(const Chain& chain, const Shape& s, Draw& draw)
      : shape(s),
        activations(draw_operands(chain, draw, s.m * s.k)),
        weights(draw_operands(chain, draw, s.k * s.n)) {}
};

/// acc[m, n] += the product, as the array folds it: each fold from zero, then merged.
void accumulate(const Chain& chain, const Operands& x, std::vector<Value>& accumulators) {
  const auto [rows, k, columns, fold_rows] = x.shape;
  std::vector<Code> a, w;
  for (std::size_t m = 0; m < rows; ++m) {
    for (std::size_t n = 0; n < columns; ++n) {
      for (std::size_t from = 0; from < k; from += fold_rows) {
        a.clear();
        w.clear();
        for (std::size_t i = from; i < std::min(k, from + fold_rows); ++i) {
          a.push_back(x.activations[m * k + i]);
          w.push_back(x.weights[i * columns + n]);
        }
        Value& accumulator = accumulators[m * columns + n];
        accumulator = chain.step(accumulator, chain.sum(a, w));
      }
    }
  }
}

/// Accumulators of a model, at an odd address on purpose.
class Accumulators {
 public:
  Accumulators(const Arithmetic& arithmetic, std::size_t count)
      : arithmetic_(arithmetic), storage_(count * arithmetic.accumulator_bytes() + 1) {
    // What was there before must not matter.
    std::fill(storage_.begin(), storage_.end(), std::byte{0xA5});
    arithmetic.clear(count, data());
  }
  std::byte* data() { return storage_.data() + 1; }
  void add(const Operands& x) {
    const CodeBuffer a(x.activations, arithmetic_.code_bytes());
    const CodeBuffer w(x.weights, arithmetic_.code_bytes());
    arithmetic_.matmul({.m = x.shape.m,
                        .k = x.shape.k,
                        .n = x.shape.n,
                        .fold_rows = x.shape.fold_rows,
                        .activations = a.data(),
                        .weights = w.data(),
                        .accumulators = data()});
  }

 private:
  const Arithmetic& arithmetic_;
  std::vector<std::byte> storage_;
};

std::vector<Chain> unquantised_chains() {
  std::vector<Chain> all = chains();
  std::erase_if(all, [](const Chain& chain) { return chain.arithmetic.starts_with("int"); });
  return all;
}

class EveryAccumulator : public testing::TestWithParam<Chain> {
 protected:
  const Chain& chain() const { return GetParam(); }
  std::shared_ptr<const Arithmetic> arithmetic_ = make_arithmetic(GetParam().arithmetic);

  /// Writes the accumulators back with and without bias and ReLU and compares with the oracle's.
  void expect_written_back(const Shape& shape, Accumulators& got, const std::vector<Value>& sums,
                           Draw& draw) {
    const std::vector<Code> bias = draw_operands(chain(), draw, shape.n);
    const CodeBuffer bias_buffer(bias, arithmetic_->bias_bytes());
    for (const bool biased : {false, true}) {
      for (const bool relu : {false, true}) {
        CodeBuffer codes(shape.m * shape.n, arithmetic_->code_bytes());
        arithmetic_->write_back({.m = shape.m,
                                 .n = shape.n,
                                 .accumulators = got.data(),
                                 .bias = biased ? bias_buffer.data() : nullptr,
                                 .output = {},
                                 .relu = relu,
                                 .codes = codes.data()});
        for (std::size_t i = 0; i < sums.size(); ++i) {
          const Value sum =
              biased ? chain().step(sums[i], chain().value(bias[i % shape.n])) : sums[i];
          Code expected = chain().encode(sum);
          const Value number = chain().value(expected);
          if (relu && !number.is_nan() && number.negative) expected = 0;
          ASSERT_TRUE(same_code(chain(), codes[i], expected))
              << chain().arithmetic << " " << shape << (biased ? ", bias" : "")
              << (relu ? ", ReLU" : "") << ": output (" << i / shape.n << ", " << i % shape.n
              << ") is " << hex(codes[i]) << ", not " << hex(expected) << " = round(" << sum << ")";
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
    const Operands x(chain(), shape, draw);
    Accumulators got(*arithmetic_, shape.m * shape.n);
    std::vector<Value> sums(shape.m * shape.n, Value::zero(false));
    got.add(x);
    accumulate(chain(), x, sums);
    expect_written_back(shape, got, sums, draw);
    if (HasFatalFailure()) return;
  }
}

TEST_P(EveryAccumulator, CarriesItsSumsOverFromTileToTile) {
  Draw draw(13);
  const Shape shape{5, 19, 17, 4};
  Accumulators got(*arithmetic_, shape.m * shape.n);
  std::vector<Value> sums(shape.m * shape.n, Value::zero(false));
  for (int tile = 0; tile < 3; ++tile) {
    const Operands x(chain(), shape, draw);
    got.add(x);
    accumulate(chain(), x, sums);
  }
  expect_written_back(shape, got, sums, draw);
}

TEST_P(EveryAccumulator, ForgetsItsSumWhenCleared) {
  Draw draw(14);
  const Shape shape{3, 20, 5, 20};
  Accumulators got(*arithmetic_, shape.m * shape.n);
  got.add(Operands(chain(), shape, draw));
  arithmetic_->clear(shape.m * shape.n, got.data());
  const std::vector<Value> zeros(shape.m * shape.n, Value::zero(false));
  expect_written_back(shape, got, zeros, draw);
}

TEST_P(EveryAccumulator, GivesTheSameSumsFromManyThreads) {
  Draw draw(15);
  const Shape shape{16, 24, 16, 16};
  const Operands x(chain(), shape, draw);
  std::vector<Value> sums(shape.m * shape.n, Value::zero(false));
  accumulate(chain(), x, sums);
  std::vector<Accumulators> results;
  for (int i = 0; i < 4; ++i) results.emplace_back(*arithmetic_, shape.m * shape.n);
  {
    std::vector<std::jthread> threads;
    for (Accumulators& result : results) threads.emplace_back([&] { result.add(x); });
  }
  for (Accumulators& result : results) expect_written_back(shape, result, sums, draw);
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

// --- int:B: affine codes ---------------------------------------------------------------------

struct Requantised {
  std::string multiplier;
  int bits;
  oracle::IntegerMultiplier product;
};
std::ostream& operator<<(std::ostream& out, const Requantised& r) {
  return out << "int:" << r.bits << "/" << r.multiplier;
}
class IntegerWriteBack : public testing::TestWithParam<Requantised> {};
INSTANTIATE_TEST_SUITE_P(
    Units, IntegerWriteBack,
    testing::Values(Requantised{"exact", 8, oracle::exact_integers()},
                    Requantised{"exact", 4, oracle::exact_integers()},
                    Requantised{"exact", 12, oracle::exact_integers()},
                    Requantised{"mitchell", 8, oracle::mitchell_integers()},
                    Requantised{"mitchw:4", 8,
                                oracle::mitchw_integers(4, oracle::Signs::kOnesComplement)}),
    [](const testing::TestParamInfo<Requantised>& unit) {
      return test_name(unit.param.multiplier + "_" + std::to_string(unit.param.bits));
    });

/// scale * sum in FP32, to the nearest integer, ties to even, plus the zero point, saturated.
Code requantise(const Integer& sum, float scale, int zero_point, int bits) {
  const Value as_float = keep_in_float(oracle::kFp32, Value::finite(Dyadic::integer(sum)));
  const Value scaled = keep_in_float(oracle::kFp32, as_float * Value::finite(Dyadic::of(scale)));
  const Integer code = oracle::saturate(scaled.number.round_half_even() + zero_point, bits);
  return static_cast<Code>(oracle::to_twos_complement(code, bits));
}

TEST_P(IntegerWriteBack, RequantisesTheExactSumOnceWithTiesToEvenAndSaturates) {
  const auto& [multiplier, bits, product] = GetParam();
  const std::string name = "int:" + std::to_string(bits) + "/" + multiplier + "/int:32";
  const Chain chain = oracle::fixed_chain(name, {bits, 0, 32}, product);
  const auto arithmetic = make_arithmetic(name);
  ASSERT_EQ(arithmetic->bias_bytes(), 4U);
  ASSERT_TRUE(arithmetic->is_quantised());
  Draw draw(16);
  for (const Shape& shape : kShapes) {
    const Operands x(chain, shape, draw);
    Accumulators got(*arithmetic, shape.m * shape.n);
    std::vector<Value> sums(shape.m * shape.n, Value::zero(false));
    got.add(x);
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
    for (const bool biased : {false, true}) {
      for (const bool relu : {false, true}) {
        CodeBuffer codes(shape.m * shape.n, arithmetic->code_bytes());
        arithmetic->write_back({.m = shape.m,
                                .n = shape.n,
                                .accumulators = got.data(),
                                .bias = biased ? bias.data() : nullptr,
                                .requantise = scales.data(),
                                .output = {0.125F, zero_point},
                                .relu = relu,
                                .codes = codes.data()});
        for (std::size_t i = 0; i < sums.size(); ++i) {
          const std::size_t n = i % shape.n;
          const Integer sum =
              sums[i].number.round_half_even() + (biased ? static_cast<std::int32_t>(bias[n]) : 0);
          Code expected = requantise(sum, scales[n], zero_point, bits);
          if (relu && oracle::from_twos_complement(expected, bits) < zero_point) {
            expected = static_cast<Code>(oracle::to_twos_complement(zero_point, bits));
          }
          ASSERT_EQ(hex(codes[i]), hex(expected))
              << name << " " << shape << ": sum " << sum << ", scale " << scales[n]
              << ", zero point " << zero_point << (relu ? ", ReLU" : "");
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
