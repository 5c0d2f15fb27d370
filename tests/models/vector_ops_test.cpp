// SPDX-License-Identifier: Apache-2.0
// The vector unit's operations on codes, and floats into codes and back.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "tests/models/arithmetics.h"

namespace systolog::test {
namespace {

using models::Quantisation;
using oracle::Chain;
using oracle::Dyadic;
using oracle::Integer;
using oracle::Value;

class EveryCode : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(
    Formats, EveryCode,
    testing::Values("bf16/exact", "fp16/exact", "fp8:e4m3/exact", "fp8:e5m2/exact",
                    "posit:2,0/exact", "posit:3,4/exact", "posit:5,2/exact", "posit:8,0/exact",
                    "posit:8,2/exact", "posit:8,4/exact", "posit:12,3/exact", "posit:16,0/plam",
                    "posit:16,1/exact", "posit:16,2/exact", "posit:16,3/exact", "fixed:8,4/exact",
                    "fixed:16,8/exact", "fixed:16,15/mitchell", "int:2/exact", "int:8/exact",
                    "int:16/exact"),
    [](const testing::TestParamInfo<const char*>& format) { return test_name(format.param); });

TEST_P(EveryCode, DecodesToAFloatThatEncodesToTheSameCode) {
  const auto arithmetic = make_arithmetic(GetParam());
  const int bits = arithmetic->bits();
  std::vector<Code> codes(std::size_t{1} << bits);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<Code>(i);
  const CodeBuffer before(codes, arithmetic->code_bytes());
  CodeBuffer after(codes.size(), arithmetic->code_bytes());
  std::vector<float> values(codes.size());
  std::vector<Quantisation> quantisations = {{}};
  if (arithmetic->is_quantised()) quantisations = {{}, {0.0371F, 1}, {1e-20F, -2}, {3e5F, 0}};
  for (const Quantisation q : quantisations) {
    arithmetic->decode(before.data(), q, values);
    arithmetic->encode(values, q, after.data());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const bool both_nan = std::isnan(values[i]) && std::isnan(decode_one(*arithmetic, after[i]));
      ASSERT_TRUE(after[i] == codes[i] || both_nan)
          << arithmetic->name() << " " << hex(codes[i]) << " reads as " << values[i]
          << ", which encodes to " << hex(after[i]) << " at scale " << q.scale;
    }
  }
}

/// One chain of each format: these operations know no multiplier.
std::vector<Chain> one_of_each_format(std::vector<Chain> all) {
  std::set<std::string> seen;
  std::erase_if(all, [&](const Chain& chain) {
    return !seen.insert(chain.arithmetic.substr(0, chain.arithmetic.find('/'))).second;
  });
  return all;
}
std::vector<Chain> formats() { return one_of_each_format(chains()); }
std::vector<Chain> unscaled_formats() { return one_of_each_format(unquantised_chains()); }

class EveryFormat : public testing::TestWithParam<Chain> {
 protected:
  /// Edges of the format and random codes; 16 and 33 are not multiples of a lane count together.
  std::vector<Code> sample(std::uint64_t seed) const {
    const Chain& chain = GetParam();
    std::vector<Code> codes;
    const Code sign = Code{1} << (chain.bits - 1);
    for (const Code centre : {Code{0}, sign, sign >> 1, sign | (sign >> 1)}) {
      for (const Code code : {centre, centre + 1, centre - 1})
        codes.push_back(code & (2 * sign - 1));
    }
    Draw draw(seed);
    while (codes.size() < 333) codes.push_back(draw.bits(chain.bits));
    return codes;
  }
};
INSTANTIATE_TEST_SUITE_P(Arithmetics, EveryFormat, testing::ValuesIn(formats()), chain_name);

/// int:B adds by scale and scales its bias: QuantisedAdd, QuantisedBias.
class EveryUnscaledFormat : public EveryFormat {};
INSTANTIATE_TEST_SUITE_P(Arithmetics, EveryUnscaledFormat, testing::ValuesIn(unscaled_formats()),
                         chain_name);

TEST_P(EveryFormat, ReluIsTheLargerOfTheCodeAndZero) {
  const Chain& chain = GetParam();
  const auto arithmetic = make_arithmetic(chain.arithmetic);
  for (const std::int32_t zero_point : {0, 5, -7}) {
    if (zero_point != 0 && !arithmetic->is_quantised()) continue;
    const std::vector<Code> codes = sample(17);
    CodeBuffer got(codes, arithmetic->code_bytes());
    arithmetic->relu(codes.size(), {0.5F, zero_point}, got.data());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const Value x = chain.value(codes[i]);
      const Value zero =
          arithmetic->is_quantised() ? Value::finite({Integer(zero_point), 0}) : Value::zero(false);
      if (x.is_zero() && zero.is_zero()) {
        ASSERT_TRUE(chain.value(got[i]).is_zero()) << chain.arithmetic << " " << hex(codes[i]);
        continue;
      }
      const bool below = !x.is_nan() && (x.is_infinite() ? x.negative : x.number < zero.number);
      const Code expected = below ? chain.encode(zero) : codes[i];
      ASSERT_EQ(hex(got[i]), hex(expected))
          << chain.arithmetic << " relu " << hex(codes[i]) << ", zero point " << zero_point;
    }
  }
}

TEST_P(EveryFormat, MaxIsTheLargerByValueAndNaNsWin) {
  const Chain& chain = GetParam();
  const auto arithmetic = make_arithmetic(chain.arithmetic);
  const std::vector<Code> a = sample(18);
  std::vector<Code> b = sample(19);
  std::rotate(b.begin(), b.begin() + 5, b.end());
  CodeBuffer got(a, arithmetic->code_bytes());
  const CodeBuffer other(b, arithmetic->code_bytes());
  arithmetic->max(a.size(), other.data(), got.data());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Value x = chain.value(a[i]), y = chain.value(b[i]), z = chain.value(got[i]);
    if (x.is_nan() || y.is_nan()) {
      ASSERT_TRUE(z.is_nan()) << chain.arithmetic << " max " << hex(a[i]) << " " << hex(b[i]);
    } else if (x.is_zero() && y.is_zero()) {
      ASSERT_TRUE(z.is_zero()) << chain.arithmetic << " max " << hex(a[i]) << " " << hex(b[i]);
    } else {
      // x - y is never a NaN to decide on: equal infinities are equal codes.
      const bool first = a[i] == b[i] || !(x + y * Value::finite({Integer(-1), 0})).negative;
      ASSERT_EQ(hex(got[i]), hex(first ? a[i] : b[i]))
          << chain.arithmetic << " max " << hex(a[i]) << " " << hex(b[i]);
    }
  }
}

TEST_P(EveryUnscaledFormat, AddIsTheExactSumRoundedOnce) {
  const Chain& chain = GetParam();
  const auto arithmetic = make_arithmetic(chain.arithmetic);
  const std::vector<Code> a = sample(20);
  std::vector<Code> b = sample(21);
  std::rotate(b.begin(), b.begin() + 7, b.end());
  for (std::size_t i = 0; i < a.size(); i += 3) b[i] = a[i] ^ 1U ^ (Code{1} << (chain.bits - 1));
  const CodeBuffer x(a, arithmetic->code_bytes()), y(b, arithmetic->code_bytes());
  CodeBuffer got(a.size(), arithmetic->code_bytes());
  arithmetic->add(a.size(), x.data(), {}, y.data(), {}, {}, got.data());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Code expected = chain.encode(chain.value(a[i]) + chain.value(b[i]));
    ASSERT_TRUE(same_code(chain, got[i], expected))
        << chain.arithmetic << " " << hex(a[i]) << " + " << hex(b[i]) << " gives " << hex(got[i])
        << ", not " << hex(expected);
    ASSERT_TRUE(same_code(chain, arithmetic->add_codes(a[i], b[i]), expected))
        << chain.arithmetic << " " << hex(a[i]) << " + " << hex(b[i]);
  }
}

TEST_P(EveryUnscaledFormat, BiasIsTheValueRoundedToTheFormat) {
  const Chain& chain = GetParam();
  const auto arithmetic = make_arithmetic(chain.arithmetic);
  Draw draw(22);
  std::vector<float> values;
  for (int i = 0; i < 100; ++i) {
    values.push_back(
        std::ldexp(static_cast<float>(static_cast<std::int32_t>(draw.bits(24)) - (1 << 23)),
                   -static_cast<int>(draw.below(30))));
  }
  CodeBuffer got(values.size(), arithmetic->bias_bytes());
  arithmetic->encode_bias(values, {}, std::vector<float>(values.size(), 1.0F), got.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(hex(got[i]), hex(encode_one(*arithmetic, values[i])))
        << chain.arithmetic << " " << values[i];
  }
}

TEST_P(EveryFormat, NoElementsIsNothingToDo) {
  const auto arithmetic = make_arithmetic(GetParam().arithmetic);
  arithmetic->relu(0, {}, nullptr);
  arithmetic->max(0, nullptr, nullptr);
  arithmetic->add(0, nullptr, {}, nullptr, {}, {}, nullptr);
  arithmetic->encode({}, {}, nullptr);
  arithmetic->decode(nullptr, {}, {});
  arithmetic->clear(0, nullptr);
}

// --- int:B -----------------------------------------------------------------------------------

/// value / scale to the nearest integer, ties to even, by exact integer division.
Integer nearest_quotient(const Dyadic& value, float scale) {
  const Dyadic divisor = Dyadic::of(scale);
  const int e = std::min(value.exponent(), divisor.exponent());
  const Integer numerator = (value * Dyadic::power_of_two(-e)).floor();
  const Integer denominator = (divisor * Dyadic::power_of_two(-e)).floor();
  const Integer magnitude = boost::multiprecision::abs(numerator);
  Integer quotient = magnitude / denominator;
  const Integer twice_rest = 2 * (magnitude - quotient * denominator);
  if (twice_rest > denominator || (twice_rest == denominator && quotient % 2 != 0)) ++quotient;
  return numerator < 0 ? Integer(-quotient) : quotient;
}

Code quantised(const Dyadic& value, Quantisation q, int bits) {
  const Integer code = nearest_quotient(value, q.scale) + q.zero_point;
  return static_cast<Code>(oracle::to_twos_complement(oracle::saturate(code, bits), bits));
}

TEST(Quantised, FloatsBecomeTheNearestCodeTiesToEvenSaturating) {
  Draw draw(23);
  for (const int bits : {2, 4, 8, 16}) {
    const auto arithmetic = make_arithmetic("int:" + std::to_string(bits) + "/exact");
    for (const Quantisation q : {Quantisation{1.0F, 0},
                                 {0.5F, 1},
                                 {0.1F, -1},
                                 {0.0371F, 1},
                                 {1.0F / 3.0F, 0},
                                 {7.7e-9F, -2}}) {
      const int half_range = 1 << (bits - 1);
      std::vector<float> values(4'001);
      for (float& x : values) {
        // Around midpoints between codes, where a division that rounds first goes wrong.
        const int code = static_cast<int>(draw.below(2 * static_cast<unsigned>(half_range) + 4)) -
                         half_range - 2;
        x = (static_cast<float>(code) + 0.5F) * q.scale;
        const auto step = static_cast<int>(draw.below(5)) - 2;
        for (int s = 0; s < std::abs(step); ++s) {
          x = std::nextafter(x, step < 0 ? -1e30F : 1e30F);
        }
      }
      CodeBuffer codes(values.size(), arithmetic->code_bytes());
      arithmetic->encode(values, q, codes.data());
      for (std::size_t i = 0; i < values.size(); ++i) {
        const Dyadic x = Dyadic::of(values[i]);
        ASSERT_EQ(hex(codes[i]), hex(quantised(x, q, bits)))
            << arithmetic->name() << " " << hex_text(x) << " / " << hex_text(Dyadic::of(q.scale))
            << " + " << q.zero_point;
      }
    }
  }
}

TEST(Quantised, WhatIsNoNumberBecomesTheZeroPointAndInfinityTheEnds) {
  const auto arithmetic = make_arithmetic("int:8/exact");
  const Quantisation q{0.25F, -3};
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(hex(encode_one(*arithmetic, std::nanf(""), q)), hex(0xFDU));
  EXPECT_EQ(hex(encode_one(*arithmetic, -0.0F, q)), hex(0xFDU));
  EXPECT_EQ(hex(encode_one(*arithmetic, infinity, q)), hex(0x7FU));
  EXPECT_EQ(hex(encode_one(*arithmetic, -infinity, q)), hex(0x80U));
  EXPECT_EQ(hex(encode_one(*arithmetic, std::numeric_limits<float>::max(), q)), hex(0x7FU));
  EXPECT_EQ(decode_one(*arithmetic, 0xFD, q), 0.0F);
  EXPECT_EQ(decode_one(*arithmetic, 0x80, q), -31.25F);
}

TEST(QuantisedAdd, AddsInFp32ThenQuantises) {
  const auto arithmetic = make_arithmetic("int:8/exact/int:32");
  Draw draw(24);
  const std::size_t count = 20'000;
  std::vector<Code> a(count), b(count);
  for (std::size_t i = 0; i < count; ++i) {
    a[i] = draw.bits(8);
    b[i] = draw.bits(8);
  }
  const CodeBuffer x(a, 1), y(b, 1);
  CodeBuffer got(count, 1);
  for (const auto& [qa, qb, out] :
       {std::tuple<Quantisation, Quantisation, Quantisation>{{1.0F, 0}, {1.0F, 0}, {2.0F, 0}},
        {{0.5F, 3}, {0.25F, -4}, {0.5F, 7}},
        {{0.0213F, -11}, {0.0371F, 20}, {0.05F, -1}}}) {
    arithmetic->add(count, x.data(), qa, y.data(), qb, out, got.data());
    for (std::size_t i = 0; i < count; ++i) {
      const auto real = [](Code code, Quantisation q) {
        const Integer steps = oracle::from_twos_complement(code, 8) - q.zero_point;
        return keep_in_float(oracle::kFp32,
                             Value::finite(Dyadic::integer(steps) * Dyadic::of(q.scale)));
      };
      const Value sum = keep_in_float(oracle::kFp32, real(a[i], qa) + real(b[i], qb));
      ASSERT_EQ(hex(got[i]), hex(quantised(sum.number, out, 8)))
          << hex(a[i]) << " (" << qa.scale << ", " << qa.zero_point << ") + " << hex(b[i]) << " ("
          << qb.scale << ", " << qb.zero_point << ") to (" << out.scale << ", " << out.zero_point
          << ")";
    }
  }
}

TEST(QuantisedAddCodes, SaturatesAtTheEnds) {
  const auto arithmetic = make_arithmetic("int:8/exact/int:32");
  for (Code a = 0; a < 256; ++a) {
    for (Code b = 0; b < 256; ++b) {
      const Integer sum =
          Integer(oracle::from_twos_complement(a, 8)) + oracle::from_twos_complement(b, 8);
      ASSERT_EQ(hex(arithmetic->add_codes(a, b)),
                hex(oracle::to_twos_complement(oracle::saturate(sum, 8), 8)))
          << hex(a) << " + " << hex(b);
    }
  }
}

TEST(QuantisedBias, IsInUnitsOfTheProductsScaleAndSaturatesAt32Bits) {
  const auto arithmetic = make_arithmetic("int:8/exact/int:32");
  const std::vector<float> values = {0.0F,      1.0F,  -1.0F,  0.09375F, 0.15625F,
                                     -0.03125F, 1e30F, -1e30F, 0.3F};
  const std::vector<float> scales = {0.25F,  0.25F, 0.125F, 0.25F,  0.25F,
                                     0.125F, 0.25F, 0.25F,  0.0625F};
  // value / (0.25 scale): 0, 16, -32, 1.5, 2.5, -1, too large, too small, 19.2
  const std::vector<std::int32_t> expected = {0, 16, -32, 2, 2, -1, 2147483647, -2147483647 - 1,
                                              19};
  CodeBuffer got(values.size(), 4);
  arithmetic->encode_bias(values, {0.25F, 9}, scales, got.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(static_cast<std::int32_t>(got[i]), expected[i])
        << values[i] << " / (0.25 * " << scales[i] << ")";
  }
}

}  // namespace
}  // namespace systolog::test
