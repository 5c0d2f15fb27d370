// SPDX-License-Identifier: Apache-2.0
// Full 2B-bit products of the integer and fixed-point units: every pair of 8-bit codes, corners
// and random pairs of 32 bits, and the published error statistics.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/models/arithmetics.h"

namespace systolog::test {
namespace {

using oracle::from_twos_complement;
using oracle::Integer;
using oracle::Signs;

std::string unit_name(const testing::TestParamInfo<oracle::IntegerUnit>& info) {
  return test_name(info.param.name);
}

class IntegerProduct : public testing::TestWithParam<oracle::IntegerUnit> {
 protected:
  /// The unit's product of two codes of `arithmetic` is the oracle's, in 2B bits.
  testing::AssertionResult agrees(const Arithmetic& arithmetic, Code a, Code b) const {
    const int bits = arithmetic.bits();
    const std::int64_t x = from_twos_complement(a, bits), y = from_twos_complement(b, bits);
    const Integer product = GetParam().product(x, y);
    const std::uint64_t expected = oracle::to_twos_complement(product, 2 * bits);
    const std::uint64_t got = arithmetic.multiply(a, b);
    if (got == expected) return testing::AssertionSuccess();
    return testing::AssertionFailure() << arithmetic.name() << ": " << x << " * " << y << " gives "
                                       << hex(got) << ", not " << hex(expected) << " = " << product;
  }
};
INSTANTIATE_TEST_SUITE_P(Multipliers, IntegerProduct,
                         testing::Values(oracle::exact_integers(), oracle::mitchell_integers(),
                                         oracle::mitchw_integers(1, Signs::kOnesComplement),
                                         oracle::mitchw_integers(4, Signs::kOnesComplement),
                                         oracle::mitchw_integers(6, Signs::kOnesComplement),
                                         oracle::mitchw_integers(8, Signs::kOnesComplement),
                                         oracle::mitchw_integers(4, Signs::kTwosComplement),
                                         oracle::mitchw_integers(6, Signs::kTwosComplement),
                                         oracle::drum_integers(2), oracle::drum_integers(6),
                                         oracle::trunc_integers(1), oracle::trunc_integers(3),
                                         oracle::trunc_integers(8)),
                         unit_name);

TEST_P(IntegerProduct, EveryPairOfInt8HasTheProductOfTheDefinition) {
  const auto arithmetic = make_arithmetic(std::string("int:8/") + GetParam().name);
  EXPECT_EQ(arithmetic->product_bits(), 16);
  for (Code a = 0; a < 256; ++a) {
    for (Code b = 0; b < 256; ++b) ASSERT_TRUE(agrees(*arithmetic, a, b));
  }
}

TEST_P(IntegerProduct, CornersOf32BitsHaveTheProductOfTheDefinition) {
  const auto arithmetic = make_arithmetic(std::string("fixed:32,16/") + GetParam().name);
  EXPECT_EQ(arithmetic->product_bits(), 64);
  std::vector<Code> corners = {0,           1,           2,           3,           0x7FFF'FFFE,
                               0x7FFF'FFFF, 0x8000'0000, 0x8000'0001, 0xFFFF'FFFD, 0xFFFF'FFFE,
                               0xFFFF'FFFF, 0x5555'5555, 0xAAAA'AAAA};
  for (int bit = 2; bit < 31; ++bit) {
    for (const Code near : {(1U << bit) - 1, 1U << bit, (1U << bit) + 1}) {
      corners.push_back(near);
      corners.push_back(~near);
      corners.push_back(~near + 1);
    }
  }
  for (const Code a : corners) {
    for (const Code b : corners) ASSERT_TRUE(agrees(*arithmetic, a, b));
  }
}

TEST_P(IntegerProduct, RandomPairsOfEveryLengthHaveTheProductOfTheDefinition) {
  for (const char* format : {"int:2", "int:5", "int:12", "int:16", "fixed:4,3", "fixed:17,0",
                             "fixed:24,12", "fixed:32,16", "fixed:32,31"}) {
    const auto arithmetic = make_arithmetic(std::string(format) + "/" + GetParam().name);
    const int bits = arithmetic->bits();
    const Code mask = static_cast<Code>((std::uint64_t{1} << bits) - 1);
    Draw draw(10);
    for (int i = 0; i < 4'000; ++i) {
      const auto operand = [&] {  // magnitudes of every length, both signs
        const Code x = draw.bits(32) >> (32 - bits) >> draw.below(static_cast<std::uint64_t>(bits));
        return (draw.one_in(2) ? x : ~x + 1) & mask;
      };
      const Code a = operand(), b = operand();
      ASSERT_TRUE(agrees(*arithmetic, a, b));
    }
  }
}

TEST_P(IntegerProduct, AMillionRandomPairsOf32BitsHaveTheProductOfTheDefinition) {
  const auto arithmetic = make_arithmetic(std::string("fixed:32,16/") + GetParam().name);
  Draw draw(11);
  for (int i = 0; i < 1'000'000; ++i) {
    const Code a = draw.bits(32), b = draw.bits(32) >> draw.below(32);
    ASSERT_TRUE(agrees(*arithmetic, a, b));
  }
}

TEST(OnesComplementSigns, ReadMinusOneAsTheMagnitudeZeroWhichIsTwoToTheZero) {
  const auto unit = make_arithmetic("fixed:32,16/mitchw:6");
  const Code minus_one = 0xFFFF'FFFF, least = 0x8000'0000, greatest = 0x7FFF'FFFF;
  const auto product = [&](Code a, Code b) {
    return static_cast<std::int64_t>(unit->multiply(a, b));
  };
  EXPECT_EQ(product(minus_one, minus_one), 1);
  EXPECT_EQ(product(minus_one, 1), -2);  // ~1
  EXPECT_EQ(product(1, minus_one), -2);
  EXPECT_EQ(product(minus_one, 0x0001'0000), -0x0001'0001);
  EXPECT_EQ(product(0, minus_one), 0);
  EXPECT_EQ(product(least, 0), 0);
  EXPECT_EQ(product(0, 0), 0);
  // ~INT_MIN = INT_MAX: 2^30 (1 + 31/32) when five fraction bits are kept
  const std::int64_t cut = std::int64_t{63} << 25;
  EXPECT_EQ(product(greatest, 1), cut);
  EXPECT_EQ(product(least, 1), -cut - 1);
  EXPECT_EQ(product(least, minus_one), cut);
  EXPECT_EQ(product(least, least), std::int64_t{31} << 57);  // 2^61 (31/32 + 31/32)
}

TEST(TwosComplementSigns, UseTrueMagnitudes) {
  const auto unit = make_arithmetic("fixed:32,16/mitchw:6,c2");
  EXPECT_EQ(static_cast<std::int64_t>(unit->multiply(0xFFFF'FFFF, 1)), -1);
  EXPECT_EQ(static_cast<std::int64_t>(unit->multiply(0x8000'0000, 0xFFFF'FFFF)),
            std::int64_t{1} << 31);
  EXPECT_EQ(unit->multiply(0x8000'0000, 0x8000'0000), std::uint64_t{1} << 62);
}

TEST(OneComplement, IsTheDefaultAndMayBeNamed) {
  const auto plain = make_arithmetic("int:8/mitchw:6"),
             named = make_arithmetic("int:8/mitchw:6,c1");
  for (Code a = 0; a < 256; ++a) {
    for (Code b = 0; b < 256; ++b) {
      ASSERT_EQ(plain->multiply(a, b), named->multiply(a, b)) << hex(a) << " * " << hex(b);
    }
  }
}

TEST(Drum, HasThePublishedErrorForSixOf16Bits) {
  // 16-bit magnitudes are the numbers from 0 of 17-bit two's complement.
  const auto unit = make_arithmetic("fixed:17,0/drum:6");
  Draw draw(26);
  constexpr int kPairs = 300'000;
  double bias = 0.0, mean = 0.0, worst = 0.0;
  for (int i = 0; i < kPairs; ++i) {
    const Code a = 1 + static_cast<Code>(draw.below(65535));
    const Code b = 1 + static_cast<Code>(draw.below(65535));
    const double exact = static_cast<double>(a) * b;
    const double error = 100.0 * (static_cast<double>(unit->multiply(a, b)) / exact - 1.0);
    bias += error;
    mean += std::abs(error);
    worst = std::max(worst, std::abs(error));
  }
  EXPECT_NEAR(mean / kPairs, 1.47, 0.01);
  EXPECT_NEAR(bias / kPairs, 0.04, 0.01);
  EXPECT_NEAR(worst, 6.31, 0.15);
}

/// Relative error in % of 32-bit uniform operands, as published for Mitch-w.
struct Published {
  const char* multiplier;
  double mean, deviation, peak;
};
std::ostream& operator<<(std::ostream& out, const Published& p) { return out << p.multiplier; }
class PublishedError : public testing::TestWithParam<Published> {};
INSTANTIATE_TEST_SUITE_P(Uniform32Bit, PublishedError,
                         testing::Values(Published{"mitchw:4", -11.83, 4.18, -24.25},
                                         Published{"mitchw:6", -5.91, 3.00, -14.65},
                                         Published{"mitchw:8", -4.37, 2.93, -12.00},
                                         Published{"mitchell", -3.85, 2.94, -11.11}));

TEST_P(PublishedError, IsReproduced) {
  const auto unit = make_arithmetic(std::string("fixed:32,16/") + GetParam().multiplier);
  Draw draw(11);
  constexpr int kPairs = 300'000;
  double sum = 0.0, squares = 0.0, peak = 0.0;
  for (int i = 0; i < kPairs; ++i) {
    const Code a = draw.bits(32), b = draw.bits(32);
    const double exact = static_cast<double>(static_cast<std::int32_t>(a)) *
                         static_cast<double>(static_cast<std::int32_t>(b));
    if (exact == 0.0) continue;
    const auto product = static_cast<double>(static_cast<std::int64_t>(unit->multiply(a, b)));
    const double error = 100.0 * (product / exact - 1.0);
    sum += error;
    squares += error * error;
    peak = std::min(peak, error);
  }
  const double mean = sum / kPairs;
  EXPECT_NEAR(mean, GetParam().mean, 0.05);
  EXPECT_NEAR(std::sqrt(squares / kPairs - mean * mean), GetParam().deviation, 0.05);
  EXPECT_NEAR(peak, GetParam().peak, 0.3);  // a random sample comes close to the worst pair
  EXPECT_GE(peak, GetParam().peak - 0.02);
}

}  // namespace
}  // namespace systolog::test
