// SPDX-License-Identifier: Apache-2.0
#include "pe/im2col.h"

#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

class Im2col : public testing::TestWithParam<std::size_t> {
 protected:
  const std::size_t code_bytes_ = GetParam();
  std::vector<std::uint32_t> random_codes(Draw& draw, std::size_t count) const {
    std::vector<std::uint32_t> codes(count);
    for (auto& code : codes) code = draw.bits(static_cast<int>(8 * code_bytes_));
    return codes;
  }
};
INSTANTIATE_TEST_SUITE_P(CodeBytes, Im2col, testing::Values(1, 2, 4));

TEST_P(Im2col, PutsTheWindowOfEveryOutputPixelInARowKernelRowColumnChannel) {
  Draw draw(1);
  for (int i = 0; i < 300; ++i) {
    SCOPED_TRACE("geometry " + std::to_string(i));
    Matmul c = random_matmul(draw);
    const auto padding = draw.bits(static_cast<int>(8 * code_bytes_));
    c.zero_code = padding;
    const auto input = random_codes(draw, c.input_codes());
    const auto bytes = codes_of(input, code_bytes_);
    const std::vector<std::uint32_t> weights(c.weight_codes());
    std::vector<std::vector<std::uint32_t>> expected(c.groups);  // [group][m k]
    for_each_sum(c, input, weights, padding,
                 [&](std::uint64_t, std::uint64_t f, const auto& products) {
                   if (f % c.n() != 0) return;
                   for (const auto& [a, w] : products) expected[f / c.n()].push_back(a);
                 });
    for (std::uint32_t group = 0; group < c.groups; ++group) {
      std::vector<std::byte> matrix(c.m() * c.k() * code_bytes_);
      im2col(c, group, code_bytes_, bytes, 0, c.m(), matrix.data());
      ASSERT_EQ(matrix, codes_of(expected[group], code_bytes_)) << "group " << group;

      const std::uint64_t first = draw.below(c.m()), count = draw.between(1, c.m() - first);
      const auto row = static_cast<std::ptrdiff_t>(c.k() * code_bytes_);
      std::vector<std::byte> part(count * c.k() * code_bytes_);
      im2col(c, group, code_bytes_, bytes, first, count, part.data());
      ASSERT_TRUE(std::equal(part.begin(), part.end(),
                             matrix.begin() + static_cast<std::ptrdiff_t>(first) * row))
          << count << " rows from " << first;
    }
  }
}

}  // namespace
}  // namespace systolog::pe::test
