// SPDX-License-Identifier: Apache-2.0
// The exact kernels at the limits that their proofs set, and by ranges of operands that each take
// another way, on every instruction set of this machine.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <functional>

#include "models/exact_plan.h"
#include "models/kernels_exact.h"
#include "tests/models/support.h"

namespace systolog::test {
namespace {

using models::Blocks;
using models::Kernels;

/// Runs check once for each instruction set.
void on_every_target(const std::function<void()>& check) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    check();
    hwy::SetSupportedTargetsForTest(0);
    if (testing::Test::HasFatalFailure()) return;
  }
}

/// Sums of rows all `x` and lanes all `y` over k steps of kGroup products, in folds of `fold`.
template <typename Operand, typename Sum, std::size_t kGroup, typename Kernel>
std::vector<Sum> sums_of(Operand x, Operand y, std::size_t k, std::size_t fold,
                         const Kernel& kernel) {
  using Work = Blocks<Operand, Sum, kGroup>;
  constexpr std::size_t kRows = 13;  // a whole group of rows and each smaller one
  const std::vector<Operand> rows(kRows * k * kGroup, x), lanes(Work::kWidth * k * kGroup, y);
  std::vector<Sum> sums(kRows * Work::kWidth);
  Work work;
  work.row_count = kRows;
  work.k = k;
  work.lane_count = Work::kWidth;
  work.fold = fold;
  work.row_stride = k * kGroup;
  work.rows = rows.data();
  work.lanes = lanes.data();
  work.sums = sums.data();
  kernel(work);
  return sums;
}

TEST(PairFold, SumsOfTheGreatestOperandsStayBelow32Bits) {
  on_every_target([] {
    for (const int a : {11585, 7000, 1024, 127, 3}) {
      for (const int b : {-11585, -5000, -64}) {
        const auto fold = models::pair_fold(a, -b);
        if (!fold) continue;
        const std::size_t k = 3 * *fold + 1;
        const auto sums = sums_of<std::int16_t, std::int64_t, 2>(
            static_cast<std::int16_t>(a), static_cast<std::int16_t>(b), k, *fold,
            [](const auto& work) { models::sum_pairs(work); });
        const std::int64_t expected = std::int64_t{2} * a * b * static_cast<std::int64_t>(k);
        ASSERT_EQ(sums, std::vector<std::int64_t>(sums.size(), expected)) << a << " * " << b;
      }
    }
  });
  EXPECT_FALSE(models::pair_fold(32768.0, 1.0));
  EXPECT_FALSE(models::pair_fold(32767.0, 32767.0));
}

TEST(DoublePlan, SumsOfTheGreatestOperandsAreExact) {
  on_every_target([] {
    for (const int bits : {10, 20, 22, 23}) {  // of each operand
      const int place = -31;
      const models::Bounds bounds{0.0, place + bits, place};
      const std::size_t k = 1000;
      const auto plan = models::double_plan(bounds, bounds, k);
      ASSERT_TRUE(plan && !plan->low) << bits;
      const double x = std::ldexp(std::ldexp(1.0, bits) - 1.0, place);
      const auto sums = sums_of<double, std::int64_t, 1>(
          -x, x, k, plan->fold, [&](const auto& work) { models::sum_exact(work, plan->unit); });
      const auto integer = static_cast<std::int64_t>(std::ldexp(x, -place));
      const std::int64_t expected = -integer * integer * static_cast<std::int64_t>(k);
      ASSERT_EQ(plan->unit, 2 * place);
      ASSERT_EQ(sums, std::vector<std::int64_t>(sums.size(), expected)) << bits;
    }
  });
}

TEST(DoublePlan, CutsRowsThatAreTooWideAndRefusesWhatTwoPartsDoNotHold) {
  const models::Bounds lanes{0.0, 0, -25};
  const auto plan = models::double_plan({0.0, 3, -25}, lanes, 2304);
  ASSERT_TRUE(plan && plan->low);
  // Each part with its fold within 51 bits.
  EXPECT_LE((3 - plan->low->cut) + 25 + std::log2(plan->fold), 51.0);
  EXPECT_LE((plan->low->cut - 1 + 25) + 25 + std::log2(plan->low->fold), 51.0);
  EXPECT_EQ(plan->unit, plan->low->cut - 25);
  EXPECT_EQ(plan->low->unit, -50);
  EXPECT_FALSE(models::double_plan({0.0, 28, -28}, {0.0, 28, -28}, 10));
}

TEST(Floors, RoundDownOnBothSidesOfZeroUpToTheLimit) {
  on_every_target([] {
    for (const std::int64_t a :
         {std::int64_t{-2147483648}, std::int64_t{-3}, std::int64_t{65537}}) {
      for (const std::int64_t b : {std::int64_t{1}, std::int64_t{-1}, std::int64_t{98304}}) {
        for (const int dropped : {0, 1, 16}) {
          const std::size_t k = 33;
          const auto sums = sums_of<std::int64_t, std::int64_t, 1>(
              a, b, k, 16, [&](const auto& work) { models::sum_floors(work, dropped); });
          const std::int64_t floor = (a * b) >> dropped;
          const std::int64_t expected = static_cast<std::int64_t>(k) * floor;
          if (std::fabs(static_cast<double>(floor)) * 16 >= std::ldexp(1.0, 63 - dropped)) continue;
          ASSERT_EQ(sums, std::vector<std::int64_t>(sums.size(), expected))
              << a << " * " << b << " >> " << dropped;
        }
      }
    }
  });
}

/// Codes of numbers 2^-spread to 2^spread, of both signs, with some zeros.
std::vector<std::byte> codes_within(const Arithmetic& arithmetic, std::size_t count, int spread,
                                    Draw& draw) {
  std::vector<float> values(count);
  for (float& value : values) {
    const int scale = static_cast<int>(draw.below(2 * static_cast<std::uint32_t>(spread) + 1));
    const float fraction = 1.0F + static_cast<float>(draw.bits(20)) * 0x1p-20F;
    value =
        draw.one_in(4) ? 0.0F : std::ldexp(draw.one_in(2) ? fraction : -fraction, scale - spread);
  }
  std::vector<std::byte> codes(count * arithmetic.code_bytes());
  arithmetic.encode(values, {0.25F, 0}, codes.data());
  return codes;
}

TEST(ExactSums, AreTheScalarModelsForEveryRangeOfOperands) {
  const struct {
    std::size_t m, k, n;
  } shapes[] = {{1, 129, 33}, {31, 300, 17}, {16, 31, 1}, {15, 1, 64}, {33, 257, 31}};
  for (const std::string name :
       {"posit:8,0/exact/quire", "posit:8,1/exact/quire", "posit:8,2/exact/quire",
        "posit:16,1/exact/quire", "posit:16,1/drum:5/quire", "posit:6,1/trunc:3/quire",
        "fp8:e4m3/exact/quire", "fp16/exact/quire", "bf16/exact/quire", "int:8/exact/int:32",
        "int:12/exact/int:20", "fixed:32,16/exact/fixed:32,16", "fixed:16,8/exact/fixed:24,4",
        "fixed:8,4/exact/fixed:8,4", "fixed:24,12/exact/fixed:64,24"}) {
    const auto scalar = make_arithmetic(name, Kernels::kScalar);
    const auto fastest = make_arithmetic(name, Kernels::kFastest);
    for (const int spread : {0, 3, 6, 11, 20}) {
      for (const auto& [m, k, n] : shapes) {
        Draw draw(static_cast<std::uint32_t>(1000 * m + k + static_cast<std::size_t>(spread)));
        const auto a = codes_within(*scalar, m * k, spread, draw);
        const auto w = codes_within(*scalar, k * n, spread, draw);
        const auto sums_by = [&](const Arithmetic& arithmetic) {
          std::vector<std::byte> sums(m * n * arithmetic.accumulator_bytes());
          arithmetic.clear(m * n, sums.data());
          for (int tile = 0; tile < 2; ++tile) {
            arithmetic.matmul({m, k, n, 16, a.data(), w.data(), sums.data()});
          }
          return sums;
        };
        const auto expected = sums_by(*scalar);
        on_every_target([&] {
          ASSERT_EQ(sums_by(*fastest), expected)
              << name << " " << m << " x " << k << " x " << n << ", 2^+-" << spread;
        });
        if (HasFatalFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace systolog::test
