// SPDX-License-Identifier: Apache-2.0
// Codes of up to 4 bits, two to a byte: which tensors they are, where their codes lie, and that the
// numbers are those of the same network with every code in a byte of its own.
#include "sim/packing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "sim/compiler.h"
#include "sim/execution.h"
#include "sim/host_io.h"
#include "sim/statistics.h"
#include "tests/sim/random_network.h"

namespace systolog::sim::test {
namespace {

constexpr const char* kWhole = "fixed:4,0/exact/fixed:16,0";  // codes are the numbers -8 to 7

/// Nodes of a network by name, each behind the one before unless its inputs are named.
class Nodes {
 public:
  explicit Nodes(const workloads::Shape& input) {
    graph_.name = "net";
    graph_.nodes.push_back({"in", workloads::Input{}, {}, input});
    at_["in"] = 0;
  }
  Nodes& add(const std::string& name, workloads::Operator op, std::vector<std::string> inputs) {
    std::vector<std::size_t> from;
    for (const std::string& input : inputs) from.push_back(at_.at(input));
    at_[name] = graph_.nodes.size();
    graph_.nodes.push_back({name, std::move(op), from, {}});
    workloads::infer_shape(graph_, at_[name]);
    return *this;
  }
  Nodes& conv(const std::string& name, std::size_t filters, const std::string& input) {
    workloads::Conv conv;
    conv.filters = filters;
    conv.weights.assign(filters * graph_.nodes[at_.at(input)].shape.channels, 1.0F);
    return add(name, conv, {input});
  }
  Nodes& slice(const std::string& name, std::size_t channel, std::size_t count,
               const std::string& input) {
    const workloads::Shape& s = graph_.nodes[at_.at(input)].shape;
    return add(name, workloads::Slice{{channel, 0, 0}, {1, 1, 1}, {count, s.height, s.width}},
               {input});
  }
  const workloads::Graph& graph() const { return graph_; }

  /// Names of the nodes whose values are packed.
  std::string packed(const char* arithmetic) const {
    const Network network =
        lower(graph_, models::make_arithmetic(arithmetic),
              std::vector<Range>(graph_.nodes.size(), {-1, 1}), QuantisationConfig{});
    std::string names;
    for (const Value& value : network.values) {
      if (value.packed) names += (names.empty() ? "" : " ") + value.name;
    }
    return names;
  }

 private:
  workloads::Graph graph_;
  std::map<std::string, std::size_t> at_;
};

TEST(Packing, IsForFormatsOfUpToFourBits) {
  const auto nodes = Nodes({3, 4, 4}).conv("a", 2, "in").conv("b", 5, "a");
  for (const auto* name : {"int:4/exact", "int:2/exact", "posit:3,0/exact", kWhole}) {
    EXPECT_EQ(nodes.packed(name), "in a b") << name;
  }
  for (const auto* name : {"int:5/exact", "posit:8,0/exact", "fp32/exact"}) {
    EXPECT_EQ(nodes.packed(name), "") << name;
  }
}

TEST(Packing, LeavesOutOneChannelWhichTakesAByteAnyhow) {
  EXPECT_EQ(Nodes({1, 4, 4}).conv("a", 2, "in").packed(kWhole), "a");
}

TEST(Packing, LeavesOutWhatIsConcatenatedInsideOfAByte) {
  const auto both = [](std::size_t first, std::size_t second) {
    return Nodes({2, 4, 4})
        .conv("a", first, "in")
        .conv("b", second, "in")
        .add("all", workloads::Concat{.axis = 0}, {"a", "b"})
        .packed(kWhole);
  };
  EXPECT_EQ(both(4, 3), "in a b all");
  EXPECT_EQ(both(4, 2), "in a b all");
  EXPECT_EQ(both(3, 5), "in a b") << "the second begins at channel 3";
}

TEST(Packing, LeavesOutWhatIsCutInsideOfAByte) {
  const auto cut = [](std::size_t channels, std::size_t first, std::size_t count) {
    return Nodes({2, 4, 4})
        .conv("a", channels, "in")
        .slice("part", first, count, "a")
        .packed(kWhole);
  };
  EXPECT_EQ(cut(6, 2, 2), "in a part");
  EXPECT_EQ(cut(6, 1, 2), "in part");
  EXPECT_EQ(cut(6, 2, 3), "in part");
  EXPECT_EQ(cut(5, 2, 3), "in a part") << "to the end of a pixel, which is that of a byte";
  EXPECT_EQ(cut(6, 4, 1), "in");
}

TEST(Packing, LeavesOutPixelsOfOddChannelsThatAreReadAsOneVector) {
  const auto flat = [](std::size_t channels) {
    workloads::Gemm gemm;
    gemm.features = 2;
    gemm.weights.assign(2 * channels * 4, 1.0F);
    return Nodes({2, 2, 2})
        .conv("a", channels, "in")
        .add("flat", workloads::Reshape{{channels * 4, 1, 1, true}}, {"a"})
        .add("dense", gemm, {"flat"})
        .packed(kWhole);
  };
  EXPECT_EQ(flat(4), "in a dense");
  EXPECT_EQ(flat(3), "in dense");
}

/// 3 channels of 1x2 pixels, 3 filters of one weight a channel, biases.
TEST(Packing, PutsCodesWhereTheDocumentSaysTheyLie) {
  workloads::Conv conv;
  conv.filters = 3;
  conv.weights = {1, 2, 3, 4, 5, 6, 7, -8, -1};  // [filter, channel]
  conv.bias = {1, 2, 3};
  const auto graph = Nodes({3, 1, 2}).add("conv", conv, {"in"}).graph();
  const Network network = lower(graph, models::make_arithmetic(kWhole), Calibration(), {});
  const auto expect = [](const std::vector<std::byte>& got, const std::vector<int>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(std::to_integer<int>(got[i]), wanted[i]) << "byte " << i;
    }
  };
  // [channel, height, width]: pixel 0 is 1, 3, -2, pixel 1 is 2, 4, 5.
  const workloads::Tensor image{{1, 3, 1, 2}, {1, 2, 3, 4, -2, 5}};
  expect(encode_images(network, image, 0, 1), {0x31, 0x0E, 0x42, 0x05});
  // Channel by channel the filters' weights: 1 4 7, 2 5 -8, 3 6 -1; a byte each for the biases.
  const AcceleratorConfig config;
  const CompiledNetwork compiled = compile_for(network, config, 1);
  expect(compiled.full.constants, {0x41, 0x27, 0x85, 0x63, 0x0F, 1, 2, 3});
  EXPECT_EQ(compiled.full.input_bytes, 4U);
  EXPECT_EQ(compiled.full.outputs.at(0).bytes, 4U);
}

struct Narrow {
  ArithmeticCase arithmetic;
};
std::ostream& operator<<(std::ostream& out, const Narrow& n) {
  return out << n.arithmetic.arithmetic;
}
class NarrowCodes : public testing::TestWithParam<Narrow> {};
INSTANTIATE_TEST_SUITE_P(Arithmetics, NarrowCodes,
                         testing::Values(Narrow{{"int:4/exact/int:32", {}}},
                                         Narrow{{"int:3/exact/int:32",
                                                 {ActivationScheme::kAffine,
                                                  WeightScheme::kPerChannel}}},
                                         Narrow{{"posit:4,0/exact/quire", {}}},
                                         Narrow{{"fixed:4,2/exact/fixed:24,4", {}}}),
                         [](const auto& arithmetic) { return std::to_string(arithmetic.index); });

/// Sums are exact: outputs do not depend on tiles.
TEST_P(NarrowCodes, GiveTheNumbersOfCodesInBytesOfTheirOwn) {
  int moved = 0, taken_apart = 0, odd = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Draw draw(seed);
    const auto graph = random_graph(draw);
    const auto images = random_images(graph, 3, draw);
    const Network network = lower_calibrated(graph, GetParam().arithmetic, images);
    Network bytes = network;
    for (Value& value : bytes.values) value.packed = false;
    for (Layer& layer : bytes.layers) {
      if (auto* matmul = std::get_if<MatmulLayer>(&layer.work)) matmul->packs_weights = false;
    }
    const auto run = [&](const Network& n, const AcceleratorConfig& config) {
      return execute(n, compile_for(n, config, 3), config, Fidelity::kFunctional, images)
          .outputs.values;
    };
    AcceleratorConfig config = random_accelerator(draw);
    config.compiler.batch = static_cast<std::uint32_t>(draw.between(1, 3));
    const auto expected = run(bytes, config);
    const auto got =
        run(network, with_tight_scratchpads(config, network, config.compiler.batch, draw));
    ASSERT_EQ(got.size(), expected.size());
    ASSERT_EQ(std::memcmp(got.data(), expected.data(), got.size() * sizeof(float)), 0)
        << "seed " << seed;
    for (const Layer& layer : network.layers) {
      const Value &in = network.values[layer.inputs[0]], &out = network.values[layer.output];
      if (std::holds_alternative<MoveLayer>(layer.work)) {
        moved += in.packed && out.packed ? 1 : 0;
        taken_apart += in.packed != out.packed ? 1 : 0;
      }
      odd += out.packed && out.shape.channels % 2 != 0 ? 1 : 0;
    }
  }
  EXPECT_GE(moved, 5);
  EXPECT_GE(taken_apart, 5);
  EXPECT_GE(odd, 20);
}

/// Even channels, scratchpads in which every tensor is one tile.
TEST(Packing, HalvesTheBytesOfCodesAndNothingElse) {
  const auto graph =
      Nodes({4, 8, 8}).conv("a", 8, "in").conv("b", 6, "a").conv("c", 2, "b").graph();
  const AcceleratorConfig config;
  const auto counts = [&](const char* arithmetic) {
    const Network network = lower(graph, models::make_arithmetic(arithmetic),
                                  std::vector<Range>(graph.nodes.size(), {-1, 1}), {});
    return count_layers(network, compile_for(network, config, 1), config);
  };
  auto narrow = counts("int:4/exact/int:32"), wide = counts("int:8/exact/int:32");
  const std::size_t weights[] = {4 * 8, 8 * 6, 6 * 2}, filters[] = {8, 6, 2};
  ASSERT_EQ(narrow.size(), 3U);
  for (std::size_t l = 0; l < 3; ++l) {
    for (const Tensor tensor : {Tensor::kInput, Tensor::kOutput}) {
      const LevelBytes &n = narrow[l].of(tensor), &w = wide[l].of(tensor);
      EXPECT_EQ(2 * n.dram_read, w.dram_read);
      EXPECT_EQ(2 * n.dram_written, w.dram_written);
      EXPECT_EQ(2 * n.scratchpad_read, w.scratchpad_read);
      EXPECT_EQ(2 * n.scratchpad_written, w.scratchpad_written);
    }
    EXPECT_EQ(narrow[l].of(Tensor::kInput).dram_read, 64U * graph.nodes[l].shape.channels / 2);
    EXPECT_EQ(narrow[l].of(Tensor::kWeight).dram_read, weights[l] / 2 + 4 * filters[l]);
    EXPECT_EQ(wide[l].of(Tensor::kWeight).dram_read, weights[l] + 4 * filters[l]);
    const LevelBytes &n = narrow[l].of(Tensor::kPartialSums), &w = wide[l].of(Tensor::kPartialSums);
    EXPECT_EQ(n.scratchpad_read, w.scratchpad_read);
    EXPECT_EQ(n.scratchpad_written, w.scratchpad_written);
  }
}

}  // namespace
}  // namespace systolog::sim::test
