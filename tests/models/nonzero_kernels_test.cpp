// SPDX-License-Identifier: Apache-2.0
// The kernels that skip zeros against the scalar models, bit for bit, for every instruction set of
// this machine: layers as they are, ragged shapes, zeros and signs on either side, and what makes
// each of them hand its tile over to another kernel.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <fstream>

#include "tests/models/arithmetics.h"

namespace systolog::test {
namespace {

using models::Kernels;

/// What a tile's numbers are like: 2^low to 2^high in magnitude, times `scale` for int:B.
struct Numbers {
  int low = -9, high = 2;
  int zero_in = 2;  // one in so many is 0; 0: none
  bool negative = true;
};
struct Layer {
  std::size_t m, k, n, fold_rows;
  Numbers activations, weights;
};
std::ostream& operator<<(std::ostream& out, const Layer& l) {
  return out << l.m << " x " << l.k << " x " << l.n << " in folds of " << l.fold_rows << ", 2^"
             << l.activations.low << ".." << l.activations.high << " times 2^" << l.weights.low
             << ".." << l.weights.high;
}

CodeBuffer draw_codes(const Arithmetic& arithmetic, std::size_t count, const Numbers& numbers,
                      Draw& draw) {
  const float unit =
      arithmetic.is_quantised() ? std::ldexp(1.0F, arithmetic.bits() - 4) : 1.0F;  // within int:B
  std::vector<float> values(count);
  for (float& value : values) {
    if (numbers.zero_in != 0 && draw.one_in(static_cast<std::uint32_t>(numbers.zero_in))) continue;
    const auto scales = static_cast<std::uint32_t>(numbers.high - numbers.low);
    const int scale = numbers.low + static_cast<int>(draw.below(scales));
    value = unit * std::ldexp(1.0F + static_cast<float>(draw.bits(20)) * 0x1p-20F, scale);
    if (numbers.negative && draw.one_in(2)) value = -value;
  }
  CodeBuffer codes(count, arithmetic.code_bytes());
  arithmetic.encode(values, {1.0F, 0}, codes.data());
  return codes;
}

/// The accumulators after two tiles.
std::vector<std::byte> accumulated(const Arithmetic& arithmetic, const Layer& l) {
  Draw draw(1000 * l.m + 100 * l.k + l.n);
  std::vector<std::byte> sums(l.m * l.n * arithmetic.accumulator_bytes());
  arithmetic.clear(l.m * l.n, sums.data());
  for (int tile = 0; tile < 2; ++tile) {
    const CodeBuffer a = draw_codes(arithmetic, l.m * l.k, l.activations, draw);
    const CodeBuffer w = draw_codes(arithmetic, l.k * l.n, l.weights, draw);
    arithmetic.matmul({.m = l.m,
                       .k = l.k,
                       .n = l.n,
                       .fold_rows = l.fold_rows,
                       .activations = a.data(),
                       .weights = w.data(),
                       .accumulators = sums.data()});
  }
  return sums;
}

std::vector<Layer> layers() {
  const Numbers relu{.negative = false}, dense{.zero_in = 0}, pruned{.zero_in = 7}, weights = dense;
  return {
      {1, 1, 1, 1, relu, weights},
      {15, 31, 17, 16, relu, weights},
      {17, 16, 33, 5, dense, pruned},
      {33, 15, 16, 64, relu, pruned},
      {16, 33, 1, 33, relu, weights},
      {19, 100, 5, 32, pruned, pruned},
      {2, 130, 70, 128, relu, dense},
      {3, 200, 80, 1000, Numbers{}, Numbers{}},
      {40, 17, 8, 8, dense, relu},
      {3, 40, 131, 1, relu, pruned},
      {1, 300, 15, 100, {-14, 9}, {-12, 8}},      // sums that leave narrow accumulators
      {3, 60, 18, 60, {-3, 20, 3}, {-3, 14, 3}},  // and wide ones
      {4, 64, 24, 64, {-28, -20, 3}, {-28, -20, 3}},
      {4, 64, 24, 64, {-28, 28, 3}, {-28, 28, 3}},
      {2, 64, 3, 64, {0, 1, 0}, {-40, 40, 0}},
      {7, 9, 21, 3, {-9, 2, 1}, weights},  // nothing but zeros
      {7, 9, 21, 3, relu, {-9, 2, 1}},
  };
}

std::vector<std::string> arithmetics() {
  std::vector<std::string> all = {
      "fixed:32,16/exact",     "fixed:16,15/mitchell/fixed:33,30",
      "fixed:8,4/mitchw:6,c2", "int:8/mitchell/int:32",
      "int:16/drum:6/int:18",  "int:16/mitchw:6/int:64",
      "int:8/mitchw:4/int:32",
  };
  for (const char* unit : {"mitchell", "mitchw:6", "mitchw:6,c2", "mitchw:24", "drum:6", "drum:14",
                           "trunc:12", "trunc:20"}) {
    for (const char* sum : {"fixed:32,16", "fixed:20,3", "fixed:64,32", "fixed:48,20"}) {
      all.push_back(std::string("fixed:32,16/") + unit + "/" + sum);
    }
  }
  for (const char* name : {"int:8/exact/loa:8", "int:16/mitchell/loa:31", "int:8/mitchw:4/loa:1",
                           "fixed:32,16/mitchw:6/loa:10", "fixed:32,16/drum:6/loa:20",
                           "fixed:16,8/exact/loa:6", "fixed:8,4/mitchell/loa:3"}) {
    all.emplace_back(name);
  }
  for (const char* format : {"posit:16,1", "posit:16,2", "posit:8,0", "posit:8,2", "posit:32,2",
                             "posit:32,4", "fp32", "bf16", "fp16", "fp8:e4m3"}) {
    for (const char* rest :
         {"/plam/fp32", "/plam/fp64", "/plam/quire", "/mitchw:6/fp32", "/mitchw:6/quire"}) {
      all.push_back(std::string(format) + rest);
    }
  }
  for (const char* format :
       {"posit:16,1", "posit:16,2", "posit:15,0", "posit:8,0", "posit:8,2", "posit:7,4",
        "posit:5,1", "posit:3,0", "posit:2,0", "posit:4,2", "posit:32,2", "posit:9,3", "fp32",
        "bf16", "fp16", "fp8:e4m3", "fp8:e5m2"}) {
    for (const char* rest : {"/exact/self", "/plam/self", "/mitchw:6/self", "/drum:6/self"}) {
      all.push_back(std::string(format) + rest);
    }
  }
  return all;
}

class NonzeroKernel : public testing::TestWithParam<std::string> {
 protected:
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};
INSTANTIATE_TEST_SUITE_P(Arithmetics, NonzeroKernel, testing::ValuesIn(arithmetics()),
                         [](const testing::TestParamInfo<std::string>& name) {
                           return test_name(name.param);
                         });

void expect_scalar_sums(const std::string& name) {
  const auto scalar = make_arithmetic(name, Kernels::kScalar);
  const auto fastest = make_arithmetic(name, Kernels::kFastest);
  for (const Layer& layer : layers()) {
    const auto expected = accumulated(*scalar, layer);
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      const auto got = accumulated(*fastest, layer);
      const auto at = static_cast<std::size_t>(
          std::mismatch(got.begin(), got.end(), expected.begin()).first - got.begin());
      ASSERT_EQ(at, got.size()) << name << ", " << hwy::TargetName(target) << ", " << layer
                                << ": byte " << at << " of the accumulators, of "
                                << scalar->accumulator_bytes() << " bytes each";
      hwy::SetSupportedTargetsForTest(0);
    }
  }
}

TEST_P(NonzeroKernel, GivesTheScalarModelsSumsOnEveryTarget) { expect_scalar_sums(GetParam()); }

/// A table of products in no order, with a row and a column of zeros, the greatest `most`.
std::string random_table(const std::string& name, std::uint32_t most) {
  Draw draw(most);
  std::string bytes;
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const bool zero = i / 256 == 0 || i % 256 == 3;
    const auto product = zero ? 0 : static_cast<std::uint32_t>(draw.below(most + 1));
    bytes += static_cast<char>(product & 0xFFU);
    bytes += static_cast<char>(product >> 8);
  }
  const std::string file = testing::TempDir() + name;
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

TEST(TableKernel, GivesTheScalarModelsSumsOnEveryTarget) {
  const std::string of_8_bits = random_table("nonzero_kernels_8.bin", 32767);
  const std::string of_9_bits = random_table("nonzero_kernels_9.bin", 65535);
  for (const std::string& name :
       {"int:8/lut:" + of_8_bits + "/int:32", "int:8/lut:" + of_8_bits + ",signed/int:20",
        "int:9/lut:" + of_9_bits + "/int:32", "int:9/lut:" + of_9_bits + "/int:64",
        "fixed:8,4/lut:" + of_8_bits + "/fixed:8,4", "fixed:8,4/lut:" + of_8_bits + "/fixed:24,6",
        "fixed:9,2/lut:" + of_9_bits + "/fixed:40,4", "int:8/lut:" + of_8_bits + "/loa:6"}) {
    expect_scalar_sums(name);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace systolog::test
