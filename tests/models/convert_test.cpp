// SPDX-License-Identifier: Apache-2.0
// Numbers into codes: at every tie, just below it and just above it, as text and as floats.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "models/user_error.h"
#include "tests/models/support.h"
#include "tests/oracle/float_oracle.h"
#include "tests/oracle/integer_oracle.h"

namespace systolog::test {
namespace {

using oracle::Dyadic;
using oracle::FloatFormat;
using oracle::Integer;
using oracle::PositFormat;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Farther from x than nothing: one part in 2^120, below what any format or double resolves.
Dyadic slightly_above(const Dyadic& x) { return x + x.magnitude() * Dyadic::power_of_two(-120); }
Dyadic slightly_below(const Dyadic& x) { return x - x.magnitude() * Dyadic::power_of_two(-120); }

/// `x`, as three texts, converts to `code`.
testing::AssertionResult converts(const Arithmetic& arithmetic, const Dyadic& x,
                                  std::uint64_t code) {
  for (const std::string& text : {hex_text(x), decimal_text(x), scientific_text(x)}) {
    const Code got = arithmetic.convert(text);
    if (got == code) continue;
    return testing::AssertionFailure() << arithmetic.name() << ": " << text << " converts to "
                                       << hex(got) << ", not to " << hex(code);
  }
  return testing::AssertionSuccess();
}

/// `x` encodes to `code`; a float's sign bit is kept apart from its number.
testing::AssertionResult encodes(const Arithmetic& arithmetic, float x, std::uint64_t code) {
  const Code got = encode_one(arithmetic, x);
  if (got == code) return testing::AssertionSuccess();
  return testing::AssertionFailure() << arithmetic.name() << ": " << hex_text(Dyadic::of(x))
                                     << " encodes to " << hex(got) << ", not to " << hex(code);
}

class SmallPosit : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Es, SmallPosit, testing::Range(0, 5));

TEST_P(SmallPosit, EveryTieGoesToTheEvenCodeAndItsNeighboursToTheirOwnSide) {
  for (int n = 2; n <= 8; ++n) {
    const PositFormat f{n, GetParam()}, longer{n + 1, f.es};
    const auto arithmetic = make_arithmetic(f.name() + "/exact");
    for (std::uint64_t below = f.minpos(); below < f.maxpos(); ++below) {
      const std::uint64_t above = below + 1, even = below % 2 == 0 ? below : above;
      const Dyadic tie = posit_value(longer, 2 * below + 1).number;
      const auto x = static_cast<float>(tie.approximate());  // exact: scale within +-96, few bits
      ASSERT_TRUE(converts(*arithmetic, tie, even));
      ASSERT_TRUE(converts(*arithmetic, slightly_below(tie), below));
      ASSERT_TRUE(converts(*arithmetic, slightly_above(tie), above));
      ASSERT_TRUE(converts(*arithmetic, -tie, f.negate(even)));
      ASSERT_TRUE(converts(*arithmetic, -slightly_below(tie), f.negate(below)));
      ASSERT_TRUE(converts(*arithmetic, -slightly_above(tie), f.negate(above)));
      ASSERT_TRUE(encodes(*arithmetic, x, even));
      ASSERT_TRUE(encodes(*arithmetic, std::nextafter(x, 0.0F), below));
      ASSERT_TRUE(encodes(*arithmetic, std::nextafter(x, kInfinity), above));
      ASSERT_TRUE(encodes(*arithmetic, -x, f.negate(even)));
      ASSERT_TRUE(encodes(*arithmetic, -std::nextafter(x, 0.0F), f.negate(below)));
      ASSERT_TRUE(encodes(*arithmetic, -std::nextafter(x, kInfinity), f.negate(above)));
    }
  }
}

TEST_P(SmallPosit, EveryLengthRoundsTiesOfRandomCodesToEven) {
  for (int n = 3; n <= 32; ++n) {
    const PositFormat f{n, GetParam()}, longer{n + 1, f.es};
    const auto arithmetic = make_arithmetic(f.name() + "/exact");
    Draw draw(static_cast<std::uint64_t>(n));
    for (int i = 0; i < 24; ++i) {
      // A random number of leading bits dropped: regimes of every length on both sides of 1.
      const std::uint64_t wide = f.minpos() + draw.below(f.maxpos() - 1);
      const std::uint64_t short_run = std::max<std::uint64_t>(wide >> draw.below(32), 1);
      const std::uint64_t below = i % 3 == 0   ? wide
                                  : i % 3 == 1 ? short_run
                                               : f.maxpos() - short_run;
      const std::uint64_t above = below + 1, even = below % 2 == 0 ? below : above;
      const Dyadic tie = posit_value(longer, 2 * below + 1).number;
      ASSERT_TRUE(converts(*arithmetic, tie, even));
      ASSERT_TRUE(converts(*arithmetic, -tie, f.negate(even)));
      ASSERT_TRUE(converts(*arithmetic, slightly_below(tie), below));
      ASSERT_TRUE(converts(*arithmetic, slightly_above(tie), above));
    }
  }
}

TEST_P(SmallPosit, NothingButZeroBecomesZeroAndNothingFiniteBecomesNaR) {
  for (int n = 2; n <= 32; ++n) {
    const PositFormat f{n, GetParam()};
    const auto arithmetic = make_arithmetic(f.name() + "/exact");
    const Dyadic least = posit_value(f, f.minpos()).number;
    const Dyadic greatest = posit_value(f, f.maxpos()).number;
    for (const int shift : {1, 2, 70, 2000}) {
      const Dyadic tiny = least * Dyadic::power_of_two(-shift);
      const Dyadic huge = greatest * Dyadic::power_of_two(shift);
      ASSERT_TRUE(converts(*arithmetic, tiny, f.minpos()));
      ASSERT_TRUE(converts(*arithmetic, -tiny, f.negate(f.minpos())));
      ASSERT_TRUE(converts(*arithmetic, huge, f.maxpos()));
      ASSERT_TRUE(converts(*arithmetic, -huge, f.negate(f.maxpos())));
    }
    for (const char* zero : {"0", "-0", "0.0", "-0.0e5", "0x0p0", "-0x0.0p-7"}) {
      ASSERT_EQ(arithmetic->convert(zero), 0U) << f.name() << " " << zero;
    }
    for (const char* not_real : {"inf", "-inf", "nan"}) {
      ASSERT_EQ(hex(arithmetic->convert(not_real)), hex(f.nar())) << f.name() << " " << not_real;
    }
    const float minimum = std::numeric_limits<float>::denorm_min();
    const float maximum = std::numeric_limits<float>::max();
    for (const float x : {minimum, maximum, -minimum, -maximum}) {
      const std::uint64_t expected = round_to_posit(f, oracle::Value::finite(Dyadic::of(x)));
      ASSERT_NE(expected & (f.nar() - 1), 0U);
      ASSERT_TRUE(encodes(*arithmetic, x, expected));
    }
    ASSERT_EQ(encode_one(*arithmetic, 0.0F), 0U);
    ASSERT_EQ(encode_one(*arithmetic, -0.0F), 0U);
    ASSERT_EQ(hex(encode_one(*arithmetic, kInfinity)), hex(f.nar()));
    ASSERT_EQ(hex(encode_one(*arithmetic, -kInfinity)), hex(f.nar()));
    ASSERT_EQ(hex(encode_one(*arithmetic, std::nanf(""))), hex(f.nar()));
  }
}

TEST(Convert, TakesExponentsFarBeyondAnyFormatWithoutDelay) {
  const auto posit = make_arithmetic("posit:16,1/exact");
  EXPECT_EQ(posit->convert("1e999999999"), 0x7FFFU);
  EXPECT_EQ(posit->convert("1e99999999999999999999999"), 0x7FFFU);
  EXPECT_EQ(posit->convert("-1e999999999"), 0x8001U);
  EXPECT_EQ(posit->convert("1e-999999999"), 0x0001U);
  EXPECT_EQ(posit->convert("1e-99999999999999999999999"), 0x0001U);
  EXPECT_EQ(posit->convert("0x1p999999999"), 0x7FFFU);
  EXPECT_EQ(posit->convert("0x1p-999999999999999999999"), 0x0001U);
  EXPECT_EQ(posit->convert("0e999999999999999999999"), 0U);
  EXPECT_EQ(posit->convert("0x0p99999999999999999999"), 0U);
  const auto fp32 = make_arithmetic("fp32/exact");
  EXPECT_EQ(hex(fp32->convert("1e999999999")), hex(0x7F80'0000U));
  EXPECT_EQ(fp32->convert("1e-999999999"), 0U);
}

TEST(Convert, RoundsADecimalThatIsNoBinaryNumberOnce) {
  // 0.1 = 2^-4 (1 + 0.6): fractions 0.6 of 2^13 and of 2^23, and the remainder decides.
  EXPECT_EQ(hex(make_arithmetic("fp32/exact")->convert("0.1")), hex(0x3DCC'CCCDU));
  EXPECT_EQ(hex(make_arithmetic("bf16/exact")->convert("0.1")), hex(0x3DCDU));
  // posit<16,1>: 0.1 = 4^-2 2^0 1.6: 0 001 0 11 bits of fraction .6 = 10011001100|11 up
  EXPECT_EQ(hex(make_arithmetic("posit:16,1/exact")->convert("0.1")), hex(0x14CDU));
  EXPECT_EQ(hex(make_arithmetic("fixed:32,16/exact")->convert("0.1")), hex(6554U));  // 6553.6
  // Through a double the first would round to the tie 1 + 2^-24 and then to even, 1.
  EXPECT_EQ(hex(make_arithmetic("fp32/exact")->convert("1.00000005960464477539062500000000001")),
            hex(0x3F80'0001U));
}

TEST(Convert, ReadsBackWhatIsPrintedForWhatIsNoFiniteNumber) {
  const std::pair<const char*, const char*> cases[] = {
      {"fp32/exact", "inf"},      {"fp32/exact", "-inf"}, {"fp32/exact", "nan"},
      {"fp32/exact", "-0"},       {"bf16/exact", "-inf"}, {"fp8:e4m3/exact", "nan"},
      {"posit:8,0/exact", "nan"},
  };
  for (const auto& [format, text] : cases) {
    const auto arithmetic = make_arithmetic(format);
    EXPECT_EQ(arithmetic->to_string(arithmetic->convert(text)), text) << format;
  }
}

TEST(Convert, RefusesNaNWhereNoCodeStandsForIt) {
  EXPECT_THROW(make_arithmetic("int:8/exact")->convert("nan"), UserError);
  EXPECT_THROW(make_arithmetic("fixed:32,16/exact")->convert("nan"), UserError);
}

TEST(Convert, RefusesWhatIsNoNumberAndNamesIt) {
  for (const char* format : {"fp32/exact", "posit:8,0/exact", "int:8/exact", "fixed:32,16/exact"}) {
    const auto arithmetic = make_arithmetic(format);
    for (const std::string text : {"", " ", "one", "1.2.3", "0x", "0x1p", "1e", "--1", "1 2", "1,5",
                                   "0x1.8p+", "infinite", "nano", "e5", "."}) {
      try {
        const Code code = arithmetic->convert(text);
        ADD_FAILURE() << format << ": '" << text << "' converts to " << hex(code);
      } catch (const UserError& error) {
        EXPECT_NE(std::string(error.what()).find(text), std::string::npos)
            << format << ": '" << text << "' gives: " << error.what();
      }
    }
  }
}

struct NamedFloat {
  const char* arithmetic;
  FloatFormat format;
};
std::ostream& operator<<(std::ostream& out, const NamedFloat& f) { return out << f.arithmetic; }

class FloatTies : public testing::TestWithParam<NamedFloat> {};
INSTANTIATE_TEST_SUITE_P(Formats, FloatTies,
                         testing::Values(NamedFloat{"bf16/exact/fp32", oracle::kBf16},
                                         NamedFloat{"fp16/exact/fp32", oracle::kFp16},
                                         NamedFloat{"fp8:e5m2/exact/fp32", oracle::kFp8E5M2},
                                         NamedFloat{"fp8:e4m3/exact/fp32", oracle::kFp8E4M3}));

/// Midway between the numbers of two neighbouring codes; above the greatest number it is half a
/// step further.
Dyadic tie_above(const FloatFormat& f, std::uint64_t code) {
  const Dyadic here = float_value(f, code).number;
  const Dyadic step = code == f.greatest() ? here - float_value(f, code - 1).number
                                           : float_value(f, code + 1).number - here;
  return here + step * Dyadic::power_of_two(-1);
}

TEST_P(FloatTies, EveryTieGoesToTheEvenCodeAndItsNeighboursToTheirOwnSide) {
  const auto [name, f] = GetParam();
  const auto arithmetic = make_arithmetic(name);
  for (std::uint64_t below = 0; below <= f.greatest(); ++below) {
    const std::uint64_t above = std::min(below + 1, f.overflow());
    const std::uint64_t even = below % 2 == 0 ? below : above;
    const Dyadic tie = tie_above(f, below);
    const auto x = static_cast<float>(tie.approximate());  // exact: one bit more than the format
    ASSERT_TRUE(encodes(*arithmetic, x, even));
    ASSERT_TRUE(encodes(*arithmetic, std::nextafter(x, 0.0F), below));
    ASSERT_TRUE(encodes(*arithmetic, std::nextafter(x, kInfinity), above));
    ASSERT_TRUE(encodes(*arithmetic, -x, f.sign() | even));
    ASSERT_TRUE(encodes(*arithmetic, -std::nextafter(x, 0.0F), f.sign() | below));
    ASSERT_TRUE(encodes(*arithmetic, -std::nextafter(x, kInfinity), f.sign() | above));
    if (below % 97 > 1 && below > 130 && below < f.greatest() - 2) continue;  // text is slower
    ASSERT_TRUE(converts(*arithmetic, tie, even));
    ASSERT_TRUE(converts(*arithmetic, -slightly_below(tie), f.sign() | below));
    ASSERT_TRUE(converts(*arithmetic, slightly_above(tie), above));
  }
}

TEST(Fp32, TextAtATieGoesToTheEvenCodeAndItsNeighboursToTheirOwnSide) {
  const auto arithmetic = make_arithmetic("fp32/exact/fp32");
  const FloatFormat f = oracle::kFp32;
  std::vector<std::uint64_t> codes = {
      0,           1,           2,           0x007F'FFFE,      0x007F'FFFF,
      0x0080'0000, 0x3F7F'FFFF, 0x3F80'0000, f.greatest() - 1, f.greatest()};
  Draw draw(4);
  for (int i = 0; i < 1'000; ++i) codes.push_back(draw.below(f.infinity()));
  for (const std::uint64_t below : codes) {
    const std::uint64_t above = below + 1, even = below % 2 == 0 ? below : above;
    const Dyadic tie = tie_above(f, below);
    ASSERT_TRUE(converts(*arithmetic, tie, even));
    ASSERT_TRUE(converts(*arithmetic, slightly_below(tie), below));
    ASSERT_TRUE(converts(*arithmetic, slightly_above(tie), above));
    ASSERT_TRUE(converts(*arithmetic, -tie, f.sign() | even));
    ASSERT_TRUE(converts(*arithmetic, -slightly_above(tie), f.sign() | above));
  }
}

TEST(Floats, KeepTheSignOfZeroInfinityAndNaN) {
  for (const NamedFloat& named :
       {NamedFloat{"fp32/exact", oracle::kFp32}, NamedFloat{"bf16/exact", oracle::kBf16}}) {
    const auto arithmetic = make_arithmetic(named.arithmetic);
    const FloatFormat f = named.format;
    EXPECT_EQ(hex(encode_one(*arithmetic, -0.0F)), hex(f.sign())) << named.arithmetic;
    EXPECT_EQ(hex(arithmetic->convert("-0.0")), hex(f.sign())) << named.arithmetic;
    EXPECT_EQ(hex(encode_one(*arithmetic, kInfinity)), hex(f.overflow())) << named.arithmetic;
    EXPECT_EQ(hex(arithmetic->convert("-inf")), hex(f.sign() | f.overflow())) << named.arithmetic;
    EXPECT_TRUE(f.is_nan(arithmetic->convert("nan"))) << named.arithmetic;
    // NaNs whose payload sits in the bits a narrow format drops must not become infinities.
    for (const std::uint32_t bits : {0x7FC0'0000U, 0x7F80'0001U, 0xFF80'0001U, 0xFFFF'FFFFU}) {
      const Code code = encode_one(*arithmetic, std::bit_cast<float>(bits));
      EXPECT_TRUE(f.is_nan(code)) << named.arithmetic << " " << hex(bits) << " -> " << hex(code);
    }
  }
}

/// Fixed-point ties: halves of the last place.
struct NamedFixed {
  const char* arithmetic;
  int bits;
  int fraction_bits;
};
std::ostream& operator<<(std::ostream& out, const NamedFixed& f) { return out << f.arithmetic; }

class FixedTies : public testing::TestWithParam<NamedFixed> {};
INSTANTIATE_TEST_SUITE_P(Formats, FixedTies,
                         testing::Values(NamedFixed{"int:8/exact", 8, 0},
                                         NamedFixed{"int:2/exact", 2, 0},
                                         NamedFixed{"int:16/exact", 16, 0},
                                         NamedFixed{"fixed:8,4/exact", 8, 4},
                                         NamedFixed{"fixed:16,8/exact", 16, 8},
                                         NamedFixed{"fixed:32,16/exact", 32, 16}));

TEST_P(FixedTies, TiesGoToTheEvenCodeAndTheEndsSaturate) {
  const auto [name, bits, fraction_bits] = GetParam();
  const auto arithmetic = make_arithmetic(name);
  const std::int64_t limit = std::int64_t{1} << (bits - 1);
  const auto code = [width = bits](const Integer& value) {
    return oracle::to_twos_complement(oracle::saturate(value, width), width);
  };
  std::vector<std::int64_t> places = {-limit - 1, -limit, -limit + 1, limit - 2, limit - 1, limit};
  for (std::int64_t i = -130; i <= 130; ++i) {
    if (-limit <= i && i < limit) places.push_back(i);
  }
  for (const std::int64_t below : places) {
    const Dyadic tie(Integer(2 * below + 1), -fraction_bits - 1);
    const std::int64_t even = below % 2 == 0 ? below : below + 1;
    const Dyadic nudge = Dyadic::power_of_two(-fraction_bits - 90);
    ASSERT_TRUE(converts(*arithmetic, tie, code(even)));
    ASSERT_TRUE(converts(*arithmetic, tie - nudge, code(below)));
    ASSERT_TRUE(converts(*arithmetic, tie + nudge, code(below + 1)));
    const auto x = static_cast<float>(tie.approximate());
    if (Dyadic::of(x) != tie) continue;  // 32 bits and a half are more than a float holds
    ASSERT_TRUE(encodes(*arithmetic, x, code(even)));
    ASSERT_TRUE(encodes(*arithmetic, std::nextafter(x, -kInfinity), code(below)));
    ASSERT_TRUE(encodes(*arithmetic, std::nextafter(x, kInfinity), code(below + 1)));
  }
  ASSERT_TRUE(encodes(*arithmetic, 3e38F, code(limit)));
  ASSERT_TRUE(encodes(*arithmetic, -3e38F, code(-limit)));
  EXPECT_EQ(hex(encode_one(*arithmetic, kInfinity)), hex(code(limit)));
  EXPECT_EQ(hex(encode_one(*arithmetic, -kInfinity)), hex(code(-limit)));
  EXPECT_EQ(hex(arithmetic->convert("inf")), hex(code(limit)));
  EXPECT_EQ(hex(arithmetic->convert("-1e40")), hex(code(-limit)));
}

}  // namespace
}  // namespace systolog::test
