// SPDX-License-Identifier: Apache-2.0
// posit<8,0>, <8,1> and <8,2>: every pair of codes.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/models/support.h"

namespace systolog::test {
namespace {

using oracle::PositFormat;
using oracle::Value;

class Posit8 : public testing::TestWithParam<int> {
 protected:
  PositFormat format() const { return {8, GetParam()}; }
  std::string name() const { return format().name(); }
};
INSTANTIATE_TEST_SUITE_P(Es, Posit8, testing::Values(0, 1, 2));

TEST_P(Posit8, EveryProductIsTheExactOneRoundedOnce) {
  const auto arithmetic = make_arithmetic(name() + "/exact/quire");
  for (Code a = 0; a < 256; ++a) {
    for (Code b = 0; b < 256; ++b) {
      ASSERT_EQ(hex(arithmetic->multiply(a, b)),
                hex(round_to_posit(format(), exact_product(format(), a, b))))
          << name() << " " << hex(a) << " * " << hex(b);
    }
  }
}

TEST_P(Posit8, EverySumIsTheExactOneRoundedOnce) {
  const auto arithmetic = make_arithmetic(name() + "/exact/self");
  for (Code a = 0; a < 256; ++a) {
    for (Code b = 0; b < 256; ++b) {
      const Value sum = posit_value(format(), a) + posit_value(format(), b);
      ASSERT_EQ(hex(arithmetic->add_codes(a, b)), hex(round_to_posit(format(), sum)))
          << name() << " " << hex(a) << " + " << hex(b);
    }
  }
}

TEST_P(Posit8, EveryPlamProductIsItsDefinitionRoundedOnce) {
  const auto arithmetic = make_arithmetic(name() + "/plam/quire");
  for (Code a = 0; a < 256; ++a) {
    for (Code b = 0; b < 256; ++b) {
      ASSERT_EQ(hex(arithmetic->multiply(a, b)),
                hex(round_to_posit(format(), plam_product(format(), a, b))))
          << name() << " " << hex(a) << " plam " << hex(b);
    }
  }
}

TEST_P(Posit8, TheValueOfEveryCodeIsItsBitStrings) {
  const auto arithmetic = make_arithmetic(name() + "/exact/quire");
  for (Code code = 0; code < 256; ++code) {
    const Value expected = posit_value(format(), code);
    const float value = decode_one(*arithmetic, code);
    if (expected.is_nan()) {
      EXPECT_TRUE(std::isnan(value)) << name() << " " << hex(code) << " reads as " << value;
    } else {
      EXPECT_EQ(value, expected.number.approximate()) << name() << " " << hex(code);
    }
  }
}

TEST(PlamOnPosit8, HasOneCodeTableForEveryEs) {
  const auto es0 = make_arithmetic("posit:8,0/plam"), es1 = make_arithmetic("posit:8,1/plam"),
             es2 = make_arithmetic("posit:8,2/plam");
  for (Code a = 0; a < 256; ++a) {
    for (Code b = 0; b < 256; ++b) {
      ASSERT_EQ(es0->multiply(a, b), es1->multiply(a, b)) << hex(a) << " plam " << hex(b);
      ASSERT_EQ(es0->multiply(a, b), es2->multiply(a, b)) << hex(a) << " plam " << hex(b);
    }
  }
}

/// Published over all pairs of numbers (no zero, no NaR): how many PLAM products are the exactly
/// rounded ones, and how far below the rounded exact product one falls at worst.
struct PlamFacts {
  int es;
  double equal_percent;
  double worst_percent;
};
std::ostream& operator<<(std::ostream& out, const PlamFacts& facts) {
  return out << "es " << facts.es;
}
class PlamOnPosit8Figures : public testing::TestWithParam<PlamFacts> {};
INSTANTIATE_TEST_SUITE_P(Published, PlamOnPosit8Figures,
                         testing::Values(PlamFacts{0, 49.6, -50.0}, PlamFacts{1, 65.8, -75.0},
                                         PlamFacts{2, 82.0, -93.75}));

TEST_P(PlamOnPosit8Figures, AreReproduced) {
  const PositFormat f{8, GetParam().es};
  const auto exact = make_arithmetic(f.name() + "/exact"),
             plam = make_arithmetic(f.name() + "/plam");
  int pairs = 0, equal = 0;
  double worst = 0.0;
  for (Code a = 0; a < 256; ++a) {
    for (Code b = 0; b < 256; ++b) {
      if ((a & 0x7F) == 0 || (b & 0x7F) == 0) continue;
      const auto rounded = static_cast<Code>(exact->multiply(a, b));
      const auto approximate = static_cast<Code>(plam->multiply(a, b));
      ++pairs;
      equal += rounded == approximate ? 1 : 0;
      const double ratio = posit_value(f, approximate).number.approximate() /
                           posit_value(f, rounded).number.approximate();
      worst = std::min(worst, ratio - 1.0);
    }
  }
  EXPECT_NEAR(100.0 * equal / pairs, GetParam().equal_percent, 0.05);
  EXPECT_EQ(100.0 * worst, GetParam().worst_percent);
}

TEST(Plam, FallsShortByAtMostOneNinthBeforeRoundingAndNeverExceeds) {
  // Posit<8,es> operands as posit<32,4>, where neither product needs rounding.
  const PositFormat narrow{8, 1}, wide{32, 4};
  const auto plam = make_arithmetic("posit:32,4/plam");
  bool reached = false;
  for (std::uint64_t a = 1; a < 128; ++a) {
    for (std::uint64_t b = 1; b < 128; ++b) {
      const Value x = posit_value(narrow, a), y = posit_value(narrow, b);
      const auto product = plam->multiply(static_cast<Code>(round_to_posit(wide, x)),
                                          static_cast<Code>(round_to_posit(wide, y)));
      const oracle::Dyadic exact = (x * y).number;
      const oracle::Dyadic shortfall = exact - posit_value(wide, product).number;
      ASSERT_FALSE(shortfall.is_negative()) << x << " plam " << y;
      const oracle::Dyadic nine_times = oracle::Dyadic::integer(9) * shortfall;
      ASSERT_LE(nine_times, exact) << x << " plam " << y;
      reached = reached || nine_times == exact;
    }
  }
  EXPECT_TRUE(reached) << "1.5 plam 1.5 is one ninth short";
}

TEST(Plam, HasThePublishedMeanAndDeviationForUniformFractions) {
  // posit<32,2> codes of [1, 2): 27 fraction bits, so the final rounding does not count.
  const PositFormat f{32, 2};
  const auto plam = make_arithmetic("posit:32,2/plam");
  Draw draw(3);
  constexpr int kPairs = 200'000;
  double sum = 0.0, squares = 0.0;
  for (int i = 0; i < kPairs; ++i) {
    const std::uint32_t fa = draw.bits(27), fb = draw.bits(27);
    const auto code = static_cast<Code>(f.one());
    const auto product = static_cast<double>(decode_one(
        *plam, static_cast<Code>(plam->multiply(code | fa, code | fb))));  // to 2^-24: enough
    const double exact = (1.0 + std::ldexp(fa, -27)) * (1.0 + std::ldexp(fb, -27));
    const double error = 100.0 * (product / exact - 1.0);
    sum += error;
    squares += error * error;
  }
  const double mean = sum / kPairs;
  EXPECT_NEAR(mean, -3.84, 0.03);
  EXPECT_NEAR(std::sqrt(squares / kPairs - mean * mean), 2.94, 0.03);
}

}  // namespace
}  // namespace systolog::test
