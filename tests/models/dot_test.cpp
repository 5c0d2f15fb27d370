// SPDX-License-Identifier: Apache-2.0
// Sums of products: through the quire, and through accumulators that round or saturate each step.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/models/arithmetics.h"

namespace systolog::test {
namespace {

using oracle::Chain;
using oracle::PositFormat;
using oracle::Value;

std::string operands(std::span<const Code> a, std::span<const Code> b) {
  std::string text;
  for (std::size_t i = 0; i < a.size() && i < 80; ++i) text += " " + hex(a[i]) + " " + hex(b[i]);
  return text;
}

std::string format_name(const testing::TestParamInfo<PositFormat>& info) {
  return test_name(info.param.name());
}

class EveryChain : public testing::TestWithParam<Chain> {
 protected:
  const Chain chain_ = GetParam();
  const std::shared_ptr<const Arithmetic> arithmetic_ = make_arithmetic(chain_.arithmetic);
};
INSTANTIATE_TEST_SUITE_P(Arithmetics, EveryChain, testing::ValuesIn(chains()), chain_name);

TEST_P(EveryChain, ADotProductIsTheChainOfItsSteps) {
  const Chain& chain = chain_;
  EXPECT_EQ(arithmetic_->name(), chain.arithmetic);
  ASSERT_EQ(arithmetic_->dot({}, {}), 0U) << "no terms";
  Draw draw(5);
  for (int i = 0; i < 240; ++i) {
    const std::size_t length = i < 8 ? static_cast<std::size_t>(i) : 1 + draw.below(60);
    std::vector<Code> a = draw_operands(chain, draw, length);
    std::vector<Code> b = draw_operands(chain, draw, length);
    if (i % 3 == 0) {  // near repeats: sums that almost cancel, or meet at a tie
      for (std::size_t k = 1; k < length; k += 2) {
        a[k] = a[k - 1];
        b[k] = negate(chain, b[k - 1]) ^ draw.bits(1);
      }
    }
    const Code got = arithmetic_->dot(a, b), expected = chain.dot(a, b);
    ASSERT_TRUE(same_code(chain, got, expected))
        << chain.arithmetic << " dot" << operands(a, b) << " gives " << hex(got) << ", not "
        << hex(expected) << " = round(" << chain.sum(a, b) << ")";
  }
}

class Quire : public testing::TestWithParam<PositFormat> {
 protected:
  Chain exact() const {
    return real_chain(oracle::codec(GetParam()), oracle::exact_unit(), "quire");
  }
};
INSTANTIATE_TEST_SUITE_P(Formats, Quire,
                         testing::Values(PositFormat{2, 0}, PositFormat{3, 4}, PositFormat{8, 0},
                                         PositFormat{8, 2}, PositFormat{16, 1}, PositFormat{16, 2},
                                         PositFormat{24, 0}, PositFormat{32, 2},
                                         PositFormat{32, 4}),
                         format_name);

TEST_P(Quire, KeepsWhatIsLeftWhenLargeTermsCancel) {
  const PositFormat f = GetParam();
  const auto arithmetic = make_arithmetic(f.name() + "/exact/quire");
  const auto max = static_cast<Code>(f.maxpos()), min = static_cast<Code>(f.minpos());
  const auto less = static_cast<Code>(f.negate(max)), one = static_cast<Code>(f.one());
  // maxpos^2 + minpos * 1 - maxpos^2
  EXPECT_EQ(
      hex(arithmetic->dot(std::vector<Code>{max, min, max}, std::vector<Code>{max, one, less})),
      hex(min));
  // and with minpos^2, the quire's last bit: still not 0
  EXPECT_EQ(
      hex(arithmetic->dot(std::vector<Code>{max, min, max}, std::vector<Code>{max, min, less})),
      hex(min));
  EXPECT_EQ(arithmetic->dot(std::vector<Code>{max, max}, std::vector<Code>{max, less}), 0U);
  EXPECT_EQ(arithmetic->dot(std::vector<Code>{min, min},
                            std::vector<Code>{min, static_cast<Code>(f.negate(min))}),
            0U);
}

TEST_P(Quire, SumsTheSmallestAndTheLargestSquares) {
  const PositFormat f = GetParam();
  const Chain chain = exact();
  const auto arithmetic = make_arithmetic(chain.arithmetic);
  for (const std::uint64_t extreme : {f.minpos(), f.maxpos()}) {
    for (const std::size_t count : {1U, 2U, 3U, 127U, 1000U}) {
      const std::vector<Code> a(count, static_cast<Code>(extreme));
      const std::vector<Code> minus(count, static_cast<Code>(f.negate(extreme)));
      ASSERT_EQ(hex(arithmetic->dot(a, a)), hex(chain.dot(a, a)))
          << f.name() << ": " << count << " squares of " << hex(extreme);
      ASSERT_EQ(hex(arithmetic->dot(a, minus)), hex(chain.dot(a, minus)))
          << f.name() << ": " << count << " negative squares of " << hex(extreme);
    }
  }
}

TEST_P(Quire, HoldsAThousandLargestTermsAndGivesThemBack) {
  const PositFormat f = GetParam();
  const auto arithmetic = make_arithmetic(f.name() + "/exact/quire");
  const auto max = static_cast<Code>(f.maxpos()), less = static_cast<Code>(f.negate(max));
  std::vector<Code> a(2'000, max), b(1'000, max);
  b.resize(2'000, less);
  a.push_back(static_cast<Code>(f.minpos()));
  b.push_back(static_cast<Code>(f.minpos()));
  EXPECT_EQ(hex(arithmetic->dot(a, b)), hex(f.minpos())) << f.name();
  std::reverse(b.begin(), b.end());
  std::reverse(a.begin(), a.end());
  EXPECT_EQ(hex(arithmetic->dot(a, b)), hex(f.minpos())) << f.name();
}

TEST_P(Quire, DoesNotDependOnTheOrderOfTerms) {
  const Chain chain = exact();
  const auto arithmetic = make_arithmetic(chain.arithmetic);
  Draw draw(6);
  std::vector<Code> a = draw_operands(chain, draw, 50), b = draw_operands(chain, draw, 50);
  const Code first = arithmetic->dot(a, b);
  for (int i = 0; i < 50; ++i) {
    for (std::size_t k = a.size() - 1; k > 0; --k) {
      const std::size_t other = draw.below(k + 1);
      std::swap(a[k], a[other]);
      std::swap(b[k], b[other]);
    }
    ASSERT_EQ(hex(arithmetic->dot(a, b)), hex(first)) << chain.arithmetic << operands(a, b);
  }
}

TEST_P(Quire, OneNaRMakesTheSumNaRWhereverItStands) {
  const PositFormat f = GetParam();
  Draw draw(7);
  for (const char* rest : {"/exact/quire", "/exact/self", "/plam/quire", "/plam/self"}) {
    const auto arithmetic = make_arithmetic(f.name() + rest);
    for (const std::size_t at : {0U, 3U, 8U}) {
      std::vector<Code> a = draw_operands(exact(), draw, 9), b = draw_operands(exact(), draw, 9);
      a[at] = static_cast<Code>(f.nar());
      b[at] = 0;  // 0 x NaR = NaR
      ASSERT_EQ(hex(arithmetic->dot(a, b)), hex(f.nar())) << arithmetic->name() << operands(a, b);
      ASSERT_EQ(hex(arithmetic->dot(b, a)), hex(f.nar())) << arithmetic->name() << operands(b, a);
    }
  }
}

TEST_P(Quire, RandomVectorsAreSummedExactlyAndRoundedOnce) {
  const PositFormat f = GetParam();
  for (const auto& unit : {oracle::exact_unit(), oracle::log_unit("plam")}) {
    const Chain chain = real_chain(oracle::codec(f), unit, "quire");
    const auto arithmetic = make_arithmetic(chain.arithmetic);
    Draw draw(8);
    for (int i = 0; i < 100; ++i) {
      const std::size_t length = 1 + draw.below(40);
      std::vector<Code> a = draw_operands(chain, draw, length);
      std::vector<Code> b = draw_operands(chain, draw, length);
      if (i % 2 == 0) {  // both halves cancel but for one term
        for (std::size_t k = 0; k + 1 < length; k += 2) {
          a[k + 1] = a[k];
          b[k + 1] = static_cast<Code>(f.negate(b[k]));
        }
      }
      ASSERT_EQ(hex(arithmetic->dot(a, b)), hex(chain.dot(a, b)))
          << chain.arithmetic << operands(a, b) << " sum to " << chain.sum(a, b);
    }
  }
}

TEST(FloatChain, InfinitiesAndNaNsFollowIeee754) {
  const Chain chain =
      real_chain(oracle::codec("fp32", oracle::kFp32), oracle::exact_unit(), "fp32");
  const auto arithmetic = make_arithmetic(chain.arithmetic);
  const std::vector<Code> special = {0,           0x8000'0000, 0x3F80'0000, 0xBF80'0000,
                                     0x7F80'0000, 0xFF80'0000, 0x7FC0'0000, 0x7F7F'FFFF,
                                     0xFF7F'FFFF, 0x0000'0001, 0x8000'0001, 0x0080'0000};
  for (const Code a : special) {
    for (const Code b : special) {
      for (const Code c : special) {
        const std::vector<Code> x = {a, c}, y = {b, b};
        ASSERT_TRUE(same_code(chain, arithmetic->dot(x, y), chain.dot(x, y)))
            << operands(x, y) << " gives " << hex(arithmetic->dot(x, y)) << ", not "
            << hex(chain.dot(x, y));
      }
    }
  }
}

TEST(FloatChain, EachFp32StepRoundsOnce) {
  // (1 + 2^-12)^2 - (1 + 2^-11): the product's last bit, 2^-24, is lost if it is rounded by itself.
  const auto fp32 = make_arithmetic("fp32/exact/fp32");
  EXPECT_EQ(hex(fp32->dot(std::vector<Code>{0xBF80'1000, 0x3F80'0800},
                          std::vector<Code>{0x3F80'0000, 0x3F80'0800})),
            hex(0x3380'0000));
}

TEST(FloatChain, BrainFloatSumsKeepFp32UntilTheEnd) {
  // 1 + 256 * 2^-9: in bf16 each step would fall back to 1.
  std::vector<Code> a(257, 0x3B00), b(257, 0x3F80);
  a[0] = 0x3F80;
  EXPECT_EQ(hex(make_arithmetic("bf16/exact/fp32")->dot(a, b)), hex(0x3FC0));
  EXPECT_EQ(hex(make_arithmetic("bf16/exact/self")->dot(a, b)), hex(0x3F80));
}

TEST(FixedChain, SumsSaturateAtEachStepAndStayUsable) {
  const auto fixed = make_arithmetic("fixed:32,16/exact/fixed:32,16");
  const Code big = 0x4000'0000, two = 0x0002'0000, minus_one = 0xFFFF'0000;  // 16384, 2, -1
  // 32768 saturates to 32768 - 2^-16; 16384 less is what is left.
  EXPECT_EQ(hex(fixed->dot(std::vector<Code>{big, big}, std::vector<Code>{two, minus_one})),
            hex(0x3FFF'FFFF));
  EXPECT_EQ(hex(fixed->dot(std::vector<Code>{big, big}, std::vector<Code>{0xFFFC'0000, two})),
            hex(0));  // -65536 saturates to -32768, and 32768 more is 0: the sum, not the addend
}

TEST(FixedChain, ProductBitsBelowTheFractionAreFlooredTermByTerm) {
  const auto fixed = make_arithmetic("fixed:32,16/exact/fixed:32,16");
  const std::vector<Code> least(8, 1), half(8, 0x8000), minus_half(8, 0xFFFF'8000);
  EXPECT_EQ(fixed->dot(least, half), 0U);
  EXPECT_EQ(hex(fixed->dot(least, minus_half)), hex(0xFFFF'FFF8));  // -2^-17 floors to -2^-16
}

}  // namespace
}  // namespace systolog::test
