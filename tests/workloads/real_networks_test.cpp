// SPDX-License-Identifier: Apache-2.0
// Published networks on real images: logits of the FP32 reference beside those that another
// framework gave (the .npy files next to the models). Readers of the test's own.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "workloads/onnx_import.h"
#include "workloads/reference.h"

namespace systolog::workloads::test {
namespace {

const std::filesystem::path kData = SYSTOLOG_DATA_DIR;

/// The elements of a NumPy file: what follows its header, whose length is in bytes 8 and 9.
template <typename Value>
std::vector<Value> npy(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (bytes.size() < 10) throw std::runtime_error("cannot read " + file.string());
  const std::size_t header = 10 + static_cast<unsigned char>(bytes[8]) +
                             256 * static_cast<std::size_t>(static_cast<unsigned char>(bytes[9]));
  std::vector<Value> values((bytes.size() - header) / sizeof(Value));
  std::memcpy(values.data(), bytes.data() + header, values.size() * sizeof(Value));
  return values;
}

/// (pixel / 255 - mean) / std with ImageNet's figures, as the models' README asks.
void append_normalised(const unsigned char* pixels, std::size_t plane, std::vector<float>& out) {
  constexpr float kMean[] = {0.485F, 0.456F, 0.406F}, kStd[] = {0.229F, 0.224F, 0.225F};
  for (std::size_t i = 0; i < 3 * plane; ++i) {
    const std::size_t c = i / plane;
    out.push_back((static_cast<float>(pixels[i]) / 255.0F - kMean[c]) / kStd[c]);
  }
}

Tensor cifar(const std::string& name, std::size_t count) {
  constexpr std::size_t kPixels = 32 * 32, kRecord = 1 + 3 * kPixels;
  std::vector<unsigned char> records(count * kRecord);
  const auto file = kData / "cifar10" / name;
  gzFile in = gzopen(file.c_str(), "rb");
  const int got = gzread(in, records.data(), static_cast<unsigned>(records.size()));
  gzclose(in);
  if (got != static_cast<int>(records.size())) throw std::runtime_error("cannot read " + name);
  Tensor images{{count, 3, 32, 32}, {}};
  for (std::size_t i = 0; i < count; ++i) {
    append_normalised(&records[i * kRecord + 1], kPixels, images.values);
  }
  return images;
}

Tensor crops(std::size_t count) {
  constexpr std::size_t kPixels = 224 * 224;
  const auto pixels = npy<unsigned char>(kData / "imagenet" / "crops224_first10_u8.npy");
  Tensor images{{count, 3, 224, 224}, {}};
  for (std::size_t i = 0; i < count; ++i) {
    append_normalised(&pixels[i * 3 * kPixels], kPixels, images.values);
  }
  return images;
}

/// Largest difference of a logit; every image's largest logit is the same one.
float largest_difference(const Graph& graph, const Tensor& images, const std::string& expected) {
  const std::vector<float> got = run_reference(graph, images).values;
  const std::vector<float> wanted = npy<float>(kData / "models" / expected);
  const std::size_t classes = graph.output_shape().count();
  EXPECT_EQ(got.size(), images.shape[0] * classes);
  float largest = 0.0F;
  for (std::size_t i = 0; i < images.shape[0]; ++i) {
    const float* const mine = &got[i * classes];
    const float* const theirs = &wanted.at(i * classes);
    for (std::size_t c = 0; c < classes; ++c) {
      largest = std::max(largest, std::abs(mine[c] - theirs[c]));
    }
    EXPECT_EQ(std::max_element(mine, mine + classes) - mine,
              std::max_element(theirs, theirs + classes) - theirs)
        << "image " << i;
  }
  return largest;
}

Graph model(const std::string& name) { return import_onnx(kData / "models" / name); }

constexpr float kTolerance = 1e-4F;  // of logits up to 47: the order of sums only

TEST(RealNetworks, ResNet20GivesThePublishedLogits) {
  EXPECT_LE(
      largest_difference(model("resnet20_cifar10.onnx"), cifar("test_batch_exact1000.bin.gz", 1000),
                         "resnet20_cifar10_logits_exact1000.npy"),
      kTolerance);
}

TEST(RealNetworks, ResNet20GivesThePublishedLogitsWithBatchNormKeptOrFolded) {
  Graph graph = model("resnet20_cifar10_bn.onnx");
  const Tensor images = cifar("test_batch_jpeg75.bin.gz", 100);
  const std::string expected = "resnet20_cifar10_logits_jpeg75_first1000.npy";
  EXPECT_LE(largest_difference(graph, images, expected), kTolerance);
  const std::size_t kept = graph.nodes.size();
  fold_batch_norm(graph);
  EXPECT_EQ(graph.nodes.size(), kept - 19);
  EXPECT_LE(largest_difference(graph, images, expected), kTolerance);
}

TEST(RealNetworks, ResNet56GivesThePublishedLogits) {
  EXPECT_LE(
      largest_difference(model("resnet56_cifar10.onnx"), cifar("test_batch_exact1000.bin.gz", 100),
                         "resnet56_cifar10_logits_exact1000.npy"),
      kTolerance);
}

TEST(RealNetworks, SqueezeNetGivesThePublishedLogitsOfPhotographs) {
  EXPECT_LE(largest_difference(model("squeezenet11_imagenet.onnx"), crops(10),
                               "squeezenet11_imagenet_logits100.npy"),
            kTolerance);
}

}  // namespace
}  // namespace systolog::workloads::test
