// SPDX-License-Identifier: Apache-2.0
#include "workloads/preprocessing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/workloads/support.h"

namespace systolog::workloads::test {
namespace {

Pixels image_of(std::size_t channels, std::size_t height, std::size_t width,
                std::uint_fast32_t seed = 1) {
  std::mt19937 random(seed);
  Pixels image{channels, height, width, {}};
  for (std::size_t i = 0; i < channels * height * width; ++i) {
    image.bytes.push_back(static_cast<std::uint8_t>(random()));
  }
  return image;
}

Pixels fitted(const Pixels& image, std::size_t resize, std::size_t height, std::size_t width,
              Filter filter = Filter::kBilinear) {
  Preprocessing p;
  p.resize = resize;
  p.filter = filter;
  return fit(image, p, {image.channels, height, width}, "image");
}

TEST(Preprocessing, IsDescribedAsItsFormula) {
  EXPECT_EQ(describe({}), "pixel / 255");
  EXPECT_EQ(describe({.scale = 1.0F}), "pixel");
  EXPECT_EQ(describe({.scale = 1.0F / 255, .mean = {0.5F, 0.25F, 1}, .std = {2}}),
            "(pixel / 255 - [0.5, 0.25, 1]) / 2");
  EXPECT_EQ(describe({.scale = 0.3F, .mean = {}, .std = {}, .channel_order = ChannelOrder::kBgr}),
            "pixel * 0.3, BGR");
}

TEST(Preprocessing, OfTheWrongNumberOfChannelsIsRefused) {
  expect_parts(message_of([] {
                 Preprocessor({.mean = {1, 2}}, 3);
               }),
               {"mean has 2 values", "3 channels"});
  expect_parts(message_of([] { Preprocessor({.std = {1, 2, 3}}, 1); }), {"std has 3 values"});
  expect_parts(message_of([] { Preprocessor({.std = {1, 0, 3}}, 3); }), {"std must not be 0"});
  expect_parts(message_of([] { Preprocessor({.mean = {NAN}}, 3); }), {"mean must be finite"});
}

TEST(Crop, TakesTheCentreRoundedDown) {
  const Pixels image = image_of(2, 5, 8);
  const Pixels out = fitted(image, 0, 2, 3);
  ASSERT_EQ(out.bytes.size(), 2U * 2 * 3);
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t y = 0; y < 2; ++y) {
      for (std::size_t x = 0; x < 3; ++x) {
        EXPECT_EQ(out.bytes[(c * 2 + y) * 3 + x], image.bytes[(c * 5 + y + 1) * 8 + x + 2]);
      }
    }
  }
}

TEST(Crop, OfASmallerImageIsRefused) {
  expect_parts(message_of([] { fitted(image_of(1, 4, 9), 0, 5, 5); }),
               {"image: 4x9 pixels", "takes 5x5"});
}

TEST(Resize, MakesTheShorterSideAsLongAsAskedAndKeepsTheProportion) {
  EXPECT_EQ(fitted(image_of(3, 10, 25), 4, 4, 10).bytes.size(), 3U * 4 * 10);
  EXPECT_EQ(fitted(image_of(1, 25, 10), 4, 10, 4).width, 4U);
  expect_parts(message_of([] { fitted(image_of(1, 10, 25), 4, 4, 11); }), {"4x10 pixels after"});
}

TEST(Resize, LeavesOneColourAsItIs) {
  Pixels image = image_of(1, 37, 53);
  std::ranges::fill(image.bytes, std::uint8_t{201});
  for (const Filter filter : {Filter::kBilinear, Filter::kBicubic}) {
    for (const std::size_t side : {5U, 37U, 90U}) {
      for (const std::uint8_t b : fitted(image, side, side, side, filter).bytes) ASSERT_EQ(b, 201);
    }
  }
}

TEST(Resize, ByHalfIsTheTriangleOverFourPixels) {
  // Output i lies between pixels 2i and 2i + 1; a triangle of half-width 2 gives the four around it
  // 1/8, 3/8, 3/8, 1/8. A column of two rows of the same becomes one row of it.
  const Pixels image{1, 2, 8, {0, 80, 160, 240, 8, 16, 24, 32, 0, 80, 160, 240, 8, 16, 24, 32}};
  const Pixels out = fitted(image, 1, 1, 4);
  const auto at = [&](double a, double b, double c, double d) {
    return static_cast<int>(std::lround((a + 3 * b + 3 * c + d) / 8));
  };
  EXPECT_EQ(out.bytes[1], at(80, 160, 240, 8));
  EXPECT_EQ(out.bytes[2], at(240, 8, 16, 24));
  // At the edge the weights that fall outside are left out and the others scaled to 1.
  EXPECT_EQ(out.bytes[0], std::lround((3 * 0.0 + 3 * 80 + 160) / 7));
}

TEST(Resize, ToTwiceTheSizeInterpolates) {
  const Pixels image{1, 1, 4, {0, 100, 200, 40}};
  const Pixels out = fitted(image, 2, 2, 8);
  // Output i looks at (i + 1/2) / 2: a quarter of a pixel beside the centres.
  const int expected[] = {0, 25, 75, 125, 175, 160, 80, 40};
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(out.bytes[i], expected[i]) << i;
}

TEST(Resize, BicubicKeepsAStraightLineStraightInside) {
  Pixels image{1, 1, 16, {}};
  for (int i = 0; i < 16; ++i) image.bytes.push_back(static_cast<std::uint8_t>(16 * i));
  const Pixels out = fitted(image, 2, 2, 32, Filter::kBicubic);
  for (std::size_t i = 4; i < 28; ++i) {
    EXPECT_NEAR(out.bytes[i], 16 * ((static_cast<double>(i) + 0.5) / 2 - 0.5), 0.5) << i;
  }
}

TEST(Resize, IsLeftOutWhereNothingIsSaid) {
  const Pixels image = image_of(3, 9, 9);
  EXPECT_EQ(fit(image, {}, {3, 4, 4}, "image").bytes, image.bytes);
}

}  // namespace
}  // namespace systolog::workloads::test
