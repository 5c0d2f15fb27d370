// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/workloads/packed.h"
#include "tests/workloads/support.h"
#include "workloads/dataset.h"

namespace systolog::workloads::test {
namespace {

namespace fs = std::filesystem;

std::string word(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

// Two images of 2 rows and 3 columns.
const std::string kImages = word(0x803) + word(2) + word(2) + word(3) +
                            std::string("\x00\x01\x02\x03\x04\x05\xFF\x80\x40\x20\x10\x08", 12);
const std::string kLabels = word(0x801) + word(2) + std::string("\x09\x00", 2);

class Idx : public testing::Test {
 protected:
  Dataset read(const std::string& images, const std::string& labels, std::size_t limit = 0) {
    return read_idx(folder_.write("images", images), folder_.write("labels", labels), {}, limit);
  }
  std::string refusal(const std::string& images, const std::string& labels, std::size_t limit = 0) {
    return message_of([&] { read(images, labels, limit); });
  }
  Folder folder_;
};

TEST_F(Idx, PixelsAreScaledShiftedAndDivided) {
  const Preprocessing p{.scale = 0.5F, .mean = {1.0F}, .std = {4.0F}};
  const Dataset data =
      read_idx(folder_.write("images", kImages), folder_.write("labels", kLabels), p, 0);
  EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{2, 1, 2, 3}));
  EXPECT_EQ(data.labels, (std::vector<std::uint32_t>{9, 0}));
  EXPECT_EQ(data.images.values[5], (5 * 0.5F - 1) / 4);
  EXPECT_EQ(data.images.values[6], (255 * 0.5F - 1) / 4);
}

TEST_F(Idx, WithoutMeanAndStdPixelsGoFromZeroToOne) {
  const Dataset data = read(kImages, kLabels);
  EXPECT_EQ(data.images.values[0], 0.0F);
  EXPECT_EQ(data.images.values[6], 1.0F);
}

TEST_F(Idx, GzipGivesTheSame) {
  write_gzip(folder_.path() / "i.gz", kImages);
  write_gzip(folder_.path() / "l.gz", kLabels);
  const Dataset packed = read_idx(folder_.path() / "i.gz", folder_.path() / "l.gz", {}, 0);
  const Dataset plain = read(kImages, kLabels);
  EXPECT_EQ(packed.images.values, plain.images.values);
  EXPECT_EQ(packed.labels, plain.labels);
}

TEST_F(Idx, LimitTakesTheFirstImagesAndNeverMoreThanThereAre) {
  const Dataset one = read(kImages, kLabels, 1);
  EXPECT_EQ(one.images.shape[0], 1U);
  EXPECT_EQ(one.images.values.size(), 6U);
  EXPECT_EQ(one.labels, (std::vector<std::uint32_t>{9}));
  EXPECT_EQ(read(kImages, kLabels, 100).labels.size(), 2U);
}

TEST_F(Idx, EveryTruncationIsRefusedWithFileAndOffset) {
  for (std::size_t size = 0; size < kImages.size(); ++size) {
    for (const std::size_t limit : {0, 1}) {
      const std::string text = refusal(kImages.substr(0, size), kLabels, limit);
      expect_parts(text, {(folder_.path() / "images").string(), "offset", "ends"});
    }
  }
  for (std::size_t size = 0; size < kLabels.size(); ++size) {
    expect_parts(refusal(kImages, kLabels.substr(0, size)),
                 {(folder_.path() / "labels").string(), "offset", "ends"});
  }
}

TEST_F(Idx, BytesBehindTheEndAreRefused) {
  expect_parts(refusal(kImages + "x", kLabels), {"images", "offset 28", "goes on"});
  expect_parts(refusal(kImages, kLabels + "x", 1), {"labels", "offset 10", "goes on"});
}

TEST_F(Idx, HeadersAreChecked) {
  expect_parts(refusal(kLabels, kImages), {"offset 0", "magic number 2049", "allowed 2051"});
  expect_parts(refusal(std::string(100, '\xFF'), kLabels), {"offset 0", "allowed 2051"});
  const std::string tail = kImages.substr(16);
  expect_parts(refusal(word(0x803) + word(0) + word(2) + word(3), kLabels),
               {"offset 4", "dimension 0 is 0"});
  expect_parts(refusal(word(0x803) + word(2) + word(0) + word(3) + tail, kLabels),
               {"offset 8", "dimension 1 is 0"});
  expect_parts(refusal(word(0x803) + word(2) + word(2) + word(65'537) + tail, kLabels),
               {"offset 12", "65537", "allowed 1 to 65536"});
  expect_parts(refusal(word(0x803) + word(~0U) + word(65'536) + word(65'536) + tail, kLabels),
               {"offset 4", "more than"});
}

TEST_F(Idx, AHeaderThatPromisesGigabytesFailsWithoutThem) {
  const std::string image_header = word(0x803) + word(2'000'000'000) + word(2) + word(2);
  const std::string label_header = word(0x801) + word(2'000'000'000);
  expect_parts(refusal(image_header + "abcd", label_header + "a"), {"offset 20", "8000000016"});
}

TEST_F(Idx, LabelsMustBeAsManyAsImages) {
  expect_parts(refusal(kImages, word(0x801) + word(3) + "abc"),
               {"labels", "3 labels", "images", "2 images"});
}

TEST_F(Idx, DamagedGzipIsRefused) {
  write_gzip(folder_.path() / "good.gz", kImages);
  const std::string good = slurp(folder_.path() / "good.gz");
  for (std::size_t size = 1; size < good.size(); ++size) {
    EXPECT_NE(refusal(good.substr(0, size), kLabels), "") << "first " << size << " bytes";
  }
  std::string bad_checksum = good;
  bad_checksum[good.size() - 8] = static_cast<char>(bad_checksum[good.size() - 8] ^ 1);
  expect_parts(refusal(bad_checksum, kLabels), {"images", "unpacked"});
}

TEST_F(Idx, FilesThatAreNoFilesAreRefused) {
  const fs::path labels = folder_.write("labels", kLabels);
  expect_parts(message_of([&] { read_idx(folder_.path() / "none", labels, {}, 0); }),
               {"none", "no such file"});
  expect_parts(message_of([&] { read_idx(folder_.path(), labels, {}, 0); }),
               {folder_.path().string(), "not a regular file"});
}

TEST_F(Idx, PreprocessingMustFitOneChannel) {
  const fs::path images = folder_.write("images", kImages), labels = folder_.write("l", kLabels);
  expect_parts(message_of([&] {
                 read_idx(images, labels, {1, {0, 0, 0}, {}}, 0);
               }),
               {"mean", "3 values"});
  expect_parts(message_of([&] { read_idx(images, labels, {1, {}, {0}}, 0); }), {"std", "0"});
}

}  // namespace
}  // namespace systolog::workloads::test
