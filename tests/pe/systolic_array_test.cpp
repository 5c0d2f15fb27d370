// SPDX-License-Identifier: Apache-2.0
// What the array computes, against the definition of a convolution.
#include "pe/systolic_array.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

using models::Arithmetic;
using models::make_arithmetic;

/// Accumulators rounded to codes, no bias.
std::vector<std::byte> written_back(const Arithmetic& a, const Matmul& c,
                                    const std::vector<std::byte>& accumulators) {
  std::vector<std::byte> codes(c.accumulators() * a.code_bytes());
  const std::vector<float> ones(c.filters, 1.0F);
  a.write_back({.m = c.m(),
                .n = c.filters,
                .accumulators = accumulators.data(),
                .requantise = a.is_quantised() ? ones.data() : nullptr,
                .output = {},
                .codes = codes.data()});
  return codes;
}

struct IntegerCase {
  std::string arithmetic;
  std::int64_t largest;  // operands in -largest .. largest: no sum leaves the format
};

std::ostream& operator<<(std::ostream& out, const IntegerCase& c) { return out << c.arithmetic; }
class Integers : public testing::TestWithParam<IntegerCase> {};
INSTANTIATE_TEST_SUITE_P(Formats, Integers,
                         testing::Values(IntegerCase{"int:8/exact/int:32", 1},
                                         IntegerCase{"int:16/exact/int:32", 15}),
                         [](const auto& format) { return std::to_string(format.index); });

TEST_P(Integers, AreConvolvedAsAPlainLoopDoes) {
  const auto arithmetic = make_arithmetic(GetParam().arithmetic);
  const std::size_t bytes = arithmetic->code_bytes();
  const std::int64_t largest = GetParam().largest, limit = std::int64_t{1} << (8 * bytes - 1);
  Draw draw(2);
  const auto operands = [&](std::size_t count) {
    std::vector<std::int64_t> values(count);
    for (auto& v : values) {
      v = static_cast<std::int64_t>(draw.below(static_cast<std::uint64_t>(2 * largest + 1))) -
          largest;
    }
    return values;
  };
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE("geometry " + std::to_string(i));
    const Matmul c = random_matmul(draw);
    const SystolicArray array({.rows = u32(draw.between(1, 8)), .columns = u32(draw.between(1, 8))},
                              *arithmetic);
    const auto input = operands(c.input_codes()), weights = operands(c.weight_codes());
    std::vector<std::int64_t> expected(c.accumulators());
    for_each_sum(c, input, weights, std::int64_t{0},
                 [&](std::uint64_t m, std::uint64_t f, const auto& products) {
                   std::int64_t& sum = expected[m * c.filters + f];
                   for (const auto& [a, w] : products) sum += a * w;
                 });
    ASSERT_TRUE(std::all_of(expected.begin(), expected.end(),
                            [&](std::int64_t sum) { return sum >= -limit && sum < limit; }));
    // What the accumulators held before must not matter.
    std::vector<std::byte> sums(c.accumulators() * arithmetic->accumulator_bytes(),
                                std::byte{0xA5});
    array.execute(c, codes_of(input, bytes), codes_of(weights, bytes), sums);
    ASSERT_EQ(written_back(*arithmetic, c, sums), codes_of(expected, bytes));
  }
}

/// Operands whose products are exact in FP32, and whose sums round.
std::vector<float> short_floats(Draw& draw, std::size_t count) {
  std::vector<float> values(count);
  for (float& v : values) {
    v = std::ldexp(static_cast<float>(draw.below(2047)) - 1023.0F,
                   static_cast<int>(draw.below(20)) - 10);
  }
  return values;
}

/// Sums of a convolution in FP32: folds of `rows` from zero, merged into `sums` ascending.
void add_folded(const Matmul& c, const std::vector<float>& input, const std::vector<float>& weights,
                std::size_t rows, std::vector<float>& sums) {
  for_each_sum(c, input, weights, 0.0F,
               [&](std::uint64_t m, std::uint64_t f, const auto& products) {
                 float& sum = sums[m * c.filters + f];
                 for (std::size_t first = 0; first < products.size(); first += rows) {
                   float fold = 0.0F;
                   for (std::size_t k = first; k < std::min(first + rows, products.size()); ++k) {
                     fold += products[k].first * products[k].second;
                   }
                   sum += fold;
                 }
               });
}

class FloatingPoint : public testing::TestWithParam<Dataflow> {
 protected:
  /// Products in one chain: an output-stationary PE sums all of them, else a fold's rows do.
  static std::size_t chain(const Matmul& c, std::size_t rows) {
    return GetParam() == Dataflow::kOutputStationary ? c.k() : rows;
  }
};
INSTANTIATE_TEST_SUITE_P(Dataflows, FloatingPoint, testing::ValuesIn(kDataflows),
                         [](const auto& flow) {
                           return std::string(policy_of(flow.param).name());
                         });

TEST_P(FloatingPoint, IsSummedByFoldsOfTheArraysRows) {
  const auto arithmetic = make_arithmetic("fp32/exact/fp32");
  Draw draw(3);
  int differs = 0;  // from the order of an array with as many rows as K
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE("geometry " + std::to_string(i));
    const Matmul c = random_matmul(draw);
    const std::uint32_t rows = u32(draw.between(1, 8));
    const SystolicArray array({.rows = rows, .columns = 3, .dataflow = GetParam()}, *arithmetic);
    const auto input = short_floats(draw, c.input_codes());
    const auto weights = short_floats(draw, c.weight_codes());
    std::vector<float> expected(c.accumulators()), one_fold(c.accumulators());
    add_folded(c, input, weights, chain(c, rows), expected);
    add_folded(c, input, weights, c.k(), one_fold);
    differs += expected != one_fold ? 1 : 0;
    std::vector<std::byte> sums(c.accumulators() * arithmetic->accumulator_bytes());
    array.execute(c, codes_of(input, 4), codes_of(weights, 4), sums);
    ASSERT_EQ(written_back(*arithmetic, c, sums), codes_of(expected, 4));
  }
  if (GetParam() == Dataflow::kOutputStationary) {
    EXPECT_EQ(differs, 0);
  } else {
    EXPECT_GT(differs, 50) << "the draw shows the order of the sum";
  }
}

TEST_P(FloatingPoint, CarriesItsSumsOnWhereTheCommandSaysSo) {
  const auto arithmetic = make_arithmetic("fp32/exact/fp32");
  Draw draw(4);
  for (int i = 0; i < 50; ++i) {
    Matmul c = random_matmul(draw);
    const SystolicArray array({.rows = 5, .columns = 4, .dataflow = GetParam()}, *arithmetic);
    std::vector<float> expected(c.accumulators());
    std::vector<std::byte> sums(c.accumulators() * arithmetic->accumulator_bytes());
    for (int tile = 0; tile < 3; ++tile) {
      c.accumulate = tile > 0 ? 1 : 0;
      const auto input = short_floats(draw, c.input_codes());
      const auto weights = short_floats(draw, c.weight_codes());
      add_folded(c, input, weights, chain(c, 5), expected);
      array.execute(c, codes_of(input, 4), codes_of(weights, 4), sums);
    }
    ASSERT_EQ(written_back(*arithmetic, c, sums), codes_of(expected, 4));
  }
}

TEST_P(FloatingPoint, IsTheSameForTilesTallerThanWhatIsFormedAtATime) {
  const auto arithmetic = make_arithmetic("fp32/exact/fp32");
  Draw draw(5);
  Matmul c;
  c.images = 2;
  c.rows = c.out_rows = 30;
  c.columns = c.out_columns = 40;  // M = 2400
  c.kernel_rows = c.kernel_columns = 3;
  c.first_row = c.first_column = -1;
  for (const std::uint32_t groups : {1U, 2U}) {
    c.groups = groups;
    c.channels = c.filters = 2 * groups;
    const SystolicArray array({.rows = 7, .columns = 2, .dataflow = GetParam()}, *arithmetic);
    const auto input = short_floats(draw, c.input_codes());
    const auto weights = short_floats(draw, c.weight_codes());
    std::vector<float> expected(c.accumulators());
    add_folded(c, input, weights, chain(c, 7), expected);
    std::vector<std::byte> sums(c.accumulators() * arithmetic->accumulator_bytes());
    array.execute(c, codes_of(input, 4), codes_of(weights, 4), sums);
    EXPECT_EQ(written_back(*arithmetic, c, sums), codes_of(expected, 4)) << groups << " groups";
  }
}

}  // namespace
}  // namespace systolog::pe::test
