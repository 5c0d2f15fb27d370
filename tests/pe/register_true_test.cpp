// SPDX-License-Identifier: Apache-2.0
// The register-true array against the plain model: the same bits, the same cycles, not one less.
#include <set>
#include <string>

#include "pe/register_array.h"
#include "pe/systolic_array.h"
#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

constexpr const char* kArithmetics[] = {"fp32/exact/fp32",
                                        "int:8/exact/int:32",
                                        "posit:16,1/plam/quire",
                                        "posit:8,2/exact/self",
                                        "fixed:32,16/mitchw:6/fixed:32,16",
                                        "bf16/exact/fp64",
                                        "int:8/drum:4/loa:6"};

struct ArrayCase {
  Dataflow dataflow;
  FoldOverlap overlap;
  std::string arithmetic;
};
std::ostream& operator<<(std::ostream& out, const ArrayCase& c) {
  return out << policy_of(c.dataflow).name() << ", "
             << (c.overlap == FoldOverlap::kNone ? "none" : "double_buffered") << ", "
             << c.arithmetic;
}
std::vector<ArrayCase> array_cases() {
  std::vector<ArrayCase> cases;
  for (const Dataflow dataflow : kDataflows) {
    for (const auto overlap : {FoldOverlap::kNone, FoldOverlap::kDoubleBuffered}) {
      for (const char* arithmetic : kArithmetics) cases.push_back({dataflow, overlap, arithmetic});
    }
  }
  return cases;
}

/// Codes of values around 1 of either sign, and zeros.
std::vector<std::byte> random_codes(Draw& draw, const models::Arithmetic& a, std::size_t count) {
  std::vector<float> values(count);
  for (float& v : values) v = draw.one_in(5) ? 0.0F : 3.0F * draw.value();
  std::vector<std::byte> codes(count * a.code_bytes());
  a.encode(values, {0.03F, 0}, codes.data());
  return codes;
}

class RegisterTrue : public testing::TestWithParam<ArrayCase> {
 protected:
  Draw draw_{11};
  const std::shared_ptr<const models::Arithmetic> arithmetic_ =
      models::make_arithmetic(GetParam().arithmetic);

  ArrayConfig random_array() {
    return {.rows = u32(draw_.between(1, 7)),
            .columns = u32(draw_.one_in(10) ? draw_.between(63, 67) : draw_.between(1, 7)),
            .dataflow = GetParam().dataflow,
            .fold_overlap = GetParam().overlap,
            .pipeline_depth = u32(draw_.between(1, 4))};
  }
  std::vector<std::byte> written_back(const Matmul& c, const std::vector<std::byte>& sums) const {
    std::vector<std::byte> codes(c.accumulators() * arithmetic_->code_bytes());
    const std::vector<float> ones(c.filters, 0.01F);
    arithmetic_->write_back({.m = c.m(),
                             .n = c.filters,
                             .accumulators = sums.data(),
                             .requantise = arithmetic_->is_quantised() ? ones.data() : nullptr,
                             .output = {},
                             .codes = codes.data()});
    return codes;
  }
};
INSTANTIATE_TEST_SUITE_P(All, RegisterTrue, testing::ValuesIn(array_cases()),
                         [](const auto& c) { return std::to_string(c.index); });

TEST_P(RegisterTrue, GivesTheModelsBitsInTheModelsCycles) {
  std::set<std::uint64_t> folds;
  for (int i = 0; i < 40; ++i) {
    const ArrayConfig config = random_array();
    const SystolicArray model(config, *arithmetic_);
    const auto array = make_register_array(config, *arithmetic_);
    std::vector<std::byte> expected, got;
    Matmul c = random_matmul(draw_);
    while (c.macs() > 3000) c = random_matmul(draw_);
    // One command after the other on the same registers; the second adds to the first.
    for (const std::uint32_t accumulate : {0U, 1U}) {
      c.accumulate = accumulate;
      SCOPED_TRACE(testing::Message() << config.rows << "x" << config.columns
                                      << ", p = " << config.pipeline_depth << ", M K N = " << c.m()
                                      << " " << c.k() << " " << c.n() << ", groups " << c.groups);
      const auto input = random_codes(draw_, *arithmetic_, c.input_codes());
      const auto weights = random_codes(draw_, *arithmetic_, c.weight_codes());
      const std::size_t bytes = c.accumulators() * arithmetic_->accumulator_bytes();
      expected.resize(bytes, std::byte{0xA5});
      got.resize(bytes, std::byte{0x5A});
      model.execute(c, input, weights, expected);
      array->start(c, input, weights, got);
      std::uint64_t cycles = 0;
      const std::uint64_t formula = model.cycles(c);
      for (; !array->done() && cycles <= formula; ++cycles) array->clock();
      ASSERT_EQ(cycles, formula);
      ASSERT_TRUE(written_back(c, got) == written_back(c, expected));
      ASSERT_TRUE(got == expected);
      folds.insert(model.counts(c).folds);
    }
  }
  EXPECT_GT(folds.size(), 5U);
}

TEST_P(RegisterTrue, IsNotDoneACycleEarly) {
  for (int i = 0; i < 20; ++i) {
    const ArrayConfig config = random_array();
    const auto array = make_register_array(config, *arithmetic_);
    // No edge folds: then the very last value to leave is a sum, and it is not zero.
    const std::uint64_t r = config.rows, n = config.columns;
    const bool outputs_stay = config.dataflow == Dataflow::kOutputStationary;
    const bool weights_stay = config.dataflow == Dataflow::kWeightStationary;
    const Matmul c = outputs_stay   ? gemm(r, draw_.between(1, 9), 2 * n)
                     : weights_stay ? gemm(draw_.between(1, 9), r, 2 * n)
                                    : gemm(2 * n, r, draw_.between(1, 9));
    const std::vector<float> ones(std::max(c.input_codes(), c.weight_codes()), 1.0F);
    std::vector<std::byte> codes(ones.size() * arithmetic_->code_bytes());
    arithmetic_->encode(ones, {1.0F, 0}, codes.data());
    const std::span all(codes);
    std::vector<std::byte> sums(c.accumulators() * arithmetic_->accumulator_bytes());
    std::vector<std::byte> early;
    array->start(c, all.first(c.input_codes() * arithmetic_->code_bytes()),
                 all.first(c.weight_codes() * arithmetic_->code_bytes()), sums);
    const Cycles formula = SystolicArray(config, *arithmetic_).cycles(c);
    for (Cycles cycle = 0; cycle < formula; ++cycle) {
      ASSERT_FALSE(array->done()) << "after " << cycle << " of " << formula << " cycles";
      early = sums;
      array->clock();
    }
    EXPECT_TRUE(array->done());
    EXPECT_TRUE(early != sums) << "the last sum leaves in the last cycle";
  }
}

}  // namespace
}  // namespace systolog::pe::test
