// SPDX-License-Identifier: Apache-2.0
#include "sim/accuracy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace systolog::sim {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

workloads::Tensor logits(std::vector<std::vector<float>> rows) {
  workloads::Tensor t{{rows.size(), rows[0].size()}, {}};
  for (const auto& row : rows) t.values.insert(t.values.end(), row.begin(), row.end());
  return t;
}

TEST(Accuracy, CountsImagesWhoseLargestOutputIsTheLabel) {
  const auto outputs = logits({{0, 1, 2}, {5, 1, 2}, {0, 9, 2}, {3, 1, 2}});
  const auto reference = logits({{0, 1, 2}, {1, 5, 2}, {0, 9, 2}, {1, 2, 3}});
  const std::vector<std::uint32_t> labels = {2, 1, 0, 0};
  const Accuracy a = compare(outputs, reference, labels);
  EXPECT_EQ(a.images, 4U);
  EXPECT_TRUE(a.labelled);
  EXPECT_DOUBLE_EQ(a.top1, 0.5);            // images 0 and 3
  EXPECT_DOUBLE_EQ(a.reference_top1, 0.5);  // images 0 and 1
  EXPECT_DOUBLE_EQ(a.agreement, 0.5);       // images 0 and 2
  EXPECT_DOUBLE_EQ(a.top5, 1.0) << "three classes";
  EXPECT_DOUBLE_EQ(a.max_abs_error, 4.0);
}

TEST(Accuracy, CountsTheFiveLargestForTopFive) {
  const auto outputs = logits({{7, 6, 5, 4, 3, 2, 1}, {7, 6, 5, 4, 3, 2, 1}});
  const std::vector<std::uint32_t> labels = {4, 5};
  EXPECT_DOUBLE_EQ(compare(outputs, outputs, labels).top5, 0.5);
}

TEST(Accuracy, GivesATieToTheFirstClassAndNothingToANan) {
  const auto ties = logits({{1, 1, 0}, {1, 1, 0}});
  EXPECT_DOUBLE_EQ(compare(ties, ties, std::vector<std::uint32_t>{0, 1}).top1, 0.5);
  const auto nans = logits({{kNan, 1, 0}, {kNan, kNan, kNan}, {0, kNan, 1}});
  const auto good = logits({{9, 1, 0}, {9, 1, 0}, {0, 1, 9}});
  const Accuracy a = compare(nans, good, std::vector<std::uint32_t>{0, 0, 2});
  EXPECT_DOUBLE_EQ(a.top1, 0.0) << "a class is not largest beside a NaN";
  EXPECT_DOUBLE_EQ(a.agreement, 0.0);
  EXPECT_TRUE(std::isnan(a.max_abs_error));
}

TEST(Accuracy, WithoutLabelsStillComparesWithTheReference) {
  const auto outputs = logits({{0, 1}, {1, 0}});
  const Accuracy a = compare(outputs, logits({{0, 1}, {0, 1}}), {});
  EXPECT_FALSE(a.labelled);
  EXPECT_DOUBLE_EQ(a.agreement, 0.5);
  EXPECT_DOUBLE_EQ(a.max_abs_error, 1.0);
}

/// python3 -c "import hashlib, struct; print(hashlib.sha256(struct.pack('<f', 1)).hexdigest())"
TEST(OutputHash, IsTheSha256OfTheLittleEndianBytes) {
  EXPECT_EQ(sha256({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(std::vector<float>{1.0F}),
            "e00e5eb9444182f352323374ef4e08ebcb784725fdd4fd612d7730540b3e0c8c");
}

}  // namespace
}  // namespace systolog::sim
