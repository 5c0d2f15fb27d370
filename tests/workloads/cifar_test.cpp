// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "tests/workloads/packed.h"
#include "tests/workloads/support.h"
#include "workloads/dataset.h"

namespace systolog::workloads::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPlane = 1024;

/// A record whose red plane is all r, its green all g, its blue all b, but for the last blue pixel.
std::string record(char label, char r, char g, char b, char last) {
  std::string bytes(1, label);
  bytes += std::string(kPlane, r) + std::string(kPlane, g) + std::string(kPlane, b);
  bytes.back() = last;
  return bytes;
}

const std::string kTwo = record(3, 10, 20, 30, 31) + record(9, '\xFF', 0, '\x80', 0);

class Cifar10 : public testing::Test {
 protected:
  Dataset read(const std::string& bytes, std::size_t limit = 0, const Preprocessing& p = {}) {
    return read_cifar10({.name = {}, .images = {folder_.write("batch.bin", bytes)}, .labels = {}},
                        {.preprocessing = p, .limit = limit});
  }
  Folder folder_;
};

TEST_F(Cifar10, ARecordIsALabelAndThreePlanes) {
  const Dataset data = read(kTwo, 0, {.scale = 1.0F});
  EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{2, 3, 32, 32}));
  EXPECT_EQ(data.labels, (std::vector<std::uint32_t>{3, 9}));
  const float* image = data.images.values.data();
  EXPECT_EQ(image[0], 10);
  EXPECT_EQ(image[kPlane - 1], 10);
  EXPECT_EQ(image[kPlane], 20);
  EXPECT_EQ(image[3 * kPlane - 2], 30);
  EXPECT_EQ(image[3 * kPlane - 1], 31);
  EXPECT_EQ(image[3 * kPlane], 255);
  EXPECT_EQ(image[5 * kPlane], 128);
}

TEST_F(Cifar10, EachChannelHasItsMeanAndStd) {
  const Preprocessing p{.scale = 0.5F, .mean = {1, 2, 3}, .std = {4, 5, 6}};
  const Dataset data = read(kTwo, 0, p);
  EXPECT_EQ(data.images.values[0], (10 * 0.5F - 1) / 4);
  EXPECT_EQ(data.images.values[kPlane], (20 * 0.5F - 2) / 5);
  EXPECT_EQ(data.images.values[2 * kPlane], (30 * 0.5F - 3) / 6);
}

TEST_F(Cifar10, BgrSwapsRedAndBlueAndTakesMeanInThatOrder) {
  const Preprocessing p{.scale = 1, .mean = {1, 2, 3}, .channel_order = ChannelOrder::kBgr};
  const Dataset data = read(kTwo, 1, p);
  EXPECT_EQ(data.images.values[0], 30 - 1);
  EXPECT_EQ(data.images.values[kPlane], 20 - 2);
  EXPECT_EQ(data.images.values[2 * kPlane], 10 - 3);
}

TEST_F(Cifar10, NhwcPutsChannelsLast) {
  const Dataset data = read(kTwo, 1, {.scale = 1.0F, .layout = Layout::kNhwc});
  EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{1, 32, 32, 3}));
  const std::vector<float> first(data.images.values.begin(), data.images.values.begin() + 4);
  EXPECT_EQ(first, (std::vector<float>{10, 20, 30, 10}));
  EXPECT_EQ(data.images.values.back(), 31);
}

TEST_F(Cifar10, FilesFollowEachOtherPackedOrNot) {
  write_gzip(folder_.path() / "b.gz", kTwo);
  const fs::path a = folder_.write("a", record(1, 0, 0, 0, 0));
  const DataFiles files{.name = "both", .images = {a, folder_.path() / "b.gz"}, .labels = {}};
  EXPECT_EQ(read_cifar10(files, {}).labels, (std::vector<std::uint32_t>{1, 3, 9}));
  const Dataset two = read_cifar10(files, {.limit = 2});
  EXPECT_EQ(two.labels, (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(two.name, "both");
}

TEST_F(Cifar10, LimitTakesTheFirstImagesAndNeverMoreThanThereAre) {
  EXPECT_EQ(read(kTwo, 1).labels, (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(read(kTwo, 100).labels.size(), 2U);
}

TEST_F(Cifar10, ATruncatedRecordIsNamed) {
  for (const std::size_t size : {1UL, 2UL, 3072UL, 3074UL, 6145UL}) {
    expect_parts(message_of([&] { read(kTwo.substr(0, size)); }),
                 {"batch.bin", "offset " + std::to_string(size),
                  "ends inside record " + std::to_string(size / 3073)});
  }
  expect_parts(message_of([&] { read(""); }), {"batch.bin", "is empty"});
}

TEST_F(Cifar10, ALabelAboveNineIsNamedWithItsRecord) {
  expect_parts(message_of([&] { read(kTwo + record(10, 0, 0, 0, 0)); }),
               {"batch.bin", "offset 6146", "record 2 has label 10, allowed 0 to 9"});
}

/// Also where the images that are asked for lie before the damage: a file is right or it is not.
TEST_F(Cifar10, AGzipFileThatIsCutOffIsRefusedHoweverFewImagesAreRead) {
  write_gzip(folder_.path() / "good.gz", kTwo + kTwo + kTwo);
  const std::string good = slurp(folder_.path() / "good.gz");
  for (const std::size_t limit : {0U, 1U}) {
    for (std::size_t size = 18; size < good.size(); ++size) {
      expect_parts(message_of([&] { read(good.substr(0, size), limit); }),
                   {"batch.bin: the gzip file is cut off", " unpacked bytes"});
    }
  }
  for (std::size_t size = 1; size < 18; ++size) {
    expect_parts(message_of([&] { read(good.substr(0, size)); }), {"batch.bin: "});
  }
}

TEST_F(Cifar10, ADamagedGzipFileIsCalledThatAndNotABadRecord) {
  std::mt19937 random(1);  // pixels that repeat nothing: each bit of the packed ones counts
  std::string bytes = record(3, 0, 0, 0, 0);
  for (std::size_t i = 1; i < bytes.size(); ++i) bytes[i] = static_cast<char>(random());
  write_gzip(folder_.path() / "good.gz", bytes);
  const std::string good = slurp(folder_.path() / "good.gz");
  for (std::size_t at = 10; at < good.size(); at += 7) {  // behind the header
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    const std::string text = message_of([&] { read(bad, 1); });
    EXPECT_NE(text.find(" gzip file"), std::string::npos) << "byte " << at << ": " << text;
    EXPECT_EQ(text.find("record"), std::string::npos) << "byte " << at << ": " << text;
  }
}

TEST_F(Cifar10, ThatIsMissingIsNamed) {
  const DataFiles files{.name = {}, .images = {folder_.path() / "none"}, .labels = {}};
  expect_parts(message_of([&] { read_cifar10(files, {}); }), {"none", "no such file"});
}

}  // namespace
}  // namespace systolog::workloads::test
