// SPDX-License-Identifier: Apache-2.0
// loa:K accumulators against the adder's gates, one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "models/user_error.h"
#include "tests/models/support.h"

namespace systolog::test {
namespace {

/// The lower-part-OR adder as drawn in [Mahdiani 2010, figure 3]: OR gates below bit k, an AND gate
/// of bit k - 1 as the carry into a ripple of full adders above; `bits` bits, what is carried out
/// of the last is lost.
std::int64_t gates(std::int64_t a, std::int64_t b, int k, int bits) {
  std::uint64_t sum = 0;
  bool carry = false;
  bool last = false;
  for (int i = 0; i < 64; ++i) {
    const bool x = ((a >> i) & 1) != 0, y = ((b >> i) & 1) != 0;
    if (i < bits) {
      if (i < k) {
        last = x || y;
        if (i == k - 1) carry = x && y;
      } else {
        last = x != (y != carry);
        carry = (x && y) || (x && carry) || (y && carry);
      }
    }
    if (last) sum |= std::uint64_t{1} << i;  // above the top bit: its copies
  }
  return static_cast<std::int64_t>(sum);
}

Code code_of(std::int64_t x, int bits) {
  return static_cast<Code>(static_cast<std::uint64_t>(x) & ((std::uint64_t{1} << bits) - 1));
}
std::int64_t number_of(Code code, int bits) {
  const std::int64_t value = code;
  return value < std::int64_t{1} << (bits - 1) ? value : value - (std::int64_t{1} << bits);
}

TEST(LowerOrAdder, OfEveryPairOf8BitTermsIsItsGates) {
  for (const int k : {1, 2, 5, 7, 8, 9, 15}) {
    const auto arithmetic = make_arithmetic("int:16/exact/loa:" + std::to_string(k));
    const std::array<Code, 2> ones = {1, 1};
    for (int a = -128; a < 128; ++a) {
      for (int b = -128; b < 128; ++b) {
        const std::array<Code, 2> terms = {code_of(a, 16), code_of(b, 16)};
        ASSERT_EQ(number_of(arithmetic->dot(terms, ones), 16), gates(a, b, k, 32))
            << a << " + " << b << ", K = " << k;
        ASSERT_LE(std::abs(gates(a, b, k, 32) - (a + b)), 1 << (k - 1));
      }
    }
  }
}

TEST(LowerOrAdder, AddsOneTermToZeroExactly) {
  const auto arithmetic = make_arithmetic("int:16/exact/loa:31");
  const std::array<Code, 1> one = {1};
  for (int a = -32768; a < 32768; ++a) {
    const std::array<Code, 1> term = {code_of(a, 16)};
    ASSERT_EQ(number_of(arithmetic->dot(term, one), 16), a);
  }
}

/// A matrix product whose sums are all done by the gates: folds from zero, then merged.
template <typename Term, typename Add>
std::int64_t folded(const std::vector<Code>& a, const std::vector<Code>& w, std::size_t column,
                    std::size_t columns, std::size_t fold_rows, Term term, Add add) {
  std::int64_t total = 0;
  for (std::size_t first = 0; first < a.size(); first += fold_rows) {
    std::int64_t sum = 0;
    for (std::size_t k = first; k < std::min(first + fold_rows, a.size()); ++k) {
      sum = add(sum, term(a[k], w[k * columns + column]));
    }
    total = add(total, sum);
  }
  return total;
}

class LowerOrMatmul : public testing::TestWithParam<int> {};

TEST_P(LowerOrMatmul, OfIntegersUsesTheAdderForStepsMergesAndBiasAndWraps) {
  const int k_bits = GetParam();
  const auto arithmetic = make_arithmetic("int:16/mitchell/loa:" + std::to_string(k_bits));
  const auto exact = make_arithmetic("int:16/mitchell/int:32");
  constexpr std::size_t kK = 300, kN = 4, kFold = 16;
  Draw draw(3);
  std::vector<Code> a(kK), w(kK * kN);
  for (Code& code : a) code = draw.bits(16);
  for (Code& code : w) code = draw.bits(16);
  const CodeBuffer activations(a, 2), weights(w, 2);
  ASSERT_EQ(arithmetic->accumulator_bytes(), 4U);
  std::vector<std::byte> sums(4 * kN);
  arithmetic->clear(kN, sums.data());
  arithmetic->matmul({1, kK, kN, kFold, activations.data(), weights.data(), sums.data()});
  const auto term = [&](Code x, Code y) {
    return static_cast<std::int64_t>(static_cast<std::int32_t>(exact->multiply(x, y)));
  };
  const auto add = [&](std::int64_t x, std::int64_t y) { return gates(x, y, k_bits, 32); };
  for (std::size_t n = 0; n < kN; ++n) {
    std::int32_t got = 0;
    std::memcpy(&got, sums.data() + 4 * n, 4);
    const std::int64_t expected = folded(a, w, n, kN, kFold, term, add);
    ASSERT_EQ(got, expected) << "output " << n;
    // Write-back of the accumulator and a bias; FP32 holds sums of 24 bits.
    const std::int32_t bias = 12345;
    const float scale = 0x1p-16F;
    Code code = 0;
    arithmetic->write_back({.m = 1,
                            .n = 1,
                            .accumulators = sums.data() + 4 * n,
                            .bias = reinterpret_cast<const std::byte*>(&bias),
                            .requantise = &scale,
                            .output = {},
                            .codes = reinterpret_cast<std::byte*>(&code)});
    const auto scaled = static_cast<float>(add(expected, bias)) * scale;
    const double rounded = std::nearbyint(static_cast<double>(scaled));
    EXPECT_EQ(number_of(code, 16),
              static_cast<std::int64_t>(std::clamp(rounded, -32768.0, 32767.0)));
  }
}

TEST_P(LowerOrMatmul, OfFixedPointDropsBitsThenSaturatesEachSum) {
  const int k_bits = std::min(GetParam(), 15);  // K < B
  const auto arithmetic = make_arithmetic("fixed:16,8/exact/loa:" + std::to_string(k_bits));
  EXPECT_EQ(arithmetic->name(), "fixed:16,8/exact/loa:" + std::to_string(k_bits));
  const auto term = [](Code x, Code y) {
    return (number_of(x, 16) * number_of(y, 16)) >> 8;  // floor
  };
  const auto add = [&](std::int64_t x, std::int64_t y) {
    return std::clamp<std::int64_t>(gates(x, y, k_bits, 40), -32768, 32767);
  };
  bool saturated = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Draw draw(seed);
    std::vector<Code> a(20), w(20);
    for (Code& code : a) code = draw.bits(16) >> (seed % 5) & 0x7FFF;
    for (Code& code : w) code = code_of(number_of(draw.bits(16), 16) >> (seed % 9), 16);
    const std::int64_t expected = folded(a, w, 0, 1, a.size(), term, add);
    ASSERT_EQ(number_of(arithmetic->dot(a, w), 16), add(0, expected)) << "seed " << seed;
    saturated = saturated || expected == 32767 || expected == -32768;
  }
  EXPECT_TRUE(saturated) << "no sum reached the ends";
}

INSTANTIATE_TEST_SUITE_P(LowerBits, LowerOrMatmul, testing::Values(1, 4, 8, 15, 31));

TEST(LowerOrNames, AreForIntegersAndFixedPoint) {
  EXPECT_EQ(make_arithmetic("int:8/exact/loa:8")->name(), "int:8/exact/loa:8");
  for (const std::string bad :
       {"int:8/exact/loa:0", "int:8/exact/loa:32", "int:8/exact/loa", "fixed:16,8/exact/loa:16",
        "posit:8,0/exact/loa:4", "fp32/exact/loa:4"}) {
    EXPECT_THROW(make_arithmetic(bad), UserError) << bad;
  }
}

}  // namespace
}  // namespace systolog::test
