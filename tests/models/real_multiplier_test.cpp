// SPDX-License-Identifier: Apache-2.0
// Products and sums of floats and posits by every multiplier: every pair of 8-bit codes; edges
// and random pairs of wider ones.
#include <gtest/gtest.h>

#include "tests/models/arithmetics.h"

namespace systolog::test {
namespace {

using oracle::Codec;
using oracle::RealUnit;
using oracle::Value;

struct Case {
  Codec format;
  RealUnit unit;
  std::string name() const { return format.name + "/" + unit.name; }
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name(); }
std::string case_name(const testing::TestParamInfo<Case>& info) {
  return test_name(info.param.name());
}

std::vector<RealUnit> units() {
  using namespace oracle;
  return {exact_unit(),   log_unit("mitchell"), log_unit("plam"), mitchw_unit(1),
          mitchw_unit(6), trunc_unit(1),        trunc_unit(5)};
}

std::vector<Case> cases(const std::vector<RealUnit>& units) {
  using namespace oracle;
  std::vector<Case> all;
  for (const Codec& format :
       {codec("fp32", kFp32), codec("bf16", kBf16), codec("fp16", kFp16),
        codec("fp8:e4m3", kFp8E4M3), codec("fp8:e5m2", kFp8E5M2), codec(PositFormat{8, 1}),
        codec(PositFormat{16, 2}), codec(PositFormat{32, 0}), codec(PositFormat{32, 4})}) {
    for (const RealUnit& unit : units) all.push_back({format, unit});
  }
  return all;
}

class RealProduct : public testing::TestWithParam<Case> {
 protected:
  /// Calls check(a, b) for every pair of 8-bit codes, or for edges and random pairs.
  template <typename Check>
  void for_each_pair(Check check) {
    const int bits = GetParam().format.bits;
    const Code sign = Code{1} << (bits - 1), mask = sign | (sign - 1);
    if (bits <= 8) {
      for (Code a = 0; a <= mask && !HasFatalFailure(); ++a) {
        for (Code b = 0; b <= mask; ++b) check(a, b);
      }
      return;
    }
    std::vector<Code> edges;  // zeros, greatest numbers, infinities, NaNs, NaR, ones, subnormals
    const Code infinity = encode(Value::infinity(false)), one = encode(Value::finite({1, 0}));
    for (const Code centre : {Code{0}, infinity, one, encode(Value::finite({1, 1}))}) {
      for (const Code code : {centre, centre + 1, centre - 1}) {
        edges.push_back(code & mask);
        edges.push_back((code ^ sign) & mask);
      }
    }
    Draw draw(27);
    for (const Code a : edges) {
      for (const Code b : edges) check(a, b);
    }
    for (int i = 0; i < 4'000 && !HasFatalFailure(); ++i) {
      const Code a = draw.bits(bits);
      // Codes that share leading bits have near magnitudes: sums cancel, products meet ties.
      const Code near = a ^ (draw.bits(bits) >> draw.below(static_cast<std::uint64_t>(bits)));
      check(a, draw.one_in(8) ? draw.of(edges) : draw.one_in(3) ? near : draw.bits(bits));
    }
  }
  Code encode(const Value& x) const { return GetParam().format.encode(x); }
  Value value(Code code) const { return GetParam().format.value(code); }
  bool same(Code a, Code b) const { return a == b || (value(a).is_nan() && value(b).is_nan()); }
};
class RealSum : public RealProduct {};
INSTANTIATE_TEST_SUITE_P(Formats, RealSum, testing::ValuesIn(cases({oracle::exact_unit()})),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Formats, RealProduct, testing::ValuesIn(cases(units())), case_name);

TEST_P(RealProduct, IsTheUnitsRoundedOnce) {
  const auto arithmetic = make_arithmetic(GetParam().name());
  for_each_pair([&](Code a, Code b) {
    const Value full = oracle::product(GetParam().unit, value(a), value(b));
    const auto got = static_cast<Code>(arithmetic->multiply(a, b));
    ASSERT_TRUE(same(got, encode(full)))
        << GetParam() << " " << hex(a) << " * " << hex(b) << " gives " << hex(got) << ", not "
        << hex(encode(full)) << " = round(" << full << ")";
  });
}

TEST_P(RealSum, IsTheExactOneRoundedOnce) {
  const auto arithmetic = make_arithmetic(GetParam().name());
  for_each_pair([&](Code a, Code b) {
    const Value sum = value(a) + value(b);
    const Code got = arithmetic->add_codes(a, b);
    ASSERT_TRUE(same(got, encode(sum)))
        << GetParam() << " " << hex(a) << " + " << hex(b) << " gives " << hex(got) << ", not "
        << hex(encode(sum)) << " = round(" << sum << ")";
  });
}

}  // namespace
}  // namespace systolog::test
