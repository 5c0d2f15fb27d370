// SPDX-License-Identifier: Apache-2.0
// Layers of one network in different arithmetics.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "models/codes.h"
#include "models/user_error.h"
#include "sim/execution.h"
#include "sim/preparation.h"
#include "tests/sim/random_network.h"
#include "tests/workloads/support.h"

namespace systolog::sim::test {
namespace {

using workloads::test::expect_parts;
using workloads::test::Folder;
using workloads::test::message_of;

// --- plans ---------------------------------------------------------------------------------------

TEST(Plan, IsAnArithmeticOrAFileOfLayers) {
  EXPECT_EQ(read_plan("posit:8,0/exact", "--arithmetic").name(), "posit:8,0/exact/quire");
  const Folder folder;
  const auto file = folder.write(
      "plan.json",
      R"({"default": "fp32/exact", "layers": {"b": "int:8/exact", "a": "fp16/exact"}})");
  EXPECT_EQ(read_plan(file.string(), "--arithmetic").name(),
            "fp32/exact/fp32; a: fp16/exact/fp32; b: int:8/exact/int:32");
}

TEST(Plan, ThatIsWrongIsRefusedWithItsPlace) {
  const Folder folder;
  const auto message = [&](const std::string& text) {
    const auto file = folder.write("plan.json", text);
    return message_of([&] { read_plan(file.string(), "--arithmetic"); });
  };
  expect_parts(message("{}"), {"plan.json: /default: is missing"});
  expect_parts(message(R"({"default": "fp33/exact"})"), {"plan.json: /default: ", "fp33"});
  expect_parts(message(R"({"default": "fp32/exact", "layers": {"a": "fp33/exact"}})"),
               {"plan.json: /layers/a: ", "fp33"});
  expect_parts(message(R"({"default": "fp32/exact", "layer": {}})"), {"/layer: unknown name"});
  expect_parts(message(R"({"default": "fp32/exact", "layers": []})"), {"/layers: got an array"});
  expect_parts(message_of([] { read_plan("posit:99,1", "--base"); }), {"--base posit:99,1: "});
  expect_parts(message_of([&] { read_plan((folder.path() / "none.json").string(), "x"); }),
               {"none.json"});
}

/// in -> a -> pool -> b, and a -> sum(a, b') elsewhere: 1x1 convolutions of weight 1.
workloads::Graph two_convolutions() {
  workloads::Graph graph;
  graph.name = "two";
  workloads::Conv conv;
  conv.filters = 2;
  conv.weights = {1, 0, 0, 1};
  graph.nodes.push_back({"in", workloads::Input{}, {}, {2, 4, 4, false}});
  graph.nodes.push_back({"a", conv, {0}, {}});
  graph.nodes.push_back({"relu", workloads::Relu{}, {1}, {}});
  graph.nodes.push_back({"b", conv, {2}, {}});
  graph.nodes.push_back({"c", conv, {2}, {}});
  graph.nodes.push_back({"sum", workloads::Add{}, {3, 4}, {}});
  workloads::infer_shapes(graph);
  return graph;
}

std::vector<std::string> layers_of(const Network& network) {
  std::vector<std::string> list;
  for (const Layer& l : network.layers) {
    list.push_back(l.name + " " + network.arithmetic_of(l).name());
  }
  return list;
}

Network lowered(const workloads::Graph& graph, const ArithmeticPlan& plan) {
  return lower(graph, make_arithmetics(plan), std::vector<Range>(graph.nodes.size(), {-1, 1}), {});
}

TEST(Plan, NamesLayersThatExist) {
  expect_parts(message_of([] {
                 lowered(two_convolutions(), {"fp32/exact", {{"d", "fp16/exact"}}});
               }),
               {"/layers/d: two has no such layer, allowed a, b, c, sum"});
  // A ReLU that a convolution takes along is no layer.
  expect_parts(message_of([] {
                 lowered(two_convolutions(), {"fp32/exact", {{"relu", "fp16/exact"}}});
               }),
               {"/layers/relu: "});
}

TEST(Mixed, ConvertsAValueOnceForAllItsReaders) {
  const Network network =
      lowered(two_convolutions(),
              {"fp32/exact/fp32", {{"b", "fp16/exact/fp32"}, {"c", "fp16/exact/fp32"}}});
  EXPECT_EQ(layers_of(network),
            (std::vector<std::string>{"a fp32/exact/fp32", "relu to fp16 fp16/exact/fp32",
                                      "b fp16/exact/fp32", "c fp16/exact/fp32",
                                      "b to fp32 fp32/exact/fp32", "c to fp32 fp32/exact/fp32",
                                      "sum fp32/exact/fp32"}));
}

TEST(Mixed, ConvertsNothingBetweenMultipliersOfOneFormat) {
  const Network network =
      lowered(two_convolutions(), {"posit:8,0/exact/quire", {{"b", "posit:8,0/plam/quire"}}});
  EXPECT_EQ(network.layers.size(), 4U);
}

TEST(Mixed, ReadsImagesInTheFirstLayersFormat) {
  const Network network =
      lowered(two_convolutions(), {"posit:8,0/exact/quire", {{"a", "fp32/exact/fp32"}}});
  EXPECT_EQ(network.arithmetic_of(network.values[0]).name(), "fp32/exact/fp32");
  EXPECT_EQ(network.layers[0].name, "a");
}

/// 1 + 2^-11 + 2^-26 lies above the tie between two fp16 numbers; FP32 does not hold its last bit.
TEST(Mixed, ConversionsRoundOnce) {
  const auto posit = models::make_arithmetic("posit:32,2/exact/quire");
  const auto half = models::make_arithmetic("fp16/exact/fp32");
  const pe::VectorUnit unit({}, std::vector{posit.get(), half.get()});
  pe::VectorOp op;
  op.opcode = pe::VectorOpcode::kCopy;
  op.out_arithmetic = 1;
  const models::Code code = posit->convert("0x1.0020004p+0");
  std::vector<std::byte> in(4), out(2);
  models::store_code(code, in.data(), 0, 4);
  unit.execute(op, in, {}, {}, out);
  EXPECT_EQ(models::load_code(out.data(), 0, 2), half->convert("0x1.004p+0"));
}

TEST(Mixed, ConversionsScale) {
  const auto fixed = models::make_arithmetic("fixed:16,8/exact/fixed:32,16");
  const auto integer = models::make_arithmetic("int:8/exact/int:32");
  const pe::VectorUnit unit({}, std::vector{fixed.get(), integer.get()});
  pe::VectorOp op;
  op.opcode = pe::VectorOpcode::kCopy;
  op.channels = 2;
  op.in = {0x1p-4F, 0};  // codes stand for code / 256 / 16
  op.out = {0.25F, 3};
  op.out_arithmetic = 1;
  std::vector<std::byte> in(4), out(2);
  models::store_code(4096, in.data(), 0, 2);   // 1
  models::store_code(63488, in.data(), 1, 2);  // -2048 / 4096 = -0.5
  unit.execute(op, in, {}, {}, out);
  EXPECT_EQ(models::load_code(out.data(), 0, 1), 7U) << "1 / 0.25 + 3";
  EXPECT_EQ(models::load_code(out.data(), 1, 1), 1U) << "-0.5 / 0.25 + 3";
}

/// The whole way: a network of one format against the same in halves, where the other format holds
/// every number of the first: nothing may change.
TEST(Mixed, AWiderFormatInBetweenChangesNothing) {
  const workloads::Graph graph = two_convolutions();
  Draw draw(1);
  const workloads::Tensor images = random_images(graph, 3, draw);
  const auto run = [&](const ArithmeticPlan& plan) {
    const Network network = lowered(graph, plan);
    const AcceleratorConfig config = one_chain(network, 3);
    return execute(network, compile_for(network, config, 3), config, Fidelity::kFunctional, images)
        .outputs.values;
  };
  // Weights are 0 and 1, so that sums are the activations.
  const auto plain = run({"posit:8,0/exact/quire", {}});
  EXPECT_EQ(run({"posit:8,0/exact/quire", {{"b", "fp32/exact/fp32"}}}), plain);
  EXPECT_EQ(run({"posit:8,0/exact/quire", {{"b", "posit:16,1/exact/quire"}}}), plain);
  EXPECT_NE(run({"posit:8,0/exact/quire", {{"b", "fixed:4,2/exact/fixed:16,4"}}}), plain);
}

TEST(OneChain, NeverCutsK) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Draw draw(seed);
    const workloads::Graph graph = random_graph(draw);
    const workloads::Tensor images = random_images(graph, 4, draw);
    const Network network = lower_mixed(graph, images, draw);
    const AcceleratorConfig config = one_chain(network, 4);
    const CompiledNetwork compiled = compile_for(network, config, 4);
    for (const Command& command : compiled.full.commands) {
      const auto* matmul = std::get_if<pe::Matmul>(&command.work);
      if (matmul == nullptr) continue;
      ASSERT_EQ(matmul->accumulate, 0U);
      ASSERT_LE(matmul->k(), config.array.rows);
    }
  }
}

}  // namespace
}  // namespace systolog::sim::test
