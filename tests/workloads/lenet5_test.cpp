// SPDX-License-Identifier: Apache-2.0
// The LeNet-5 that comes with the repository, against its definition in plain loops. The oracle
// reads the weights from the ONNX file itself and shares no code with the importer or the
// reference.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "workloads/dataset.h"
#include "workloads/onnx_import.h"
#include "workloads/reference.h"

namespace systolog::workloads::test {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(SYSTOLOG_SOURCE_DIR) / "workloads";
const fs::path kModel = kFolder / "networks" / "lenet5.onnx";
constexpr std::size_t kClasses = 10;

Dataset images_of(const std::string& stem) {
  const fs::path data = kFolder / "data" / "fashion-mnist";
  return read_idx(data / (stem + "-images-idx3-ubyte.gz"), data / (stem + "-labels-idx1-ubyte.gz"),
                  {.scale = 1.0F / 255.0F, .mean = {0.2860F}, .std = {0.3530F}}, 0);
}

using Values = std::vector<float>;

std::map<std::string, Values> read_weights() {
  onnx::ModelProto model;
  std::ifstream in(kModel, std::ios::binary);
  EXPECT_TRUE(model.ParseFromIstream(&in)) << kModel;
  std::map<std::string, Values> weights;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    Values& values = weights[tensor.name()];
    values.resize(tensor.raw_data().size() / sizeof(float));
    std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
  }
  return weights;
}

class PlainLeNet5 {
 public:
  Values operator()(const float* image) const {
    Values a(image, image + 28 * 28);
    a = pool(relu(conv(a, 1, 28, "conv1", 6, 2)), 6, 28);    // [6, 14, 14]
    a = pool(relu(conv(a, 6, 14, "conv2", 16, 0)), 16, 10);  // [16, 5, 5]
    a = relu(dense(a, "fc1", 120));
    a = relu(dense(a, "fc2", 84));
    return dense(a, "fc3", kClasses);
  }

 private:
  /// 5x5 over `channels` square images of `side`, zeros around.
  Values conv(const Values& in, int channels, int side, const std::string& name, int filters,
              int pad) const {
    const Values &w = weights_.at(name + ".weight"), &b = weights_.at(name + ".bias");
    const int out_side = side + 2 * pad - 4;
    Values out;
    for (int f = 0; f < filters; ++f) {
      for (int y = 0; y < out_side; ++y) {
        for (int x = 0; x < out_side; ++x) {
          double sum = b.at(static_cast<std::size_t>(f));
          for (int c = 0; c < channels; ++c) {
            for (int k = 0; k < 25; ++k) {
              const int iy = y + k / 5 - pad, ix = x + k % 5 - pad;
              if (iy < 0 || iy >= side || ix < 0 || ix >= side) continue;
              sum += double{w.at(static_cast<std::size_t>((f * channels + c) * 25 + k))} *
                     in.at(static_cast<std::size_t>((c * side + iy) * side + ix));
            }
          }
          out.push_back(static_cast<float>(sum));
        }
      }
    }
    return out;
  }

  /// Weights [out, in], as the file stores them for transB.
  Values dense(const Values& in, const std::string& name, std::size_t features) const {
    const Values &w = weights_.at(name + ".weight"), &b = weights_.at(name + ".bias");
    Values out;
    for (std::size_t n = 0; n < features; ++n) {
      double sum = b.at(n);
      for (std::size_t k = 0; k < in.size(); ++k) sum += double{w.at(n * in.size() + k)} * in[k];
      out.push_back(static_cast<float>(sum));
    }
    return out;
  }

  static Values relu(Values values) {
    for (float& v : values) v = std::max(v, 0.0F);
    return values;
  }

  static Values pool(const Values& in, int channels, int side) {
    Values out;
    for (int c = 0; c < channels; ++c) {
      for (int y = 0; y < side; y += 2) {
        for (int x = 0; x < side; x += 2) {
          const float* p = &in.at(static_cast<std::size_t>((c * side + y) * side + x));
          out.push_back(std::max({p[0], p[1], p[side], p[side + 1]}));
        }
      }
    }
    return out;
  }

  std::map<std::string, Values> weights_ = read_weights();
};

std::size_t argmax(const float* logits) {
  return static_cast<std::size_t>(std::max_element(logits, logits + kClasses) - logits);
}

TEST(LeNet5, ReferenceEqualsTheNetworkWrittenOutInPlainLoops) {
  const Dataset data = images_of("t10k-first1000");
  const Tensor logits = run_reference(import_onnx(kModel), data.images);
  ASSERT_EQ(logits.shape, (std::vector<std::size_t>{1'000, kClasses}));
  const PlainLeNet5 plain;
  for (std::size_t i = 0; i < 1'000; ++i) {
    const Values wanted = plain(&data.images.values[i * 28 * 28]);
    const float* const got = &logits.values[i * kClasses];
    for (std::size_t n = 0; n < kClasses; ++n) {
      ASSERT_NEAR(got[n], wanted[n], 1e-4) << "image " << i << " class " << n;
    }
    ASSERT_EQ(argmax(got), argmax(wanted.data())) << "image " << i;
  }
}

TEST(LeNet5, ClassifiesAtLeastNineOfTenOfTheShippedTestImages) {
  const Dataset data = images_of("t10k-first1000");
  const Tensor logits = run_reference(import_onnx(kModel), data.images);
  int right = 0;
  for (std::size_t i = 0; i < 1'000; ++i) {
    right += argmax(&logits.values[i * kClasses]) == data.labels[i] ? 1 : 0;
  }
  EXPECT_GE(right, 900);
}

TEST(LeNet5, HasTheLayersAndMultiplicationsOfItsTable) {
  const Graph graph = import_onnx(kModel);
  std::string layers;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    layers += graph.nodes[i].name + " ";
    total += macs(graph, i);
  }
  EXPECT_EQ(layers, "input conv1 relu1 pool1 conv2 relu2 pool2 flatten fc1 relu3 fc2 relu4 fc3 ");
  EXPECT_EQ(total, 28U * 28 * 6 * 25 + 10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10);
}

TEST(LeNet5, CalibrationImagesAreThere) {
  const Dataset data = images_of("train-first256");
  EXPECT_EQ(data.images.shape, (std::vector<std::size_t>{256, 1, 28, 28}));
  std::vector<int> of_class(kClasses, 0);
  for (const std::uint32_t label : data.labels) ++of_class.at(label);
  EXPECT_GE(*std::ranges::min_element(of_class), 10);  // every class is in it
}

}  // namespace
}  // namespace systolog::workloads::test
