// SPDX-License-Identifier: Apache-2.0
// The fastest kernels against the scalar models, which are the specification: bit for bit, for
// every instruction set this machine has, on any code, infinities and NaNs included.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "tests/models/arithmetics.h"

namespace systolog::test {
namespace {

using models::Kernels;

/// Each format with each multiplier and accumulator it takes.
std::vector<std::string> arithmetics() {
  std::vector<std::string> all;
  const std::vector<std::string> real_units = {"exact",    "plam",   "mitchell",
                                               "mitchw:6", "drum:4", "trunc:5"};
  const std::vector<std::string> integer_units = {"exact",       "mitchell", "mitchw:6",
                                                  "mitchw:4,c2", "drum:4",   "trunc:5"};
  for (const std::string format :
       {"fp32", "bf16", "fp16", "fp8:e4m3", "fp8:e5m2", "posit:8,0", "posit:8,2", "posit:16,1",
        "posit:16,2", "posit:32,2", "posit:32,4", "posit:7,1", "posit:2,0"}) {
    for (const std::string& unit : real_units) {
      for (const char* sum : {"fp32", "fp64", "quire", "self"}) {
        all.push_back(format + "/" + unit + "/" + sum);
      }
    }
  }
  for (const std::string format : {"int:8", "int:3", "int:16"}) {
    for (const std::string& unit : integer_units) {
      for (const char* sum : {"int:32", "int:18", "int:64"}) {
        all.push_back(format + "/" + unit + "/" + sum);
      }
    }
  }
  const std::pair<std::string, std::vector<std::string>> fixed_sums[] = {
      {"fixed:32,16", {"fixed:32,16", "fixed:64,32", "fixed:20,3"}},
      {"fixed:8,4", {"fixed:8,4", "fixed:64,8"}},
      {"fixed:16,15", {"fixed:16,15", "fixed:33,30"}},
      {"fixed:24,0", {"fixed:24,0", "fixed:40,0"}}};
  for (const auto& [format, sums] : fixed_sums) {
    for (const std::string& unit : integer_units) {
      for (const std::string& sum : sums) all.push_back(format + "/" + unit + "/" + sum);
    }
  }
  return all;
}

enum class Codes {
  kNear,      // finite, of magnitudes that interact, some zeros
  kAny,       // NaN, NaR and infinities included
  kExtremes,  // the least and the greatest magnitudes and one, of both signs
};

std::vector<Code> draw_codes(int bits, std::size_t count, Codes kind, Draw& draw) {
  const Code sign = Code{1} << (bits - 1), mask = sign | (sign - 1);
  const std::vector<Code> extremes = {0, 1, sign >> 1, (sign >> 1) - 1, sign - 2, sign + 1, mask};
  std::vector<Code> codes(count);
  for (Code& code : codes) {
    code = draw.bits(bits);
    if (kind == Codes::kExtremes) code = draw.of(extremes) & mask;
    if (kind == Codes::kNear) {
      code = draw.one_in(5) ? 0 : (code & ~(sign >> 1)) | (draw.one_in(2) ? sign >> 2 : 0);
    }
  }
  return codes;
}

/// The accumulators after two tiles: their bytes, whatever they mean.
std::vector<std::byte> accumulated(const Arithmetic& arithmetic, std::size_t m, std::size_t k,
                                   std::size_t n, std::size_t fold_rows, Codes kind) {
  Draw draw(1000 * m + 100 * k + n);
  std::vector<std::byte> sums(m * n * arithmetic.accumulator_bytes());
  arithmetic.clear(m * n, sums.data());
  for (int tile = 0; tile < 2; ++tile) {
    const CodeBuffer a(draw_codes(arithmetic.bits(), m * k, kind, draw), arithmetic.code_bytes());
    const CodeBuffer w(draw_codes(arithmetic.bits(), k * n, kind, draw), arithmetic.code_bytes());
    arithmetic.matmul({m, k, n, fold_rows, a.data(), w.data(), sums.data()});
  }
  return sums;
}

/// The codes the accumulators are written back as.
std::vector<std::byte> written(const Arithmetic& arithmetic, std::size_t m, std::size_t n,
                               const std::vector<std::byte>& sums) {
  std::vector<std::byte> codes(m * n * arithmetic.code_bytes());
  const std::vector<float> scales(n, 0.01F);
  arithmetic.write_back(
      {m, n, sums.data(), nullptr, scales.data(), {1.0F, 0}, 0, false, codes.data()});
  return codes;
}

class Kernel : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};
INSTANTIATE_TEST_SUITE_P(Targets, Kernel, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const testing::TestParamInfo<std::int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

TEST_P(Kernel, GivesTheScalarModelsCodes) {
  constexpr struct {
    std::size_t m, k, n, fold_rows;
    Codes kind;
  } kCases[] = {{1, 1, 1, 1, Codes::kNear},      {3, 33, 17, 16, Codes::kNear},
                {17, 9, 3, 4, Codes::kNear},     {1, 40, 15, 40, Codes::kNear},
                {5, 18, 70, 7, Codes::kNear},    {1, 3000, 2, 1000, Codes::kNear},
                {3, 5, 33, 2, Codes::kAny},      {33, 2, 1, 2, Codes::kAny},
                {3, 7, 33, 7, Codes::kExtremes}, {1, 700, 3, 64, Codes::kExtremes}};
  for (const std::string& name : arithmetics()) {
    const auto scalar = make_arithmetic(name, Kernels::kScalar);
    const auto fastest = make_arithmetic(name, Kernels::kFastest);
    ASSERT_EQ(scalar->accumulator_bytes(), fastest->accumulator_bytes()) << name;
    for (const auto& [m, k, n, fold_rows, kind] : kCases) {
      const auto expected = written(*scalar, m, n, accumulated(*scalar, m, k, n, fold_rows, kind));
      const auto got = written(*fastest, m, n, accumulated(*fastest, m, k, n, fold_rows, kind));
      ASSERT_EQ(got, expected) << name << " " << m << " x " << k << " x " << n << " in folds of "
                               << fold_rows << ", codes of kind " << static_cast<int>(kind);
    }
  }
}

}  // namespace
}  // namespace systolog::test
