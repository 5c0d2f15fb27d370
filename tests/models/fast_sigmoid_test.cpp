// SPDX-License-Identifier: Apache-2.0
// The fast sigmoid of posit<n, 0>, on every code, against the logistic function and against its
// definition on text.
#include "models/fast_sigmoid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/oracle/posit_oracle.h"

namespace systolog::test {
namespace {

double value(const oracle::PositFormat& f, std::uint64_t code) {
  return oracle::posit_value(f, code).number.approximate();
}

/// The code's digits with the first one turned over, two zeros before them, the last two gone.
std::uint64_t on_text(int n, std::uint64_t code) {
  std::string digits;
  for (int i = n - 1; i >= 0; --i) digits += ((code >> i) & 1) != 0 ? '1' : '0';
  digits[0] = digits[0] == '1' ? '0' : '1';
  digits = "00" + digits.substr(0, digits.size() - 2);
  return std::stoull(digits, nullptr, 2);
}

class FastSigmoid : public testing::TestWithParam<int> {};

TEST_P(FastSigmoid, IsItsDefinitionOnEveryCode) {
  const int n = GetParam();
  for (std::uint64_t code = 0; code < std::uint64_t{1} << n; ++code) {
    const auto got = models::fast_sigmoid({n, 0}, static_cast<models::Code>(code));
    const oracle::PositFormat format{n, 0};
    ASSERT_EQ(got, code == format.nar() ? format.nar() : on_text(n, code)) << code;
  }
}

TEST_P(FastSigmoid, RisesFromZeroToOneThroughOneHalf) {
  const int n = GetParam();
  const oracle::PositFormat format{n, 0};
  const auto sigmoid = [&](std::uint64_t code) {
    return value(format, models::fast_sigmoid({n, 0}, static_cast<models::Code>(code)));
  };
  double before = 0;
  // Codes from the most negative number on, NaR aside, are in the order of the numbers.
  for (std::uint64_t i = 1; i < std::uint64_t{1} << n; ++i) {
    const double y = sigmoid((format.nar() + i) & format.mask());
    ASSERT_GE(y, before);
    ASSERT_LE(y, 1.0);
    before = y;
  }
  EXPECT_EQ(sigmoid(0), 0.5);
}

INSTANTIATE_TEST_SUITE_P(Widths, FastSigmoid, testing::Values(3, 4, 5, 8, 12, 16));

TEST(FastSigmoidOfPosit8, IsWithin0Point0607OfTheLogisticFunctionAndFarthestAt3Point375) {
  const oracle::PositFormat format{8, 0};
  double worst = 0, where = 0;
  for (std::uint64_t code = 0; code < 256; ++code) {
    if (code == format.nar()) continue;
    const double x = value(format, code);
    const double got = value(format, models::fast_sigmoid({8, 0}, static_cast<models::Code>(code)));
    const double error = std::abs(got - 1.0 / (1.0 + std::exp(-x)));
    if (error > worst) {
      worst = error;
      where = x;
    }
  }
  EXPECT_NEAR(worst, 0.0607, 0.00005);
  EXPECT_EQ(std::abs(where), 3.375);
}

}  // namespace
}  // namespace systolog::test
