// SPDX-License-Identifier: Apache-2.0
// Every posit format, N = 2..32 and ES = 0..4: edges against edges, and random codes.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "tests/models/support.h"
#include "tests/oracle/float_oracle.h"

namespace systolog::test {
namespace {

using oracle::PositFormat;
using oracle::Value;

class EveryPosit : public testing::TestWithParam<int> {
 protected:
  /// Calls check(format, a, b) for each length with this ES: all pairs of edges, then random ones.
  template <typename Check>
  void for_each_pair(Check check) {
    for (int n = 2; n <= 32; ++n) {
      const PositFormat f{n, GetParam()};
      const std::vector<Code> edges = posit_edges(f);
      Draw draw(static_cast<std::uint64_t>(100 * n + f.es));
      for (const Code a : edges) {
        for (const Code b : edges) check(f, a, b);
      }
      for (int i = 0; i < 160; ++i) {
        const Code a = draw.bits(n);
        // Near magnitudes make sums cancel; far ones make them stick.
        const Code near = (a ^ (draw.bits(n) >> draw.below(static_cast<std::uint64_t>(n))));
        check(f, a, draw.one_in(4) ? draw.of(edges) : draw.one_in(3) ? near : draw.bits(n));
        if (HasFatalFailure()) return;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Es, EveryPosit, testing::Range(0, 5));

TEST_P(EveryPosit, ProductsAreTheExactOnesRoundedOnce) {
  std::shared_ptr<const Arithmetic> arithmetic;
  for_each_pair([&](const PositFormat& f, Code a, Code b) {
    if (!arithmetic || arithmetic->bits() != f.n) arithmetic = make_arithmetic(f.name() + "/exact");
    ASSERT_EQ(hex(arithmetic->multiply(a, b)), hex(round_to_posit(f, exact_product(f, a, b))))
        << f.name() << " " << hex(a) << " * " << hex(b);
  });
}

TEST_P(EveryPosit, SumsAreTheExactOnesRoundedOnce) {
  std::shared_ptr<const Arithmetic> arithmetic;
  for_each_pair([&](const PositFormat& f, Code a, Code b) {
    if (!arithmetic || arithmetic->bits() != f.n) arithmetic = make_arithmetic(f.name() + "/exact");
    const Value sum = posit_value(f, a) + posit_value(f, b);
    ASSERT_EQ(hex(arithmetic->add_codes(a, b)), hex(round_to_posit(f, sum)))
        << f.name() << " " << hex(a) << " + " << hex(b);
  });
}

TEST_P(EveryPosit, PlamProductsAreTheDefinitionRoundedOnce) {
  std::shared_ptr<const Arithmetic> arithmetic;
  for_each_pair([&](const PositFormat& f, Code a, Code b) {
    if (!arithmetic || arithmetic->bits() != f.n) arithmetic = make_arithmetic(f.name() + "/plam");
    ASSERT_EQ(hex(arithmetic->multiply(a, b)), hex(round_to_posit(f, plam_product(f, a, b))))
        << f.name() << " " << hex(a) << " plam " << hex(b);
  });
}

/// Edges and 60 random codes of a format.
std::vector<Code> sample(const PositFormat& f) {
  std::vector<Code> codes = posit_edges(f);
  Draw draw(static_cast<std::uint64_t>(7 * f.n + f.es));
  for (int i = 0; i < 60; ++i) codes.push_back(draw.bits(f.n));
  return codes;
}

TEST_P(EveryPosit, CodesDecodeToTheirValueRoundedToFp32) {
  for (int n = 2; n <= 32; ++n) {
    const PositFormat f{n, GetParam()};
    const auto arithmetic = make_arithmetic(f.name() + "/exact");
    for (const Code code : sample(f)) {
      const float value = decode_one(*arithmetic, code);
      const auto bits = std::bit_cast<std::uint32_t>(value);
      if (code == f.nar()) {
        ASSERT_TRUE(std::isnan(value)) << f.name() << " NaR reads as " << value;
        ASSERT_NE(bits & 0x0040'0000U, 0U) << f.name() << ": the NaN is a quiet one";
      } else {
        ASSERT_EQ(hex(bits), hex(round_to_float(oracle::kFp32, posit_value(f, code))))
            << f.name() << " " << hex(code) << " = " << posit_value(f, code);
      }
    }
  }
}

TEST_P(EveryPosit, CodesAreWhatTheirExactValueConvertsTo) {
  for (int n = 2; n <= 32; ++n) {
    const PositFormat f{n, GetParam()};
    const auto arithmetic = make_arithmetic(f.name() + "/exact");
    for (const Code code : sample(f)) {
      if (code == f.nar()) continue;
      const oracle::Dyadic x = posit_value(f, code).number;
      ASSERT_EQ(hex(arithmetic->convert(hex_text(x))), hex(code)) << f.name() << " " << hex_text(x);
      ASSERT_EQ(hex(arithmetic->convert(scientific_text(x))), hex(code))
          << f.name() << " " << scientific_text(x);
    }
  }
}

TEST_P(EveryPosit, CodesPrintAsADecimalThatConvertsBack) {
  for (int n = 2; n <= 32; ++n) {
    const PositFormat f{n, GetParam()};
    const auto arithmetic = make_arithmetic(f.name() + "/exact");
    for (const Code code : sample(f)) {
      if (code == f.nar()) continue;
      const std::string text = arithmetic->to_string(code);
      ASSERT_EQ(hex(arithmetic->convert(text)), hex(code)) << f.name() << " printed " << text;
    }
  }
}

TEST_P(EveryPosit, CodesTakeTheFewestBytesThatHoldThem) {
  for (int n = 2; n <= 32; ++n) {
    const PositFormat f{n, GetParam()};
    const auto arithmetic = make_arithmetic(f.name() + "/plam");
    EXPECT_EQ(arithmetic->bits(), n) << f.name();
    EXPECT_EQ(arithmetic->code_bytes(), n <= 8 ? 1U : n <= 16 ? 2U : 4U) << f.name();
    EXPECT_EQ(arithmetic->bias_bytes(), arithmetic->code_bytes()) << f.name();
    EXPECT_EQ(arithmetic->product_bits(), n) << f.name();
    EXPECT_FALSE(arithmetic->is_quantised()) << f.name();
    EXPECT_EQ(arithmetic->name(), f.name() + "/plam/quire");
  }
}

}  // namespace
}  // namespace systolog::test
