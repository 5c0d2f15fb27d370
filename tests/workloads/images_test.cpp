// SPDX-License-Identifier: Apache-2.0
// JPEG and PNG files and folders of them. The files are made here with the libraries' writers.
#include <gtest/gtest.h>
#include <jpeglib.h>
#include <png.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/workloads/packed.h"
#include "tests/workloads/support.h"
#include "workloads/dataset.h"
#include "workloads/image_file.h"

namespace systolog::workloads::test {
namespace {

namespace fs = std::filesystem;

/// Interleaved RGB whose colours change slowly, so that JPEG keeps them.
std::vector<std::uint8_t> gradient(std::size_t height, std::size_t width) {
  std::vector<std::uint8_t> rgb;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      rgb.push_back(static_cast<std::uint8_t>(4 * x));
      rgb.push_back(static_cast<std::uint8_t>(4 * y));
      rgb.push_back(static_cast<std::uint8_t>(200 - 2 * x));
    }
  }
  return rgb;
}

std::string jpeg(std::vector<std::uint8_t> rgb, std::size_t height, std::size_t width) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  jpeg_start_compress(&info, TRUE);
  for (std::size_t y = 0; y < height; ++y) {
    JSAMPROW row = rgb.data() + y * width * 3;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  std::string text(reinterpret_cast<char*>(bytes), size);
  jpeg_destroy_compress(&info);
  std::free(bytes);
  return text;
}

std::string png(const std::vector<std::uint8_t>& pixels, std::size_t height, std::size_t width,
                png_uint_32 format = PNG_FORMAT_RGB) {
  png_image info{};
  info.version = PNG_IMAGE_VERSION;
  info.width = static_cast<png_uint_32>(width);
  info.height = static_cast<png_uint_32>(height);
  info.format = format;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&info, nullptr, &size, 0, pixels.data(), 0, nullptr);
  std::string text(size, '\0');
  png_image_write_to_memory(&info, text.data(), &size, 0, pixels.data(), 0, nullptr);
  text.resize(size);
  return text;
}

/// A PNG file of grey or RGB samples, two bytes each if `bits` is 16, that says it is linear light.
std::string linear_png(const std::vector<std::uint8_t>& samples, std::uint32_t height,
                       std::uint32_t width, int bits, int colour) {
  std::string text;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &text,
      [](png_structp p, png_bytep data, std::size_t size) {
        static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<char*>(data), size);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, width, height, bits, colour, PNG_INTERLACE_ADAM7, 0, 0);
  if (bits == 8) png_set_gAMA(png, info, 1.0);  // 16 bits untagged are taken for it by libpng
  png_write_info(png, info);
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass) {
    for (std::uint32_t y = 0; y < height; ++y) {
      png_write_row(png, samples.data() + y * (samples.size() / height));
    }
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return text;
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(Png, IsDecodedExactlyIntoPlanes) {
  const auto rgb = gradient(5, 7);
  const Pixels image = decode_image(bytes_of(png(rgb, 5, 7)), 3, "image");
  ASSERT_EQ(image.height, 5U);
  ASSERT_EQ(image.width, 7U);
  for (std::size_t i = 0; i < 35; ++i) {
    for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(image.bytes[c * 35 + i], rgb[3 * i + c]) << i;
  }
}

TEST(Png, OfGreyHasThreeEqualChannelsAndOneIsItself) {
  const std::string file = png({0, 10, 200, 255}, 2, 2, PNG_FORMAT_GRAY);
  EXPECT_EQ(decode_image(bytes_of(file), 3, "image").bytes,
            (std::vector<std::uint8_t>{0, 10, 200, 255, 0, 10, 200, 255, 0, 10, 200, 255}));
  EXPECT_EQ(decode_image(bytes_of(file), 1, "image").bytes,
            (std::vector<std::uint8_t>{0, 10, 200, 255}));
}

TEST(Png, LosesItsTransparency) {
  const std::string file = png({10, 20, 30, 0, 40, 50, 60, 128}, 1, 2, PNG_FORMAT_RGBA);
  EXPECT_EQ(decode_image(bytes_of(file), 3, "image").bytes,
            (std::vector<std::uint8_t>{10, 40, 20, 50, 30, 60}));
}

TEST(Png, OfAnyGammaAndDepthGivesTheBytesThatAreStored) {
  const auto rgb = gradient(9, 11);
  const auto wanted = decode_image(bytes_of(png(rgb, 9, 11)), 3, "image").bytes;
  std::vector<std::uint8_t> wide;
  for (const std::uint8_t high : rgb) {
    wide.push_back(high);
    wide.push_back(0xFF);  // the low byte is dropped, not rounded
  }
  const std::string of_gamma = linear_png(rgb, 9, 11, 8, PNG_COLOR_TYPE_RGB);
  const std::string of_16 = linear_png(wide, 9, 11, 16, PNG_COLOR_TYPE_RGB);
  EXPECT_EQ(decode_image(bytes_of(of_gamma), 3, "image").bytes, wanted);
  EXPECT_EQ(decode_image(bytes_of(of_16), 3, "image").bytes, wanted);
  const std::string grey = linear_png({7, 0xFF, 100, 0, 200, 1, 3, 0x80}, 2, 2, 16, 0);
  EXPECT_EQ(decode_image(bytes_of(grey), 1, "image").bytes,
            (std::vector<std::uint8_t>{7, 100, 200, 3}));
}

TEST(Jpeg, IsDecodedNearlyAsItWasWritten) {
  const auto rgb = gradient(24, 40);
  const Pixels image = decode_image(bytes_of(jpeg(rgb, 24, 40)), 3, "image");
  ASSERT_EQ(image.bytes.size(), rgb.size());
  for (std::size_t i = 0; i < 24 * 40; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      ASSERT_NEAR(image.bytes[c * 960 + i], rgb[3 * i + c], 8) << "pixel " << i << " channel " << c;
    }
  }
  // Luma of BT.601.
  const Pixels grey = decode_image(bytes_of(jpeg(rgb, 24, 40)), 1, "image");
  for (std::size_t i = 0; i < 24 * 40; ++i) {
    ASSERT_NEAR(grey.bytes[i], 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2],
                3);
  }
}

TEST(Picture, ThatIsCutOffIsRefusedAtEveryLength) {
  for (const std::string& good : {jpeg(gradient(24, 40), 24, 40), png(gradient(24, 40), 24, 40)}) {
    // A JPEG file may lack its last two bytes, the end marker, and a PNG its end chunk.
    for (std::size_t size = 0; size + 16 < good.size(); size += 7) {
      expect_parts(message_of([&] { decode_image(bytes_of(good.substr(0, size)), 3, "a.jpg"); }),
                   {"a.jpg: "});
    }
  }
}

TEST(Picture, ThatIsDamagedIsRefusedOrDecodedNeverMore) {
  std::mt19937 random(1);
  for (const std::string& good : {jpeg(gradient(24, 40), 24, 40), png(gradient(24, 40), 24, 40)}) {
    for (int trial = 0; trial < 300; ++trial) {
      std::string bad = good;
      for (int k = 0; k < 3; ++k) bad[random() % bad.size()] = static_cast<char>(random());
      try {
        const Pixels image = decode_image(bytes_of(bad), 3, "bad");
        EXPECT_EQ(image.bytes.size(), 3 * image.height * image.width);
      } catch (const UserError& error) {
        expect_parts(error.what(), {"bad: "});
      }
    }
  }
  expect_parts(message_of([] { decode_image(bytes_of("GIF89a, say"), 3, "a.gif"); }),
               {"a.gif: neither a JPEG nor a PNG"});
}

class ImageFolder : public testing::Test {
 protected:
  ImageFolder() {
    folder_.write("b.png", png(gradient(8, 8), 8, 8));
    folder_.write("a.png", png(gradient(9, 12), 9, 12));
    fs::create_directory(folder_.path() / "images");
    folder_.write("images/c,d.png", png(gradient(8, 8), 8, 8));
  }
  Dataset read(const ImageSize& size = {3, 8, 8}, std::size_t limit = 0) {
    return read_images({.images = {folder_.path()}},
                       {.preprocessing = Preprocessing{.scale = 1}, .size = size, .limit = limit});
  }
  std::string refusal(const std::string& csv) {
    folder_.write("labels.csv", csv);
    return message_of([&] { read(); });
  }
  Folder folder_;
};

TEST_F(ImageFolder, FollowsItsListByTheHeadersNames) {
  folder_.write("labels.csv", "wnid,class_index,file\r\nn1,7,b.png\r\n\r\nn2,3,\"c,d.png\"\r\n");
  const Dataset data = read();
  EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{2, 3, 8, 8}));
  EXPECT_EQ(data.labels, (std::vector<std::uint32_t>{7, 3}));
  EXPECT_EQ(data.images.values[1], 4);  // the second pixel's red
}

TEST_F(ImageFolder, WithoutHeaderTakesFileThenClass) {
  folder_.write("labels.csv", "b.png,1\na.png,2\n");
  EXPECT_EQ(read({3, 8, 8}, 1).labels, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(read().images.shape[0], 2U);  // a.png was resized
}

TEST_F(ImageFolder, WithoutListIsAllPicturesByName) {
  const Dataset data = read();
  EXPECT_EQ(data.images.shape[0], 2U);
  EXPECT_TRUE(data.labels.empty());
}

TEST_F(ImageFolder, ErrorsNameFileAndLine) {
  expect_parts(refusal("file,label\nb.png,x\n"), {"labels.csv: line 2", "\"x\""});
  expect_parts(refusal("file,label\nb.png,-1\n"), {"line 2", "\"-1\""});
  expect_parts(refusal("file,label\nb.png\n"), {"line 2", "1 fields"});
  expect_parts(refusal("file,name\nb.png,x\n"), {"line 1", "class_index"});
  expect_parts(refusal("file,label\nnone.png,1\n"), {"line 2", "none.png is neither in"});
  expect_parts(refusal("file,label\n"), {"names no pictures"});
  folder_.write("b.png", png(gradient(8, 8), 8, 8).substr(0, 60));
  expect_parts(refusal("b.png,1\n"), {"b.png: cannot be decoded as PNG"});
}

TEST_F(ImageFolder, OfSeveralBadPicturesTheFirstIsNamed) {
  folder_.write("x1.png", "no");
  folder_.write("x2.png", "no");
  for (int i = 0; i < 5; ++i) expect_parts(refusal("b.png,1\nx1.png,1\nx2.png,1\n"), {"x1.png"});
}

}  // namespace
}  // namespace systolog::workloads::test
