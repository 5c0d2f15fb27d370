// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <vector>

#include "tests/models/support.h"
#include "tests/oracle/chain.h"

namespace systolog::test {

/// Random operands that exercise a chain's rounding: finite, and close enough to interact.
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
  return chain.value(code).is_finite() ? code : 0;
}

inline std::vector<Code> draw_operands(const oracle::Chain& chain, Draw& draw, std::size_t count) {
  std::vector<Code> codes(count);
  for (Code& code : codes) code = draw_operand(chain, draw);
  return codes;
}

/// The code of -x: floats flip their sign bit, everything else is two's complement.
inline Code negate(const oracle::Chain& chain, Code code) {
  const Code sign = Code{1} << (chain.bits - 1), mask = sign | (sign - 1);
  const bool is_float = chain.arithmetic.starts_with("fp") || chain.arithmetic.starts_with("bf");
  return is_float ? code ^ sign : (~code + 1) & mask;
}

inline std::vector<oracle::Chain> float_chains() {
  using namespace oracle;
  const Codec fp32 = codec("fp32", kFp32), bf16 = codec("bf16", kBf16), fp16 = codec("fp16", kFp16),
              e4m3 = codec("fp8:e4m3", kFp8E4M3), e5m2 = codec("fp8:e5m2", kFp8E5M2);
  return {
      real_chain(fp32, exact_unit(), "fp32"),     real_chain(fp32, exact_unit(), "fp64"),
      real_chain(fp32, exact_unit(), "self"),     real_chain(fp32, exact_unit(), "quire"),
      real_chain(fp32, log_unit("plam"), "fp64"), real_chain(fp32, log_unit("mitchell"), "fp32"),
      real_chain(fp32, mitchw_unit(6), "fp32"),   real_chain(fp32, trunc_unit(8), "fp32"),
      real_chain(bf16, exact_unit(), "fp32"),     real_chain(bf16, exact_unit(), "self"),
      real_chain(bf16, exact_unit(), "quire"),    real_chain(bf16, mitchw_unit(5), "fp32"),
      real_chain(fp16, exact_unit(), "fp32"),     real_chain(fp16, exact_unit(), "self"),
      real_chain(e4m3, exact_unit(), "fp32"),     real_chain(e4m3, exact_unit(), "self"),
      real_chain(e5m2, exact_unit(), "fp32"),     real_chain(e5m2, log_unit("mitchell"), "quire"),
  };
}

inline std::vector<oracle::Chain> posit_chains() {
  using namespace oracle;
  const auto posit = [](int n, int es) { return codec(PositFormat{n, es}); };
  const RealUnit plam = log_unit("plam");
  return {
      real_chain(posit(8, 0), exact_unit(), "quire"),
      real_chain(posit(8, 0), exact_unit(), "self"),
      real_chain(posit(8, 0), exact_unit(), "fp64"),
      real_chain(posit(8, 2), plam, "quire"),
      real_chain(posit(8, 2), exact_unit(), "quire"),
      real_chain(posit(8, 2), trunc_unit(4), "quire"),
      real_chain(posit(5, 1), plam, "self"),
      real_chain(posit(16, 1), exact_unit(), "quire"),
      real_chain(posit(16, 1), exact_unit(), "fp32"),
      real_chain(posit(16, 1), plam, "quire"),
      real_chain(posit(16, 1), plam, "self"),
      real_chain(posit(16, 2), exact_unit(), "quire"),
      real_chain(posit(16, 2), exact_unit(), "self"),
      real_chain(posit(16, 2), mitchw_unit(6), "quire"),
      real_chain(posit(32, 2), exact_unit(), "quire"),
      real_chain(posit(32, 2), plam, "self"),
      real_chain(posit(32, 2), log_unit("mitchell"), "fp32"),
      real_chain(posit(32, 4), exact_unit(), "quire"),
      real_chain(posit(32, 4), plam, "quire"),
  };
}

inline std::vector<oracle::Chain> int_chains() {
  using namespace oracle;
  return {
      int_chain(8, exact_integers()),
      int_chain(5, mitchell_integers()),
      int_chain(8, mitchw_integers(4, Signs::kOnesComplement)),
      int_chain(8, drum_integers(4)),
      int_chain(12, trunc_integers(5)),
      int_chain(16, exact_integers(), 20),  // sums that wrap
      int_chain(16, exact_integers(), 64),
  };
}

inline std::vector<oracle::Chain> fixed_chains() {
  using namespace oracle;
  return {
      fixed_chain(32, 16, exact_integers()),
      fixed_chain(32, 16, mitchell_integers()),
      fixed_chain(32, 16, mitchw_integers(6, Signs::kOnesComplement)),
      fixed_chain(32, 16, mitchw_integers(6, Signs::kTwosComplement)),
      fixed_chain(32, 16, drum_integers(6)),
      fixed_chain(12, 5, mitchw_integers(4, Signs::kOnesComplement)),
      fixed_chain(8, 7, trunc_integers(3)),
      integer_chain({16, 8, 40, 16}, exact_integers()),
      integer_chain({16, 8, 24, 4}, exact_integers()),
      integer_chain({32, 16, 64, 32}, exact_integers()),
  };
}

/// The arithmetics whose sums are tested, each with its oracle.
inline std::vector<oracle::Chain> chains() {
  std::vector<oracle::Chain> all;
  for (const auto& some : {float_chains(), posit_chains(), int_chains(), fixed_chains()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

/// Those whose codes are the numbers themselves: not int:B.
inline std::vector<oracle::Chain> unquantised_chains() {
  std::vector<oracle::Chain> all = chains();
  std::erase_if(all, [](const auto& chain) { return chain.arithmetic.starts_with("int"); });
  return all;
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
