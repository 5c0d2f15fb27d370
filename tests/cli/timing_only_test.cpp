// SPDX-License-Identifier: Apache-2.0
// Runs without values: the same figures as with them.
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.h"

namespace systolog::cli::test {
namespace {

using Json = nlohmann::json;

Json report(const std::string& options) {
  const Outcome o = systolog("run --json " + options);
  EXPECT_EQ(o.status, 0) << options << "\n" << o.err;
  return o.status == 0 ? Json::parse(o.out) : Json();
}

// Every kind of layer and of operand that takes part in timing, each on a few pixels.
const std::string kNetwork = R"({
  "name": "small", "input": {"channels": 3, "height": 12, "width": 11},
  "layers": [
    {"name": "a", "op": "conv", "filters": 16, "kernel": 3, "stride": 2, "pad": 1,
     "then": ["batch_norm", "relu"]},
    {"name": "b", "op": "conv", "filters": 16, "kernel": 3, "pad": 1, "groups": 16, "bias": false},
    {"name": "c", "op": "add", "inputs": ["a", "b"]},
    {"name": "d", "op": "conv", "filters": 40, "kernel": 1, "inputs": ["c"]},
    {"name": "e", "op": "concat", "inputs": ["c", "d"]},
    {"name": "f", "op": "max_pool", "kernel": 2, "stride": 2},
    {"name": "g", "op": "batch_norm"},
    {"name": "h", "op": "global_average_pool"},
    {"name": "i", "op": "flatten"},
    {"name": "j", "op": "gemm", "features": 10},
    {"name": "k", "op": "softmax"}
  ]
})";

void expect_same_figures(const std::string& options) {
  const Json with = report(options), without = report(options + " --timing-only");
  ASSERT_FALSE(with.is_null() || without.is_null());
  EXPECT_EQ(with.at("layers"), without.at("layers")) << options;
  EXPECT_EQ(with.at("totals"), without.at("totals")) << options;
  EXPECT_GT(with.at("totals").at("cycles").get<std::uint64_t>(), 0U);
  EXPECT_TRUE(without.at("output_sha256").is_null());
  EXPECT_TRUE(without.at("accuracy").is_null());
  EXPECT_EQ(without.at("weights"), "none: timing only");
}

TEST(TimingOnly, GivesTheFiguresOfARunWithValues) {
  const Folder folder;
  const std::string small = " --workload " + quoted(folder.write("small.json", kNetwork));
  expect_same_figures("--config edge16 --workload lenet5 --images 3 --set compiler.batch=2");
  for (const auto* arithmetic : {"int:8/exact", "posit:16,1/plam", "fp32/exact"}) {
    expect_same_figures("--config edge16" + small + " --set arithmetic=" + arithmetic);
  }
  expect_same_figures("--config edge16" + small + " --set quantisation.activations=affine");
}

TEST(TimingOnly, RunsNetworksByTopologyAtAnySize) {
  for (const auto* name : {"mobilenet_v2", "squeezenet1_1"}) {
    const Folder folder;
    const std::string shipped = contents(fs::path(SYSTOLOG_SOURCE_DIR) / "workloads/networks" /
                                         (std::string(name) + ".json"));
    Json network = Json::parse(shipped);
    network["input"]["height"] = network["input"]["width"] = 64;
    const std::string file = quoted(folder.write("smaller.json", network.dump()));
    const Json r = report("--config tpu128 --timing-only --workload " + file);
    ASSERT_FALSE(r.is_null());
    EXPECT_GT(r.at("totals").at("cycles").get<std::uint64_t>(), 0U) << name;
  }
}

TEST(SyntheticWeights, AreNamedWithTheirSeedAndChangeTheOutputs) {
  const Folder folder;
  const std::string options =
      "--config edge16 --workload " + quoted(folder.write("small.json", kNetwork));
  const Json one = report(options), same = report(options + " --seed 1");
  const Json other = report(options + " --seed 2");
  EXPECT_EQ(one.at("weights"), "synthetic, seed 1");
  EXPECT_EQ(other.at("weights"), "synthetic, seed 2");
  EXPECT_EQ(one.at("output_sha256"), same.at("output_sha256"));
  EXPECT_NE(one.at("output_sha256"), other.at("output_sha256"));
}

TEST(TimingOnly, IsRefusedWhereNothingIsTimed) {
  const Outcome o =
      systolog("run --config edge16 --workload lenet5 --timing-only --fidelity functional");
  EXPECT_EQ(o.status, 2);
  EXPECT_NE(o.err.find("--timing-only: functional fidelity has no timing"), std::string::npos);
}

}  // namespace
}  // namespace systolog::cli::test
