// SPDX-License-Identifier: Apache-2.0
#include "workloads/npy.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>

#include "tests/workloads/packed.h"
#include "tests/workloads/support.h"
#include "workloads/dataset.h"

namespace systolog::workloads::test {
namespace {

namespace fs = std::filesystem;

/// A file as numpy.save writes it, put together from the format's description.
std::string npy(const std::string& descr, const std::string& shape, const std::string& data,
                const std::string& fortran = "False") {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size() % 256) +
         static_cast<char>(header.size() / 256) + header + data;
}

std::string floats(const std::vector<float>& values) {
  std::string bytes;
  for (const float v : values) {
    const auto bits = std::bit_cast<std::uint32_t>(v);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xFF);
  }
  return bytes;
}

class Npy : public testing::Test {
 protected:
  Dataset read(const std::string& bytes, const ImageSize& size, const Preprocessing& p = {},
               std::size_t limit = 0, const fs::path& labels = {}) {
    return read_npy({.images = {folder_.write("x.npy", bytes)}, .labels = labels},
                    {.preprocessing = p, .size = size, .limit = limit});
  }
  std::string refusal(const std::string& bytes, const ImageSize& size = {1, 2, 2}) {
    return message_of([&] { read(bytes, size); });
  }
  Folder folder_;
};

TEST_F(Npy, FloatsAreTakenAsTheyAre) {
  const Dataset data = read(npy("<f4", "(2, 1, 1, 2)", floats({1.5F, -2, 0, 1e30F})), {1, 1, 2});
  EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{2, 1, 1, 2}));
  EXPECT_EQ(data.images.values, (std::vector<float>{1.5F, -2, 0, 1e30F}));
  EXPECT_TRUE(data.labels.empty());
  EXPECT_EQ(data.preprocessing, "");
}

TEST_F(Npy, SizesOfOneAndTheNumberOfOneImageMayBeLeftOut) {
  const std::string four = floats({1, 2, 3, 4});
  for (const char* shape : {"(1, 1, 2, 2)", "(1, 2, 2)", "(2, 2)"}) {
    const Dataset data = read(npy("<f4", shape, four), {1, 2, 2});
    EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{1, 1, 2, 2})) << shape;
  }
  EXPECT_EQ(read(npy("<f4", "(2, 2)", four), {2, 1, 1}).images.shape,
            (std::vector<std::size_t>{2, 2, 1, 1}));
}

TEST_F(Npy, BytesGoThroughThePreprocessing) {
  const Preprocessing p{.scale = 0.5F, .mean = {1}, .std = {4}};
  const Dataset data = read(npy("|u1", "(1, 1, 1, 2)", "\x08\xFF"), {1, 1, 2}, p);
  EXPECT_EQ(data.images.values, (std::vector<float>{(8 * 0.5F - 1) / 4, (255 * 0.5F - 1) / 4}));
}

TEST_F(Npy, BytesOfANetworkWithChannelsLastAreInItsOrder) {
  Preprocessing p{.scale = 1};
  p.layout = Layout::kNhwc;
  const std::string bytes = "\x01\x02\x03\x04\x05\x06";
  const Dataset data = read(npy("|u1", "(1, 1, 2, 3)", bytes), {3, 1, 2}, p);
  EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{1, 1, 2, 3}));
  EXPECT_EQ(data.images.values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

/// Elements are counted in the file's order; the graph gets channel c of pixel (y, x) at [c, y, x].
TEST_F(Npy, AModelWithItsChannelsLastTakesItsOwnShapeAndChannelsFirst) {
  const ReadOptions own{.size = {3, 1, 2}, .channels_last_model = true};
  const auto from = [&](const std::string& shape, const ReadOptions& options) {
    const std::string bytes = npy("<f4", shape, floats({1, 2, 3, 4, 5, 6}));
    return read_npy({.images = {folder_.write("x.npy", bytes)}}, options);
  };
  for (const char* shape : {"(1, 1, 2, 3)", "(1, 2, 3)", "(2, 3)"}) {
    const Dataset data = from(shape, own);
    EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{1, 3, 1, 2})) << shape;
    EXPECT_EQ(data.images.values, (std::vector<float>{1, 4, 2, 5, 3, 6})) << shape;
  }
  EXPECT_EQ(from("(1, 3, 1, 2)", own).images.values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(from("(3, 2)", own).images.values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  // Sizes that fit in both orders are the model's own.
  const std::vector<float> eight = {0, 1, 2, 3, 4, 5, 6, 7};
  const ReadOptions cube{.size = {2, 2, 2}, .channels_last_model = true};
  const fs::path both = folder_.write("x.npy", npy("<f4", "(1, 2, 2, 2)", floats(eight)));
  EXPECT_EQ(read_npy({.images = {both}}, cube).images.values,
            (std::vector<float>{0, 2, 4, 6, 1, 3, 5, 7}));
  // Of one row as many pixels as channels: the shape with all its sizes tells them apart.
  const ReadOptions row{.size = {2, 1, 2}, .channels_last_model = true};
  const std::string four = floats({1, 2, 3, 4});
  const auto of_row = [&](const std::string& shape) {
    return read_npy({.images = {folder_.write("x.npy", npy("<f4", shape, four))}}, row)
        .images.values;
  };
  EXPECT_EQ(of_row("(1, 2, 1, 2)"), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(of_row("(1, 1, 2, 2)"), (std::vector<float>{1, 3, 2, 4}));
  // A model with its channels first takes no other order: nothing is guessed.
  expect_parts(message_of([&] {
                 from("(1, 1, 2, 3)", {.size = {3, 1, 2}});
               }),
               {"shape (1, 1, 2, 3), the network takes (1, 3, 1, 2); numpy.moveaxis"});
  expect_parts(message_of([&] { from("(1, 6)", own); }),
               {"shape (1, 6)", "takes (1, 1, 2, 3) or (1, 3, 1, 2)"});
}

TEST_F(Npy, PixelsOfAModelWithItsChannelsLastAreEitherToo) {
  const ReadOptions own{.preprocessing = Preprocessing{.scale = 1, .mean = {0, 10, 20}},
                        .size = {3, 1, 2},
                        .channels_last_model = true};
  const auto from = [&](const std::string& shape) {
    const std::string bytes = npy("|u1", shape, "\x01\x02\x03\x04\x05\x06");
    return read_npy({.images = {folder_.write("x.npy", bytes)}}, own).images;
  };
  EXPECT_EQ(from("(1, 1, 2, 3)").shape, (std::vector<std::size_t>{1, 3, 1, 2}));
  EXPECT_EQ(from("(1, 1, 2, 3)").values, (std::vector<float>{1, 4, -8, -5, -17, -14}));
  EXPECT_EQ(from("(1, 3, 1, 2)").values, (std::vector<float>{1, 2, -7, -6, -15, -14}));
}

TEST_F(Npy, TheFirstValueThatIsNotFiniteIsNamedByItsIndex) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message_of([&] {
              read(npy("<f4", "(2, 1, 2, 2)", floats({1, 2, 3, 4, 5, 6, nan, kInf})), {1, 2, 2});
            }),
            (folder_.path() / "x.npy").string() +
                ": the value at [1, 0, 1, 0] is nan, allowed finite numbers");
  expect_parts(refusal(npy("<f4", "(2, 2)", floats({1, -kInf, nan, 4}))), {"at [0, 1] is -inf"});
  // Images that are not read are not looked at.
  const std::string later = npy("<f4", "(2, 1, 1, 1)", floats({7, nan}));
  EXPECT_EQ(read(later, {1, 1, 1}, {}, 1).images.values, (std::vector<float>{7}));
}

TEST_F(Npy, GzipGivesTheSameAndLimitTheFirst) {
  write_gzip(folder_.path() / "x.npy.gz", npy("<f4", "(2, 1, 1, 1)", floats({7, 8})));
  const Dataset data =
      read_npy({.images = {folder_.path() / "x.npy.gz"}}, {.size = {1, 1, 1}, .limit = 1});
  EXPECT_EQ(data.images.values, (std::vector<float>{7}));
}

TEST_F(Npy, LabelsLieBesideOrWhereTheyAreSaidToBe) {
  const std::string images = npy("<f4", "(2, 1, 1, 1)", floats({7, 8}));
  const std::string wide =
      npy("<i8", "(2,)", std::string("\x05\0\0\0\0\0\0\0\x00\x01\0\0\0\0\0\0", 16));
  const fs::path named = folder_.write("l.npy", wide);
  EXPECT_EQ(read(images, {1, 1, 1}, {}, 0, named).labels, (std::vector<std::uint32_t>{5, 256}));
  folder_.write("x_labels.npy", npy("|u1", "(2,)", "\x09\x03"));
  EXPECT_EQ(read(images, {1, 1, 1}).labels, (std::vector<std::uint32_t>{9, 3}));
}

TEST_F(Npy, BadLabelsAreNamed) {
  const std::string images = npy("<f4", "(2, 1, 1, 1)", floats({7, 8}));
  const auto refused = [&](const std::string& labels) {
    const fs::path file = folder_.write("l.npy", labels);
    return message_of([&] { read(images, {1, 1, 1}, {}, 0, file); });
  };
  expect_parts(refused(npy("|u1", "(3,)", "abc")), {"l.npy", "3 labels", "2 images"});
  expect_parts(refused(npy("|u1", "(2, 1)", "ab")), {"l.npy", "one dimension"});
  expect_parts(refused(npy("<f4", "(2,)", floats({1, 2}))), {"l.npy", "'<f4'", "integers"});
  expect_parts(refused(npy("|i1", "(2,)", "\x01\xFF")), {"l.npy", "label 1 is negative"});
  expect_parts(refused(npy("<u8", "(2,)", std::string(16, '\x7F'))), {"label 0 is too large"});
}

TEST_F(Npy, EveryTruncationIsRefused) {
  const std::string good = npy("<f4", "(1, 1, 2, 2)", floats({1, 2, 3, 4}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    expect_parts(refusal(good.substr(0, size)), {"x.npy"});
  }
  expect_parts(refusal(good + "x"), {"x.npy", "offset 144", "goes on"});
}

TEST_F(Npy, WrongTypesOrdersAndShapesAreNamed) {
  const std::string data(64, '\0');
  expect_parts(refusal(npy("<f8", "(1, 1, 2, 2)", data)), {"type '<f8', allowed '<f4'"});
  expect_parts(refusal(npy(">f4", "(1, 1, 2, 2)", data)), {"type '>f4'", "little-endian"});
  expect_parts(refusal(npy("|O", "(1, 1, 2, 2)", data)), {"type '|O'"});
  expect_parts(refusal(npy("<f4", "(1, 1, 2, 2)", data, "True")), {"Fortran order"});
  expect_parts(refusal(npy("<f4", "(1, 1, 3, 2)", data)), {});
  expect_parts(refusal(npy("<f4", "(1, 5)", data)), {"shape (1, 5)", "(1, 1, 2, 2)"});
  expect_parts(refusal(npy("<f4", "(0, 1, 2, 2)", "")), {"at least 1"});
  expect_parts(refusal(npy("<f4", "()", data)), {"shape ()"});
  expect_parts(refusal(npy("<f4", "(99999999999999999999, 1, 2, 2)", data)), {"shape"});
  expect_parts(refusal(npy("<f4", "(4294967295, 4294967295, 2, 2)", data)), {"shape"});
  expect_parts(refusal(npy("<f4", "(1000000000, 1, 2, 2)", data)), {"ends inside the data"});
  expect_parts(refusal("not an array at all"), {"offset 0", "not a .npy file"});
  expect_parts(refusal(std::string("\x93NUMPY\x09\x00\x10\x00", 10) + data), {"version 9"});
}

TEST_F(Npy, WhatIsWrittenIsReadBackAndStartsAtAMultipleOf64) {
  const Tensor tensor{{2, 3}, {1, 2, 3, 4, 5, -6.5F}};
  const std::string bytes = to_npy(tensor);
  EXPECT_EQ(bytes, npy("<f4", "(2, 3)", floats(tensor.values)));
  EXPECT_EQ((bytes.size() - 24) % 64, 0U);
  EXPECT_EQ(to_npy({{4}, {0, 0, 0, 0}}).substr(0, 80), npy("<f4", "(4,)", "").substr(0, 80));
}

}  // namespace
}  // namespace systolog::workloads::test
