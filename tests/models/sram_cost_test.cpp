// SPDX-License-Identifier: Apache-2.0
#include "models/sram_cost.h"

#include <gtest/gtest.h>

#include <cmath>

namespace systolog::models {
namespace {

/// Energies that grow with the root of the size and in proportion to the width, the rest with both.
SramTable table() {
  SramTable t;
  for (const double bits : {64.0, 256.0}) {
    for (const double bytes : {4096.0, 1024.0, 65'536.0}) {
      t.add({bytes, bits, std::sqrt(bytes) * bits, 2 * std::sqrt(bytes) * bits, bytes / 1024,
             bytes * bits});
    }
  }
  return t;
}

TEST(SramTable, InterpolatesPowersOfSizeAndWidthExactly) {
  for (const double bytes : {1024.0, 3000.0, 4096.0, 50'000.0, 65'536.0}) {
    for (const double word : {8.0, 12.0, 32.0}) {
      const SramFigures f = table().at({bytes, word, 1});
      EXPECT_NEAR(f.read_pj_per_byte, 8 * std::sqrt(bytes), 1e-9 * f.read_pj_per_byte);
      EXPECT_NEAR(f.write_pj_per_byte, 16 * std::sqrt(bytes), 1e-9 * f.write_pj_per_byte);
      EXPECT_NEAR(f.leakage_mw, bytes / 1024, 1e-9 * f.leakage_mw);
      EXPECT_NEAR(f.area_um2, bytes * 8 * word, 1e-9 * f.area_um2);
      EXPECT_TRUE(f.published);
    }
  }
}

TEST(SramTable, SaysWhereItGoesBeyondWhatIsPublished) {
  EXPECT_FALSE(table().at({512, 8, 1}).published);
  EXPECT_FALSE(table().at({131'072, 8, 1}).published);
  EXPECT_FALSE(table().at({4096, 4, 1}).published);
  EXPECT_NEAR(table().at({512, 8, 1}).read_pj_per_byte, 8 * std::sqrt(512), 1e-9);
}

TEST(SramTable, BuildsWideWordsAndBanksOfSeveralMacros) {
  // Words of 128 bytes: four macros of 256 bits side by side; two banks of them.
  const SramFigures f = table().at({8 * 4096, 128, 2});
  EXPECT_NEAR(f.read_pj_per_byte, 8 * std::sqrt(4096), 1e-9);
  EXPECT_NEAR(f.leakage_mw, 8 * 4, 1e-9);
  EXPECT_NEAR(f.area_um2, 8 * 4096.0 * 256, 1e-3);
  EXPECT_TRUE(f.published);
}

}  // namespace
}  // namespace systolog::models
