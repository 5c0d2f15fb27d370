// SPDX-License-Identifier: Apache-2.0
// A million random pairs of each wide format, against an oracle that rounds by bisection.
#include <gtest/gtest.h>

#include "tests/models/arithmetics.h"
#include "tests/oracle/bisection.h"

namespace systolog::test {
namespace {

using oracle::OrderedFormat;

constexpr int kPairs = 1'000'000;

struct Case {
  const char* name;
  int bits;
  bool is_posit;
  OrderedFormat format;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

Case posit(const char* name, int n, int es) {
  return {name, n, true, oracle::ordered(oracle::PositFormat{n, es})};
}
Case ieee(const char* name, const oracle::FloatFormat& f) {
  return {name, f.bits(), false, oracle::ordered(f)};
}

class MillionPairs : public testing::TestWithParam<Case> {
 protected:
  Code sign() const { return Code{1} << (GetParam().bits - 1); }
  Code mask() const { return sign() | (sign() - 1); }
  Code negate(Code code) const {
    return (GetParam().is_posit ? ~code + 1 : code ^ sign()) & mask();
  }

  /// Any finite number but zero.
  Code draw(Draw& random) const {
    for (;;) {
      const Code code = random.bits(GetParam().bits), magnitude = magnitude_of(code);
      if (magnitude != 0 && magnitude <= GetParam().format.greatest) return code;
    }
  }
  Code magnitude_of(Code code) const {
    if (GetParam().is_posit && code == sign()) return 0;  // NaR
    return (code & sign()) != 0 ? negate(code) : code;
  }
  long double value(Code code) const {
    const long double magnitude = GetParam().format.value(magnitude_of(code));
    return (code & sign()) != 0 ? -magnitude : magnitude;
  }
  Code round(long double x, bool negative_zero) const {
    if (x == 0) return negative_zero && !GetParam().is_posit ? sign() : 0;
    const auto code =
        static_cast<Code>(oracle::round_by_bisection(GetParam().format, std::fabs(x)));
    return x < 0 ? negate(code) : code;
  }

  /// Checks `unit(a, b)` against the exact `number(a, b)`; operands that are near every third time.
  template <typename Unit, typename Number>
  void check(Unit unit, Number number, bool is_product) {
    Draw random(31);
    for (int i = 0; i < kPairs; ++i) {
      const Code a = draw(random);
      Code b = draw(random);
      if (random.one_in(3)) {
        const Code near = a ^ (random.bits(GetParam().bits) >>
                               random.below(static_cast<std::uint64_t>(GetParam().bits)));
        const Code magnitude = magnitude_of(near);
        if (magnitude != 0 && magnitude <= GetParam().format.greatest) b = near;
      }
      const bool negative_zero = is_product && ((a ^ b) & sign()) != 0;
      const Code expected = round(number(value(a), value(b)), negative_zero);
      const auto got = static_cast<Code>(unit(a, b));
      ASSERT_EQ(got, expected) << hex(a) << ", " << hex(b) << " give " << hex(got) << ", not "
                               << hex(expected);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Formats, MillionPairs,
                         testing::Values(ieee("fp32", oracle::kFp32), ieee("fp16", oracle::kFp16),
                                         ieee("bf16", oracle::kBf16), posit("posit:16,1", 16, 1),
                                         posit("posit:16,2", 16, 2), posit("posit:32,2", 32, 2)),
                         [](const auto& c) { return test_name(c.param.name); });

// The widest product has 2 x 28 significant bits and lies within 2^+-960: exact in long double.
TEST_P(MillionPairs, HaveTheExactProductRoundedOnce) {
  const auto arithmetic = make_arithmetic(std::string(GetParam().name) + "/exact");
  check([&](Code a, Code b) { return arithmetic->multiply(a, b); },
        [](long double a, long double b) { return a * b; }, true);
}

TEST_P(MillionPairs, HaveThePlamProductRoundedOnce) {
  const auto arithmetic = make_arithmetic(std::string(GetParam().name) + "/plam");
  const auto plam = [](long double a, long double b) {
    int i = 0, j = 0;
    const long double x = 2 * std::frexp(std::fabs(a), &i) - 1;  // |a| = 2^(i-1) (1 + x)
    const long double y = 2 * std::frexp(std::fabs(b), &j) - 1, f = x + y;
    const long double product = f < 1 ? std::ldexp(1 + f, i + j - 2) : std::ldexp(f, i + j - 1);
    return (a < 0) == (b < 0) ? product : -product;
  };
  check([&](Code a, Code b) { return arithmetic->multiply(a, b); }, plam, true);
}

TEST_P(MillionPairs, HaveTheExactSumRoundedOnce) {
  const auto arithmetic = make_arithmetic(std::string(GetParam().name) + "/exact");
  check([&](Code a, Code b) { return arithmetic->add_codes(a, b); }, oracle::add_to_odd, false);
}

}  // namespace
}  // namespace systolog::test
