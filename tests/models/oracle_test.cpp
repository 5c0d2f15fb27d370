// SPDX-License-Identifier: Apache-2.0
// The oracles against things known without them: the standard's worked values, the machine's own
// float arithmetic, and a second wording of the rounding rule.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tests/models/support.h"
#include "tests/oracle/float_oracle.h"
#include "tests/oracle/integer_oracle.h"
#include "tests/oracle/posit_oracle.h"

namespace systolog::oracle {
namespace {

using test::Draw;
using test::hex;

double number(const PositFormat& f, std::uint64_t code) {
  return posit_value(f, code).number.approximate();
}

TEST(PositOracle, ReadsTheCodesWhoseValuesAreKnown) {
  EXPECT_EQ(number({8, 0}, 0x40), 1.0);
  EXPECT_EQ(number({8, 0}, 0x01), 1.0 / 64);
  EXPECT_EQ(number({8, 0}, 0x7F), 64.0);
  EXPECT_EQ(number({8, 0}, 0x50), 1.5);
  EXPECT_EQ(number({8, 0}, 0xB0), -1.5);
  EXPECT_EQ(number({8, 0}, 0x5B), 1.84375);
  EXPECT_EQ(number({8, 2}, 0x7F), std::ldexp(1.0, 24));
  EXPECT_EQ(number({16, 1}, 0x7FFF), std::ldexp(1.0, 28));
  EXPECT_EQ(number({16, 1}, 0x0001), std::ldexp(1.0, -28));
  // 0 0001 101 11011101 in posit<16,3>: 256^-3 2^5 (1 + 221/256), the example of the posit papers
  EXPECT_EQ(number({16, 3}, 0x0DDD), 477.0 / 134217728.0);
  EXPECT_EQ(number({2, 4}, 0x1), 1.0);
  EXPECT_EQ(number({2, 4}, 0x3), -1.0);
  EXPECT_TRUE(posit_value({32, 2}, 0x80000000).is_nan());
}

TEST(PositOracle, RoundsToTheSideOfTheLongerPositThatLiesBetween) {
  // Between codes c and c + 1 of n bits lies code 2c + 1 of n + 1 bits: the tie point.
  for (int n = 3; n <= 8; ++n) {
    for (int es = 0; es <= 4; ++es) {
      const PositFormat f{n, es}, longer{n + 1, es}, longest{n + 5, es};
      for (std::uint64_t code = 1; code <= longest.maxpos(); ++code) {
        const Value x = posit_value(longest, code);
        std::uint64_t nearest = f.minpos();
        while (nearest < f.maxpos()) {
          const Dyadic tie = posit_value(longer, 2 * nearest + 1).number;
          if (x.number < tie || (x.number == tie && nearest % 2 == 0)) break;
          ++nearest;
        }
        ASSERT_EQ(round_to_posit(f, x), nearest) << f.name() << " " << x;
      }
    }
  }
}

TEST(PositOracle, RoundsEveryValueOfAFormatToItself) {
  for (int n = 2; n <= 12; ++n) {
    for (int es = 0; es <= 4; ++es) {
      const PositFormat f{n, es};
      for (std::uint64_t code = 0; code <= f.mask(); ++code) {
        ASSERT_EQ(round_to_posit(f, posit_value(f, code)), code) << f.name() << " " << hex(code);
      }
    }
  }
}

TEST(FloatOracle, AgreesWithTheMachineOnFp32) {
  Draw draw(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto a = std::bit_cast<float>(draw.bits(32));
    // Half of the pairs close in exponent, so that sums round and cancel.
    const auto b = std::bit_cast<float>(i % 2 == 0 ? draw.bits(32)
                                                   : std::bit_cast<std::uint32_t>(a) ^
                                                         (draw.bits(32) >> draw.below(24)));
    const auto c = std::bit_cast<float>(draw.bits(32));
    const auto value = [](float x) { return float_value(kFp32, std::bit_cast<std::uint32_t>(x)); };
    const auto same = [](float x, std::uint64_t code) {
      return std::isnan(x) ? kFp32.is_nan(code) : std::bit_cast<std::uint32_t>(x) == code;
    };
    ASSERT_TRUE(same(a + b, round_to_float(kFp32, value(a) + value(b)))) << a << " + " << b;
    ASSERT_TRUE(same(a * b, round_to_float(kFp32, value(a) * value(b)))) << a << " * " << b;
    ASSERT_TRUE(same(std::fma(a, b, c), round_to_float(kFp32, value(a) * value(b) + value(c))))
        << a << " * " << b << " + " << c;
  }
}

TEST(FloatOracle, RoundsEveryValueOfAFormatToItself) {
  for (const FloatFormat f : {kBf16, kFp16, kFp8E5M2, kFp8E4M3}) {
    for (std::uint64_t code = 0; code < 2 * f.sign(); ++code) {
      if (f.is_nan(code)) continue;
      ASSERT_EQ(round_to_float(f, float_value(f, code)), code) << hex(code);
    }
  }
}

TEST(FloatOracle, ReadsTheEightBitCodesWhoseValuesAreKnown) {  // [OCP OFP8 1.0, table 2]
  EXPECT_EQ(float_value(kFp8E4M3, 0x7E).number.approximate(), 448.0);
  EXPECT_EQ(float_value(kFp8E4M3, 0x08).number.approximate(), 0x1p-6);
  EXPECT_EQ(float_value(kFp8E4M3, 0x01).number.approximate(), 0x1p-9);
  EXPECT_TRUE(float_value(kFp8E4M3, 0xFF).is_nan());
  EXPECT_EQ(float_value(kFp8E5M2, 0x7B).number.approximate(), 57344.0);
  EXPECT_EQ(float_value(kFp8E5M2, 0x01).number.approximate(), 0x1p-16);
  EXPECT_TRUE(float_value(kFp8E5M2, 0xFC).is_infinite());
}

TEST(DyadicText, IsReadBackByTheCLibrary) {
  Draw draw(2);
  for (int i = 0; i < 5'000; ++i) {
    const double x = std::bit_cast<float>(draw.bits(32));
    if (!std::isfinite(x)) continue;
    const Dyadic exact = Dyadic::of(x);
    ASSERT_EQ(std::stod(hex_text(exact)), x) << hex_text(exact);
    ASSERT_EQ(std::stod(decimal_text(exact)), x) << decimal_text(exact);
    ASSERT_EQ(std::stod(scientific_text(exact)), x) << scientific_text(exact);
    ASSERT_EQ(exact.approximate(), x);
  }
}

TEST(LogProductOracle, GivesMitchellsKnownProducts) {
  EXPECT_EQ(log_product(3, 3, kAllBits), 8);          // the worst case, 1/9 short
  EXPECT_EQ(log_product(4, 7, kAllBits), 28);         // exact with a power of two
  EXPECT_EQ(log_product(234, 198, kAllBits), 45056);  // 2^15 (106 + 70) / 128
  EXPECT_EQ(signed_log_product(-1, 5, kAllBits, Signs::kOnesComplement), -6);
  EXPECT_EQ(signed_log_product(-1, 5, kAllBits, Signs::kTwosComplement), -5);
}

TEST(TwosComplement, GoesBothWays) {
  EXPECT_EQ(from_twos_complement(0x80, 8), -128);
  EXPECT_EQ(from_twos_complement(0xFF, 8), -1);
  EXPECT_EQ(to_twos_complement(-1, 16), 0xFFFFU);
  EXPECT_EQ(to_twos_complement(Integer(1) << 62, 64), std::uint64_t{1} << 62);
  EXPECT_EQ(saturate(200, 8), 127);
  EXPECT_EQ(saturate(-200, 8), -128);
}

}  // namespace
}  // namespace systolog::oracle
