// SPDX-License-Identifier: Apache-2.0
// What the array computes, against the definition of a convolution; what it counts.
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

TEST(FloatingPoint, IsSummedByFoldsOfTheArraysRows) {
  const auto arithmetic = make_arithmetic("fp32/exact/fp32");
  Draw draw(3);
  int differs = 0;  // from the order of an array with as many rows as K
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE("geometry " + std::to_string(i));
    const Matmul c = random_matmul(draw);
    const std::uint32_t rows = u32(draw.between(1, 8));
    const SystolicArray array({.rows = rows, .columns = 3}, *arithmetic);
    const auto input = short_floats(draw, c.input_codes());
    const auto weights = short_floats(draw, c.weight_codes());
    std::vector<float> expected(c.accumulators()), one_fold(c.accumulators());
    add_folded(c, input, weights, rows, expected);
    add_folded(c, input, weights, c.k(), one_fold);
    differs += expected != one_fold ? 1 : 0;
    std::vector<std::byte> sums(c.accumulators() * arithmetic->accumulator_bytes());
    array.execute(c, codes_of(input, 4), codes_of(weights, 4), sums);
    ASSERT_EQ(written_back(*arithmetic, c, sums), codes_of(expected, 4));
  }
  EXPECT_GT(differs, 50) << "the draw shows the order of the sum";
}

TEST(FloatingPoint, CarriesItsSumsOnWhereTheCommandSaysSo) {
  const auto arithmetic = make_arithmetic("fp32/exact/fp32");
  Draw draw(4);
  for (int i = 0; i < 50; ++i) {
    Matmul c = random_matmul(draw);
    const SystolicArray array({.rows = 5, .columns = 4}, *arithmetic);
    std::vector<float> expected(c.accumulators());
    std::vector<std::byte> sums(c.accumulators() * arithmetic->accumulator_bytes());
    for (int tile = 0; tile < 3; ++tile) {
      c.accumulate = tile > 0 ? 1 : 0;
      const auto input = short_floats(draw, c.input_codes());
      const auto weights = short_floats(draw, c.weight_codes());
      add_folded(c, input, weights, 5, expected);
      array.execute(c, codes_of(input, 4), codes_of(weights, 4), sums);
    }
    ASSERT_EQ(written_back(*arithmetic, c, sums), codes_of(expected, 4));
  }
}

TEST(FloatingPoint, IsTheSameForTilesTallerThanWhatIsFormedAtATime) {
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
    const SystolicArray array({.rows = 7, .columns = 2}, *arithmetic);
    const auto input = short_floats(draw, c.input_codes());
    const auto weights = short_floats(draw, c.weight_codes());
    std::vector<float> expected(c.accumulators());
    add_folded(c, input, weights, 7, expected);
    std::vector<std::byte> sums(c.accumulators() * arithmetic->accumulator_bytes());
    array.execute(c, codes_of(input, 4), codes_of(weights, 4), sums);
    EXPECT_EQ(written_back(*arithmetic, c, sums), codes_of(expected, 4)) << groups << " groups";
  }
}

// --- counts ------------------------------------------------------------------------------------

/// A row of SCALE-Sim's reports, weight stationary, "CALC" mode: layer, array, M, N, K, cycles,
/// reads and writes [elements], utilisation and mapping efficiency [%].
struct ScaleSimRow {
  std::string layer;
  std::uint32_t rows, columns;
  Matmul matmul;
  std::uint64_t m, n, k, cycles, ifmap, filter, ofmap;
  double utilisation, mapping;
};

Matmul conv(std::uint32_t size, std::uint32_t channels, std::uint32_t kernel,
            std::uint32_t filters) {
  Matmul c;
  c.rows = c.columns = size;
  c.channels = channels;
  c.kernel_rows = c.kernel_columns = kernel;
  c.out_rows = c.out_columns = size - kernel + 1;
  c.filters = filters;
  return c;
}

std::ostream& operator<<(std::ostream& out, const ScaleSimRow& row) { return out << row.layer; }
class ScaleSim : public testing::TestWithParam<ScaleSimRow> {};
INSTANTIATE_TEST_SUITE_P(Rows, ScaleSim,
                         testing::Values(ScaleSimRow{"g1x1x1", 8, 16, gemm(1, 1, 1), 1, 1, 1, 30, 1,
                                                     1, 1, 0.026, 0.7812},
                                         ScaleSimRow{"g7x5x3", 8, 16, gemm(7, 3, 5), 7, 5, 3, 36,
                                                     21, 15, 35, 2.2786, 11.7188},
                                         ScaleSimRow{"g17x33x65", 8, 16, gemm(17, 65, 33), 17, 33,
                                                     65, 1268, 3315, 2145, 5049, 22.4671, 62.066},
                                         ScaleSimRow{"C1", 8, 8, conv(32, 1, 5, 6), 784, 6, 25,
                                                     3223, 19600, 150, 18816, 57.0121, 58.5938},
                                         ScaleSimRow{"C3", 8, 8, conv(14, 6, 5, 16), 100, 16, 150,
                                                     4635, 30000, 2400, 30400, 80.9061, 98.6842},
                                         ScaleSimRow{"C5", 8, 8, conv(5, 16, 5, 120), 1, 120, 400,
                                                     17249, 6000, 48000, 6000, 4.3481, 100.0},
                                         ScaleSimRow{"F6", 8, 8, gemm(1, 120, 84), 1, 84, 120, 3794,
                                                     1320, 10080, 1260, 4.1513, 95.4545},
                                         ScaleSimRow{"OUT", 8, 8, gemm(1, 84, 10), 1, 10, 84, 505,
                                                     168, 840, 110, 2.599, 59.6591}),
                         [](const auto& row) { return row.param.layer; });

TEST_P(ScaleSim, CountsWhatTheToolReportsButForItsMissingLastCycle) {
  const ScaleSimRow& row = GetParam();
  const auto arithmetic = make_arithmetic("int:8/exact/int:32");
  const SystolicArray array(
      {.rows = row.rows, .columns = row.columns, .fold_overlap = FoldOverlap::kNone}, *arithmetic);
  const Matmul& c = row.matmul;
  ASSERT_EQ(std::tuple(c.m(), c.n(), c.k()), std::tuple(row.m, row.n, row.k));
  const ArrayCounts counts = array.counts(c);
  EXPECT_EQ(array.cycles(c), row.cycles + 1);
  EXPECT_EQ(counts.input_reads, row.ifmap);
  EXPECT_EQ(counts.weight_reads, row.filter);
  EXPECT_EQ(counts.output_writes, row.ofmap);
  // The tool prints four decimals.
  const double pes = static_cast<double>(row.rows) * row.columns;
  EXPECT_NEAR(100.0 * static_cast<double>(counts.macs) / (static_cast<double>(row.cycles) * pes),
              row.utilisation, 5e-5 + 1e-9);
  EXPECT_NEAR(
      100.0 * static_cast<double>(counts.mapped_pes) / (static_cast<double>(counts.folds) * pes),
      row.mapping, 5e-5 + 1e-9);
}

TEST(ArrayCounts, FollowFromWalkingThroughTheFolds) {
  const auto arithmetic = make_arithmetic("int:8/exact/int:32");
  Draw draw(6);
  for (int i = 0; i < 500; ++i) {
    Matmul c = random_matmul(draw);
    c.accumulate = u32(draw.below(2));
    const ArrayConfig config{.rows = u32(draw.between(1, 9)), .columns = u32(draw.between(1, 9))};
    ArrayCounts expected;
    for (std::uint32_t g = 0; g < c.groups; ++g) {
      for (std::uint64_t n = 0; n < c.n(); n += config.columns) {
        for (std::uint64_t k = 0; k < c.k(); k += config.rows) {
          const std::uint64_t rows = std::min<std::uint64_t>(config.rows, c.k() - k);
          const std::uint64_t columns = std::min<std::uint64_t>(config.columns, c.n() - n);
          expected.folds += 1;
          expected.mapped_pes += rows * columns;
          expected.weight_reads += rows * columns;  // a weight is read once a fold
          expected.input_reads += c.m() * rows;     // an activation enters a row once
          expected.output_writes += c.m() * columns;
          // The first fold of a sum starts at zero, unless the command goes on with one.
          if (k > 0 || c.accumulate != 0) expected.output_reads += c.m() * columns;
          expected.macs += c.m() * rows * columns;
        }
      }
    }
    const ArrayCounts got = SystolicArray(config, *arithmetic).counts(c);
    ASSERT_EQ(got.macs, expected.macs);
    ASSERT_EQ(got.folds, expected.folds);
    ASSERT_EQ(got.mapped_pes, expected.mapped_pes);
    ASSERT_EQ(got.input_reads, expected.input_reads);
    ASSERT_EQ(got.weight_reads, expected.weight_reads);
    ASSERT_EQ(got.output_reads, expected.output_reads);
    ASSERT_EQ(got.output_writes, expected.output_writes);
  }
}

}  // namespace
}  // namespace systolog::pe::test
