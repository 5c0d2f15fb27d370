// SPDX-License-Identifier: Apache-2.0
#include "sim/accuracy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "models/wilson.h"
#include "sim/output_files.h"
#include "tests/workloads/support.h"

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

TEST(Accuracy, CountsTheKLargestForTopK) {
  const auto outputs = logits({{7, 6, 5, 4}, {7, 6, 5, 4}, {7, 6, 5, 4}, {7, 6, 5, 4}});
  const std::vector<std::uint32_t> labels = {0, 1, 2, 3};
  EXPECT_DOUBLE_EQ(compare(outputs, outputs, labels, 1).topk, 0.25);
  EXPECT_DOUBLE_EQ(compare(outputs, outputs, labels, 3).topk, 0.75);
}

TEST(Accuracy, AveragesErrorsOverAllOutputs) {
  const auto outputs = logits({{1, 2}, {3, 4}}), reference = logits({{1, 1}, {5, 4}});
  EXPECT_DOUBLE_EQ(compare(outputs, reference, {}).mean_abs_error, 0.75);
}

/// Wilson's interval of x of n is where |p - x/n| <= z sqrt(p (1 - p) / n): its ends solve that
/// with equality, found here by bisection.
double end_of_interval(double share, double n, double inside, double outside) {
  const double z = 1.959963984540054;
  for (int i = 0; i < 200; ++i) {
    const double p = (inside + outside) / 2;
    (std::abs(p - share) <= z * std::sqrt(p * (1 - p) / n) ? inside : outside) = p;
  }
  return inside;
}
TEST(WilsonsInterval, HoldsTheSharesThatTheScoreTestAccepts) {
  for (const double n : {1.0, 10.0, 100.0, 10'000.0}) {
    for (const double share : {0.0, 0.1, 0.5, 0.928, 1.0}) {
      const models::Interval i = models::wilson_95(share, n);
      EXPECT_NEAR(i.low, share == 0 ? 0 : end_of_interval(share, n, share, 0), 1e-9) << n;
      EXPECT_NEAR(i.high, share == 1 ? 1 : end_of_interval(share, n, share, 1), 1e-9) << n;
    }
  }
  // A published example: 1 of 10.
  EXPECT_NEAR(models::wilson_95(0.1, 10).low, 0.0179, 5e-5);
  EXPECT_NEAR(models::wilson_95(0.1, 10).high, 0.4042, 5e-5);
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

TEST(OutputHash, OfSeveralOutputsIsThatOfAllTheirBytes) {
  const workloads::Tensor more[] = {logits({{2.0F}}), logits({{3.0F}})};
  EXPECT_EQ(sha256(std::vector<float>{1.0F}, more), sha256(std::vector<float>{1.0F, 2.0F, 3.0F}));
}

TEST(OutputFiles, AreNamedAfterSeveralOutputs) {
  using workloads::test::expect_parts;
  using workloads::test::message_of;
  const workloads::test::Folder folder;
  const auto file = folder.path() / "y.npy";
  const workloads::Tensor first = logits({{1.0F, 2.0F}}), second = logits({{3.0F}});
  workloads::Graph graph;
  graph.nodes.resize(2);
  write_outputs(file, graph, first, {});
  EXPECT_TRUE(std::filesystem::remove(file));
  graph.outputs = {{"logits", 0}, {"aux/1:0", 1}};
  write_outputs(file, graph, first, {&second, 1});
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(std::filesystem::file_size(folder.path() / "y.logits.npy"), 128U + 2 * 4);
  EXPECT_EQ(std::filesystem::file_size(folder.path() / "y.aux_1_0.npy"), 128U + 4);
  graph.outputs[0].name = "aux_1/0";
  expect_parts(message_of([&] {
                 write_outputs(file, graph, first, {&second, 1});
               }),
               {"y.npy", "two outputs"});
}

}  // namespace
}  // namespace systolog::sim
