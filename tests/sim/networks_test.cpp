// SPDX-License-Identifier: Apache-2.0
// The networks by topology alone that come with us, and what their reader refuses.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "models/user_error.h"
#include "sim/network_file.h"
#include "sim/workload_file.h"
#include "workloads/synthetic_weights.h"

namespace systolog::sim::test {
namespace {

struct Totals {
  std::uint64_t macs = 0, parameters = 0;
};
Totals totals(const workloads::Graph& graph) {
  Totals t;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    t.macs += workloads::macs(graph, n);
    t.parameters += workloads::parameters(graph, n);
  }
  return t;
}

struct Published {
  const char* name;
  double mega_macs;
  int digits;                // of them that are published
  std::uint64_t parameters;  // batch norm's scale and shift are two a channel
  const char* source;
};
void PrintTo(const Published& p, std::ostream* out) { *out << p.name; }

// MACs: the papers, or torchvision's documentation of its weights ("GFLOPS", which counts
// multiply-accumulates). Parameters: torchvision's "num_params" unless another is named.
constexpr Published kPublished[] = {
    {"alexnet", 724, 3, 60'965'224,
     "Sze et al., Proc. IEEE 2017, table II; parameters of CaffeNet"},
    {"vgg16", 15'470, 4, 138'357'544, "torchvision VGG16_Weights"},
    {"googlenet", 1'500, 3, 6'624'904, "torchvision GoogLeNet_Weights"},
    {"resnet18", 1'810, 3, 11'689'512, "torchvision ResNet18_Weights"},
    {"resnet20", 40.6, 3, 269'722, "He et al., CVPR 2016; pytorch_resnet_cifar10 by Y. Idelbayev"},
    {"resnet50", 4'090, 3, 25'557'032, "torchvision ResNet50_Weights"},
    {"resnet101", 7'800, 3, 44'549'160, "torchvision ResNet101_Weights"},
    {"resnet152", 11'510, 4, 60'192'808, "torchvision ResNet152_Weights"},
    {"inception_v4", 12'300, 3, 42'679'816,
     "timm, results for inception_v4 (12.28 GMACs, 42.68 M)"},
    {"mobilenet_v1", 569, 3, 4'231'976, "Howard et al. 2017, table 4; Keras MobileNet, trainable"},
    {"mobilenet_v2", 300, 2, 3'504'872, "Sandler et al., CVPR 2018, table 4; torchvision"},
    {"squeezenet1_1", 350, 2, 1'235'496, "torchvision SqueezeNet1_1_Weights"},
};

class ShippedNetwork : public testing::TestWithParam<Published> {};
INSTANTIATE_TEST_SUITE_P(All, ShippedNetwork, testing::ValuesIn(kPublished));

TEST_P(ShippedNetwork, HasThePublishedMultiplicationsAndParameters) {
  const Published& p = GetParam();
  const Workload workload = read_workload(p.name);
  const Totals t = totals(workload.graph);
  const double unit = std::pow(10.0, std::floor(std::log10(p.mega_macs)) + 1 - p.digits);
  EXPECT_NEAR(static_cast<double>(t.macs) / 1e6, p.mega_macs, unit) << p.source;
  EXPECT_EQ(t.parameters, p.parameters) << p.source;
  EXPECT_TRUE(workload.graph.shapes_only);
}

// Sandler et al., section 3.2: ReLU6 everywhere but behind the bottlenecks' last layer.
TEST(ShippedMobileNet, ClipsAtSixBehindEveryConvolutionButLinearBottlenecks) {
  for (const char* name : {"mobilenet_v1", "mobilenet_v2"}) {
    const workloads::Graph graph = read_workload(name).graph;
    std::size_t clips = 0;
    for (const workloads::Node& node : graph.nodes) {
      EXPECT_FALSE(std::holds_alternative<workloads::Relu>(node.op)) << name << " " << node.name;
      clips += std::holds_alternative<workloads::Activate>(node.op);
    }
    // v1: 1 + 13 * 2. v2: the first and last convolution, one of block 1, two of each other block.
    EXPECT_EQ(clips, std::string_view(name) == "mobilenet_v1" ? 27U : 35U);
  }
}

// --- the reader ----------------------------------------------------------------------------------

constexpr std::string_view kHead = R"({"input": {"channels": 3, "height": 8, "width": 9}, )";

workloads::Graph read(const std::string& layers) {
  const Json json = parse_json(std::string(kHead) + "\"layers\": [" + layers + "]}", "net.json");
  JsonReader reader(json, "net.json");
  return read_network(reader);
}

std::string refusal(const std::string& layers) {
  try {
    read(layers);
  } catch (const UserError& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(NetworkFile, ReadsWindowsInAnyOfTheirForms) {
  const workloads::Graph g = read(
      R"({"name": "a", "op": "conv", "filters": 4, "kernel": [3, 2], "stride": 2, "pad": [1, 0],
          "then": ["batch_norm", "relu"]},
         {"name": "b", "op": "max_pool", "kernel": 2, "pad": [0, 1, 0, 0]})");
  ASSERT_EQ(g.nodes.size(), 5U);
  EXPECT_EQ(g.nodes[1].shape, (workloads::Shape{4, 4, 4}));
  EXPECT_EQ(g.nodes[3].name, "a/relu");
  EXPECT_EQ(g.output_shape(), (workloads::Shape{4, 3, 4}));
  EXPECT_TRUE(std::get<workloads::Conv>(g.nodes[1].op).bias.empty()) << "a norm follows";
}

TEST(NetworkFile, TakesRelu6AsAClipToSix) {
  const workloads::Graph g = read(
      R"({"name": "a", "op": "conv", "filters": 4, "kernel": 1, "then": ["relu6"]},
         {"name": "b", "op": "relu6"})");
  ASSERT_EQ(g.nodes.size(), 4U);
  EXPECT_EQ(g.nodes[2].name, "a/relu6");
  for (const std::size_t n : {2, 3}) {
    const auto& clip = std::get<workloads::Activate>(g.nodes[n].op);
    EXPECT_EQ(clip.function, models::Activation::kClip);
    EXPECT_EQ(clip.a, 0.0F);
    EXPECT_EQ(clip.b, 6.0F);
  }
}

TEST(NetworkFile, GivesANetworkOfOneLayerItsBias) {
  const workloads::Graph g = read(R"({"name": "a", "op": "conv", "filters": 4, "kernel": 1})");
  EXPECT_EQ(std::get<workloads::Conv>(g.nodes[1].op).bias.size(), 4U);
}

TEST(NetworkFile, NamesPlaceValueAndWhatIsAllowed) {
  const std::string conv = R"({"name": "a", "op": "conv", "filters": 4, "kernel": 1})";
  const std::pair<std::string, std::string> wrong[] = {
      {R"({"name": "a", "op": "deconv"})",
       "net.json: /layers/0/op: got \"deconv\", allowed conv, gemm, max_pool"},
      {R"({"name": "a", "op": "conv", "kernel": 1})", "net.json: /layers/0/filters: is missing"},
      {R"({"name": "a", "op": "conv", "filters": 4, "kernel": 0})",
       "/layers/0/kernel: got 0, allowed an integer, an array of 2 integers, each 1 to 65536"},
      {R"({"name": "a", "op": "conv", "filters": 4, "kernel": 1, "colour": 1})",
       "/layers/0/colour: unknown name"},
      {conv + R"(, {"name": "a", "op": "relu"})",
       "/layers/1/name: got \"a\", allowed a name that no other layer has"},
      {conv + R"(, {"name": "b", "op": "relu", "inputs": ["c"]})",
       "/layers/1/inputs/0: got \"c\", allowed \"input\" and names of layers"},
      {R"({"name": "a", "op": "add", "inputs": ["input", "b"]}, {"name": "b", "op": "relu"})",
       "/layers/0/inputs/1: got \"b\", allowed \"input\" and layers that stand before a: a "
       "network"},
      {R"({"name": "a", "op": "relu", "inputs": ["a"]})", "a network has no cycles"},
      {R"({"name": "a", "op": "relu", "inputs": []})",
       "/layers/0/inputs: got an array, allowed names of layers before, or \"input\""},
      {R"({"name": "a", "op": "conv", "filters": 268435456, "kernel": 3})",
       "/layers/0: node 'a' (conv): needs more than 268435456 weights"},
      {conv + R"(, {"name": "b", "op": "relu", "inputs": ["input"]})",
       "/layers/0/name: got \"a\", allowed a layer that a later one reads"},
      {conv + R"(, {"name": "b", "op": "add", "inputs": ["a", "input"]})",
       "/layers/1: node 'b' (add): cannot add [4, 8, 9] and [3, 8, 9]"},
      {R"({"name": "a", "op": "conv", "filters": 4, "kernel": 9})",
       "/layers/0: node 'a' (conv): a kernel of 9 with dilation 1 does not fit"},
      {R"({"name": "a", "op": "conv", "filters": 4, "kernel": 1, "groups": 2})",
       "cannot split 3 channels and 4 filters into 2 groups"},
      {R"({"name": "a", "op": "relu", "then": ["norm"]})",
       "/layers/0/then/0: got \"norm\", allowed batch_norm, relu, relu6, softmax"},
      {"", "/layers: got an array, allowed at least one layer"},
      {"7", "/layers/0: got 7, allowed an object"},
  };
  for (const auto& [layers, message] : wrong) {
    const std::string said = refusal(layers);
    EXPECT_NE(said.find(message), std::string::npos) << layers << "\nsays: " << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << "one mistake, one message: " << said;
  }
}

// --- weights -------------------------------------------------------------------------------------

TEST(SyntheticWeights, AreHesAndFollowTheSeedAlone) {
  const std::string layers =
      R"({"name": "a", "op": "conv", "filters": 64, "kernel": 5},
         {"name": "f", "op": "flatten"}, {"name": "b", "op": "gemm", "features": 10})";
  workloads::Graph one = read(layers), same = read(layers), other = read(layers);
  workloads::fill_synthetic_weights(one, 1);
  workloads::fill_synthetic_weights(same, 1);
  workloads::fill_synthetic_weights(other, 2);
  const auto weights = [](const workloads::Graph& g) {
    return std::get<workloads::Conv>(g.nodes[1].op).weights;
  };
  EXPECT_FALSE(one.shapes_only);
  EXPECT_EQ(weights(one), weights(same));
  EXPECT_NE(weights(one), weights(other));
  // Variance 2 / K: uniform in +-a has a^2 / 3.
  double sum = 0, squares = 0;
  for (const float w : weights(one)) {
    sum += w;
    squares += double{w} * w;
  }
  const auto count = static_cast<double>(weights(one).size());
  EXPECT_EQ(count, 64 * 75);
  EXPECT_NEAR(sum / count, 0, 0.01);
  EXPECT_NEAR(squares / count, 2.0 / 75, 0.001);
  EXPECT_NO_THROW(workloads::infer_shapes(one));
  workloads::drop_weights(one);
  EXPECT_TRUE(weights(one).empty());
  EXPECT_NO_THROW(workloads::infer_shapes(one));
}

}  // namespace
}  // namespace systolog::sim::test
