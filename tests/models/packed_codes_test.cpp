// SPDX-License-Identifier: Apache-2.0
#include "models/packed_codes.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/draw.h"

namespace systolog::models {
namespace {

using systolog::test::Draw;

std::vector<std::byte> bytes(const std::vector<unsigned>& list) {
  std::vector<std::byte> all;
  for (const unsigned b : list) all.push_back(static_cast<std::byte>(b));
  return all;
}

std::vector<std::byte> packed(const std::vector<std::byte>& codes, std::size_t rows,
                              std::size_t row_codes) {
  std::vector<std::byte> out(rows * bytes_of(row_codes, kPackedBits), std::byte{0xEE});
  pack(codes.data(), rows, row_codes, out.data());
  return out;
}

TEST(PackedCodes, HaveTheFirstOfTwoInTheLowHalfAndBeginEachRowAtAByte) {
  EXPECT_EQ(packed(bytes({1, 2, 15, 4}), 1, 4), bytes({0x21, 0x4F}));
  EXPECT_EQ(packed(bytes({1, 2, 15, 4}), 2, 2), bytes({0x21, 0x4F}));
  EXPECT_EQ(packed(bytes({1, 2, 15}), 1, 3), bytes({0x21, 0x0F}));
  EXPECT_EQ(packed(bytes({1, 2, 3, 4, 5, 6}), 2, 3), bytes({0x21, 0x03, 0x54, 0x06}));
  EXPECT_EQ(packed(bytes({7, 8}), 2, 1), bytes({0x07, 0x08}));
}

/// The bytes as text, a digit a half byte: what a hex dump with swapped halves would show.
TEST(PackedCodes, AreTheDigitsOfTheirRowsAndComeBack) {
  Draw draw(5);
  for (int i = 0; i < 500; ++i) {
    const std::size_t rows = draw.between(1, 5), row_codes = draw.between(1, 70);
    std::vector<std::byte> codes;
    std::string expected;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < row_codes; ++c) {
        const auto code = static_cast<unsigned>(draw.below(16));
        codes.push_back(static_cast<std::byte>(code));
        expected += "0123456789abcdef"[code];
      }
      if (expected.size() % 2 != 0) expected += '0';
    }
    const std::vector<std::byte> together = packed(codes, rows, row_codes);
    std::string digits;
    for (const std::byte b : together) {
      digits += "0123456789abcdef"[std::to_integer<unsigned>(b) % 16];
      digits += "0123456789abcdef"[std::to_integer<unsigned>(b) / 16];
    }
    ASSERT_EQ(digits, expected) << rows << " rows of " << row_codes;
    const UnpackedCodes apart(together, true, rows, row_codes);
    ASSERT_EQ(std::vector<std::byte>(apart.codes().begin(), apart.codes().end()), codes);
    ASSERT_EQ(UnpackedCodes(together, false, rows, row_codes).codes().data(), together.data());
  }
}

TEST(PackedCodes, AreThoseOfFormatsOfUpToFourBits) {
  for (const auto* name :
       {"int:2/exact", "int:4/exact", "fixed:4,1/exact", "posit:4,1/exact", "posit:2,0/exact"}) {
    EXPECT_TRUE(packs(*make_arithmetic(name))) << name;
  }
  for (const auto* name : {"int:5/exact", "fixed:5,1/exact", "posit:5,1/exact", "fp8:e4m3/exact"}) {
    EXPECT_FALSE(packs(*make_arithmetic(name))) << name;
  }
  const auto wide = make_arithmetic("fixed:32,16/exact"), narrow = make_arithmetic("int:3/exact");
  EXPECT_EQ(width_of(*wide, false), 32U);
  EXPECT_EQ(width_of(*narrow, false), 8U);
  EXPECT_EQ(width_of(*narrow, true), 4U);
}

}  // namespace
}  // namespace systolog::models
