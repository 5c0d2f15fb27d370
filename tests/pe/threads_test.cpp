// SPDX-License-Identifier: Apache-2.0
// A command's rows shared out to threads: the bits of one thread, whatever their number.
#include <tbb/task_arena.h>

#include <string>

#include "pe/systolic_array.h"
#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

using models::make_arithmetic;

class Threads : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Arithmetics, Threads,
                         testing::Values("fp32/exact/fp32", "bf16/exact/fp32", "fp16/exact/self",
                                         "int:8/exact/int:32", "posit:8,0/exact/quire",
                                         "posit:16,1/exact/quire", "posit:16,1/plam/quire",
                                         "posit:16,1/plam/fp32", "posit:16,1/plam/self",
                                         "fixed:32,16/mitchw:6/fixed:32,16",
                                         "fixed:16,8/drum:6/fixed:32,16", "fixed:16,8/exact/loa:4"),
                         [](const auto& name) { return std::to_string(name.index); });

Matmul layer(std::uint32_t groups, std::uint32_t channels, std::uint32_t filters) {
  Matmul c;
  c.images = 3;
  c.rows = c.out_rows = 19;
  c.columns = c.out_columns = 23;  // M = 1311: more than is formed at a time, and odd
  c.kernel_rows = c.kernel_columns = 3;
  c.first_row = c.first_column = -1;
  c.groups = groups;
  c.channels = channels;
  c.filters = filters;
  return c;
}

TEST_P(Threads, GiveTheSameBitsWhateverTheirNumber) {
  const auto arithmetic = make_arithmetic(GetParam());
  const std::size_t code = arithmetic->code_bytes();
  const SystolicArray array({.rows = 7, .columns = 5}, *arithmetic);
  tbb::task_arena arena(8);  // more than this machine's cores, perhaps
  Draw draw(6);
  const auto codes = [&](std::size_t count) {
    std::vector<float> values(count);
    for (float& v : values) v = static_cast<float>(draw.below(2001)) / 1000.0F - 1.0F;
    std::vector<std::byte> bytes(count * code);
    arithmetic->encode(values, {0.0078125F, 0}, bytes.data());
    return bytes;
  };
  // Dense, grouped, depthwise; what a command adds to is part of it.
  for (Matmul c : {layer(1, 6, 17), layer(2, 8, 12), layer(19, 19, 19)}) {
    const auto input = codes(c.input_codes()), weights = codes(c.weight_codes());
    std::vector<std::byte> before(c.accumulators() * arithmetic->accumulator_bytes());
    array.execute(c, input, weights, before);
    c.accumulate = 1;
    std::vector<std::byte> expected = before;
    array.execute(c, input, weights, expected);
    ASSERT_NE(before, expected);
    for (const std::size_t threads : {2, 3, 8}) {
      std::vector<std::byte> sums = before;
      arena.execute([&] { array.execute(c, input, weights, sums, threads); });
      ASSERT_EQ(sums, expected) << threads << " threads, " << c.groups << " groups";
    }
  }
}

}  // namespace
}  // namespace systolog::pe::test
