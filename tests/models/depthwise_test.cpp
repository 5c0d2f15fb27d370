// SPDX-License-Identifier: Apache-2.0
// Depthwise sums, all channels side by side, against the scalar models' matmul of one column a
// channel, on every instruction set of this machine.
#include "models/depthwise.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <cstring>

#include "tests/models/support.h"

namespace systolog::test {
namespace {

using models::DepthwiseTile;
using models::Kernels;

struct Shape {
  std::size_t m, k, channels, fold_rows;
};
std::ostream& operator<<(std::ostream& out, const Shape& s) {
  return out << s.m << " outputs, " << s.k << " taps, " << s.channels << " channels, folds of "
             << s.fold_rows;
}
// Ragged against 16 lanes and groups of rows; folds that divide the taps and folds that do not.
constexpr Shape kShapes[] = {{1, 1, 1, 1},    {7, 9, 3, 4},   {5, 9, 15, 128}, {4, 25, 16, 8},
                             {9, 9, 17, 3},   {6, 4, 33, 3},  {2, 49, 31, 16}, {70, 9, 144, 5},
                             {3, 200, 20, 7}, {300, 2, 65, 2}};

/// Numbers 2^-spread to 2^spread of both signs, with some zeros.
std::vector<std::byte> codes_within(const Arithmetic& a, std::size_t count, int spread,
                                    Draw& draw) {
  std::vector<float> values(count);
  for (float& value : values) {
    const int scale = static_cast<int>(draw.below(2 * static_cast<std::uint32_t>(spread) + 1));
    const float fraction = 1.0F + static_cast<float>(draw.bits(20)) * 0x1p-20F;
    value =
        draw.one_in(4) ? 0.0F : std::ldexp(draw.one_in(2) ? fraction : -fraction, scale - spread);
  }
  std::vector<std::byte> codes(count * a.code_bytes());
  a.encode(values, {0.25F, 0}, codes.data());
  return codes;
}

/// Operands of one tile, and its sums by definition: matmuls of the scalar models.
struct Layer {
  Shape shape;
  std::size_t pixels;
  Code zero_code;
  std::vector<std::byte> activations, weights;
  std::vector<std::size_t> taps;

  Layer(const Arithmetic& a, const Shape& s, int spread, Draw& draw)
      : shape(s),
        pixels(draw.between(1, 2 * s.m)),
        zero_code(a.is_quantised() ? Code{5} : Code{0}),
        activations(codes_within(a, pixels * s.channels, spread, draw)),
        weights(codes_within(a, s.k * s.channels, spread, draw)),
        taps(s.m * s.k) {
    for (std::size_t& tap : taps) {
      tap = draw.one_in(5) ? DepthwiseTile::kPadding : draw.below(pixels);
    }
  }

  void add(const Arithmetic& a, std::byte* accumulators) const {
    models::depthwise(a, {.m = shape.m,
                          .k = shape.k,
                          .channels = shape.channels,
                          .fold_rows = shape.fold_rows,
                          .pixels = pixels,
                          .activations = activations.data(),
                          .taps = taps.data(),
                          .zero_code = zero_code,
                          .weights = weights.data(),
                          .accumulators = accumulators});
  }

  void add_by_definition(const Arithmetic& scalar, std::byte* accumulators) const {
    const std::size_t code = scalar.code_bytes(), acc = scalar.accumulator_bytes();
    for (std::size_t m = 0; m < shape.m; ++m) {
      for (std::size_t c = 0; c < shape.channels; ++c) {
        std::vector<std::byte> window(shape.k * code);
        for (std::size_t k = 0; k < shape.k; ++k) {
          const std::size_t pixel = taps[m * shape.k + k];
          const void* from = &zero_code;  // little-endian, as codes are
          if (pixel != DepthwiseTile::kPadding) {
            from = activations.data() + (pixel * shape.channels + c) * code;
          }
          std::memcpy(window.data() + k * code, from, code);
        }
        scalar.matmul({.m = 1,
                       .k = shape.k,
                       .n = 1,
                       .fold_rows = shape.fold_rows,
                       .activations = window.data(),
                       .weights = weights.data() + c * shape.k * code,
                       .accumulators = accumulators + (m * shape.channels + c) * acc});
      }
    }
  }
};

class Depthwise : public testing::TestWithParam<const char*> {
 protected:
  const std::shared_ptr<const Arithmetic> scalar_ = make_arithmetic(GetParam(), Kernels::kScalar);
  const std::shared_ptr<const Arithmetic> fastest_ = make_arithmetic(GetParam(), Kernels::kFastest);
};
INSTANTIATE_TEST_SUITE_P(
    Arithmetics, Depthwise,
    testing::Values("fp32/exact/fp32", "fp32/exact/fp64", "bf16/exact/fp32", "fp16/drum:5/fp32",
                    "posit:16,1/exact/fp32", "posit:8,0/exact/quire", "posit:8,1/exact/quire",
                    "posit:8,2/exact/quire", "posit:16,1/exact/quire", "posit:16,1/drum:5/quire",
                    "fp8:e4m3/exact/quire", "posit:16,1/plam/fp32", "posit:8,1/plam/self",
                    "int:8/exact/int:32", "int:8/exact/int:20", "int:12/exact/int:32",
                    "int:16/exact/int:64", "int:8/mitchell/int:32", "int:8/exact/loa:8",
                    "fixed:32,16/exact/fixed:32,16", "fixed:16,8/exact/fixed:24,4",
                    "fixed:8,4/exact/fixed:8,4"),
    [](const auto& arithmetic) { return std::to_string(arithmetic.index); });

TEST_P(Depthwise, SumsAreTheScalarModelsOneByOne) {
  for (const int spread : {0, 4, 12}) {
    for (const Shape& shape : kShapes) {
      Draw draw(static_cast<std::uint32_t>(100 * shape.channels + shape.k));
      // The second tile adds to what the first one left.
      const Layer layers[] = {{*scalar_, shape, spread, draw}, {*scalar_, shape, spread, draw}};
      const auto cleared = [&] {
        std::vector<std::byte> sums(shape.m * shape.channels * scalar_->accumulator_bytes());
        scalar_->clear(shape.m * shape.channels, sums.data());
        return sums;
      };
      auto expected = cleared();
      for (const Layer& layer : layers) layer.add_by_definition(*scalar_, expected.data());
      auto by_channels = cleared();
      for (const Layer& layer : layers) layer.add(*scalar_, by_channels.data());
      ASSERT_EQ(by_channels, expected) << GetParam() << " " << shape << ", by the scalar models";
      for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        hwy::SetSupportedTargetsForTest(target);
        auto sums = cleared();
        for (const Layer& layer : layers) layer.add(*fastest_, sums.data());
        hwy::SetSupportedTargetsForTest(0);
        ASSERT_EQ(sums, expected) << GetParam() << " " << shape << ", 2^+-" << spread << ", "
                                  << hwy::TargetName(target);
      }
    }
  }
}

TEST(DepthwiseFolds, StartFromZeroWhichShowsWhereSumsRound) {
  // 2^24 + 0 | 1 + 1 in every channel: one at a time the ones are lost.
  const auto arithmetic = make_arithmetic("fp32/exact/fp32");
  constexpr std::size_t kChannels = 17;
  std::vector<float> pixels;
  for (const float value : {0x1p24F, 1.0F}) pixels.insert(pixels.end(), kChannels, value);
  const std::vector<float> weights(4 * kChannels, 1.0F);
  const std::size_t taps[] = {0, DepthwiseTile::kPadding, 1, 1};
  for (const auto& [fold_rows, expected] : {std::pair<std::size_t, float>{4, 0x1p24F},
                                            std::pair<std::size_t, float>{2, 0x1p24F + 2.0F}}) {
    std::vector<float> sums(kChannels, 0.0F);
    models::depthwise(*arithmetic,
                      {.m = 1,
                       .k = 4,
                       .channels = kChannels,
                       .fold_rows = fold_rows,
                       .pixels = 2,
                       .activations = reinterpret_cast<const std::byte*>(pixels.data()),
                       .taps = taps,
                       .weights = reinterpret_cast<const std::byte*>(weights.data()),
                       .accumulators = reinterpret_cast<std::byte*>(sums.data())});
    EXPECT_EQ(sums, std::vector<float>(kChannels, expected)) << "folds of " << fold_rows;
  }
}

}  // namespace
}  // namespace systolog::test
