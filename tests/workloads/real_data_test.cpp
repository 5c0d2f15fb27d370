// SPDX-License-Identifier: Apache-2.0
// The readers on real data sets, against what is published of them and what other decoders made.
#include <gtest/gtest.h>

#include <cmath>

#include "workloads/dataset.h"

namespace systolog::workloads::test {
namespace {

namespace fs = std::filesystem;

const fs::path kData = SYSTOLOG_DATA_DIR;

TEST(RealData, OfCifar10IsInTheOfficialOrder) {
  const Dataset data =
      read_cifar10({.images = {kData / "cifar10" / "test_batch_exact1000.bin.gz"}}, {});
  EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{1000, 3, 32, 32}));
  // cat, ship, ship, airplane, frog: the first images of the test batch.
  const std::vector<std::uint32_t> first(data.labels.begin(), data.labels.begin() + 5);
  EXPECT_EQ(first, (std::vector<std::uint32_t>{3, 8, 8, 0, 6}));
}

TEST(RealData, OfMnistHasItsPublishedMeanAndStandardDeviation) {
  const fs::path folder = kData / "mnist";
  const Dataset data = read_idx(folder / "train-images-idx3-ubyte.gz",
                                folder / "train-labels-idx1-ubyte.gz", {}, 0);
  double sum = 0, squares = 0;
  for (const float v : data.images.values) {
    sum += double{v};
    squares += double{v} * double{v};
  }
  const auto count = static_cast<double>(data.images.values.size());
  EXPECT_EQ(count, 60'000.0 * 784);
  EXPECT_NEAR(sum / count, 0.1307, 5e-5);
  EXPECT_NEAR(std::sqrt(squares / count - sum / count * sum / count), 0.3081, 5e-5);
  EXPECT_EQ(data.labels[0], 5U);
}

// The crops were made by another decoder; decoders may round the colour conversion differently.
TEST(RealData, PhotographsAreDecodedAndCroppedAsOtherDecodersDo) {
  const Preprocessing as_they_are{.scale = 1.0F, .resize = 256};
  const ReadOptions options{.preprocessing = as_they_are, .size = {3, 224, 224}, .limit = 10};
  const Dataset ours = read_images({.images = {kData / "imagenet"}}, options);
  const Dataset crops =
      read_npy({.images = {kData / "imagenet" / "crops224_first10_u8.npy"}},
               {.preprocessing = Preprocessing{.scale = 1.0F}, .size = {3, 224, 224}});
  ASSERT_EQ(ours.images.shape, crops.images.shape);
  std::size_t unequal = 0;
  for (std::size_t i = 0; i < ours.images.values.size(); ++i) {
    const float difference = std::abs(ours.images.values[i] - crops.images.values[i]);
    ASSERT_LE(difference, 2) << "value " << i;
    unequal += difference == 0 ? 0 : 1;
  }
  EXPECT_LT(unequal, ours.images.values.size() / 100);
  EXPECT_EQ(ours.labels, (std::vector<std::uint32_t>{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}));
}

}  // namespace
}  // namespace systolog::workloads::test
