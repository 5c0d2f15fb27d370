// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cctype>
#include <vector>

#include "tests/models/support.h"
#include "tests/oracle/chain.h"

namespace systolog::test {

/// Random operands that exercise a chain's rounding: magnitudes close enough to interact.
inline Code draw_operand(const oracle::Chain& chain, Draw& draw) {
  if (chain.arithmetic.starts_with("fp32")) {
    return (draw.bits(1) << 31) | ((120 + draw.bits(4)) << 23) | draw.bits(23);
  }
  if (chain.arithmetic.starts_with("bf16")) {
    return (draw.bits(1) << 15) | ((120 + draw.bits(4)) << 7) | draw.bits(7);
  }
  if (chain.arithmetic.starts_with("fixed:32")) {  // most products within the range, some beyond
    const std::uint32_t magnitude = draw.bits(32) >> (8 + draw.below(16));
    return draw.one_in(2) ? magnitude : ~magnitude + 1;
  }
  const Code code = draw.bits(chain.bits);
  if (!chain.arithmetic.starts_with("posit")) return code;
  const Code nar = Code{1} << (chain.bits - 1);
  return code == nar ? 0 : code;
}

inline std::vector<Code> draw_operands(const oracle::Chain& chain, Draw& draw, std::size_t count) {
  std::vector<Code> codes(count);
  for (Code& code : codes) code = draw_operand(chain, draw);
  return codes;
}

/// The code of -x: floats flip their sign bit, everything else is two's complement.
inline Code negate(const oracle::Chain& chain, Code code) {
  const Code sign = Code{1} << (chain.bits - 1), mask = (sign << 1) - 1;
  const bool sign_magnitude = chain.arithmetic.find("/exact/fp32") != std::string::npos;
  return sign_magnitude ? code ^ sign : (~code + 1) & mask;
}

/// The arithmetics whose sums are tested, each with its oracle.
inline std::vector<oracle::Chain> chains() {
  using enum oracle::PositMultiplier;
  using enum oracle::PositAccumulator;
  using oracle::Signs;
  return {
      oracle::float_chain("fp32/exact/fp32", oracle::kFp32, oracle::kFp32),
      oracle::float_chain("bf16/exact/fp32", oracle::kBf16, oracle::kFp32),
      oracle::posit_chain({8, 0}, kExact, kQuire),
      oracle::posit_chain({8, 0}, kExact, kSelf),
      oracle::posit_chain({8, 2}, kPlam, kQuire),
      oracle::posit_chain({8, 2}, kExact, kQuire),
      oracle::posit_chain({5, 1}, kPlam, kSelf),
      oracle::posit_chain({16, 1}, kExact, kQuire),
      oracle::posit_chain({16, 1}, kPlam, kQuire),
      oracle::posit_chain({16, 1}, kPlam, kSelf),
      oracle::posit_chain({16, 2}, kExact, kQuire),
      oracle::posit_chain({16, 2}, kExact, kSelf),
      oracle::posit_chain({32, 2}, kExact, kQuire),
      oracle::posit_chain({32, 2}, kPlam, kSelf),
      oracle::posit_chain({32, 4}, kExact, kQuire),
      oracle::posit_chain({32, 4}, kPlam, kQuire),
      oracle::fixed_chain("int:8/exact/int:32", {8, 0, 32}, oracle::exact_integers()),
      oracle::fixed_chain("int:5/mitchell/int:32", {5, 0, 32}, oracle::mitchell_integers()),
      oracle::fixed_chain("fixed:32,16/exact/fixed:32,16", {32, 16, 32}, oracle::exact_integers()),
      oracle::fixed_chain("fixed:32,16/mitchell/fixed:32,16", {32, 16, 32},
                          oracle::mitchell_integers()),
      oracle::fixed_chain("fixed:32,16/mitchw:6/fixed:32,16", {32, 16, 32},
                          oracle::mitchw_integers(6, Signs::kOnesComplement)),
      oracle::fixed_chain("fixed:32,16/mitchw:6,c2/fixed:32,16", {32, 16, 32},
                          oracle::mitchw_integers(6, Signs::kTwosComplement)),
      oracle::fixed_chain("fixed:12,5/mitchw:4/fixed:12,5", {12, 5, 12},
                          oracle::mitchw_integers(4, Signs::kOnesComplement)),
  };
}

/// The same result, where every NaN is the same NaN.
inline bool same_code(const oracle::Chain& chain, Code a, Code b) {
  return a == b || (chain.value(a).is_nan() && chain.value(b).is_nan());
}

/// A test's name from an arithmetic's.
inline std::string test_name(std::string arithmetic) {
  for (char& c : arithmetic) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return arithmetic;
}

inline std::string chain_name(const testing::TestParamInfo<oracle::Chain>& info) {
  return test_name(info.param.arithmetic);
}

}  // namespace systolog::test
