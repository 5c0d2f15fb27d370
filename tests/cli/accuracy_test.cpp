// SPDX-License-Identifier: Apache-2.0
// systolog accuracy and systolog analyse as their users run them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace systolog::cli::test {
namespace {

using Json = nlohmann::json;

Json report(const std::string& arguments) {
  const Outcome o = systolog(arguments + " --json");
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(o.err, "");
  return Json::parse(o.out);
}

const std::string kLenet = "accuracy --workload lenet5 ";

TEST(Accuracy, CountsRightAnswersOfEveryArithmetic) {
  const Json r = report(kLenet +
                        "--images 1000 --arithmetic fp32/exact --arithmetic posit:16,1/plam "
                        "--arithmetic int:8/exact");
  // 928 of 1,000: workloads/networks/README.md.
  EXPECT_DOUBLE_EQ(r["reference"]["top1"].get<double>(), 0.928);
  ASSERT_EQ(r["rows"].size(), 3U);
  EXPECT_DOUBLE_EQ(r["rows"][0]["top1"].get<double>(), 0.928);
  EXPECT_DOUBLE_EQ(r["rows"][0]["agreement"].get<double>(), 1.0);
  EXPECT_GE(r["rows"][1]["top1"].get<double>(), 0.923);
  EXPECT_TRUE(r["rows"][1]["quantisation"].is_null());
  const Json& q = r["rows"][2]["quantisation"];
  EXPECT_EQ(q["data"], "Fashion-MNIST training, first 256");
  EXPECT_EQ(q["images"], 256);
  EXPECT_EQ(q["calibration"], "min_max");
  const Json few =
      report(kLenet + "--images 5 --arithmetic int:8/exact --calibration-images 7")["rows"][0];
  EXPECT_EQ(few["quantisation"]["data"], "Fashion-MNIST training, first 7");
  for (const Json& row : r["rows"]) {
    EXPECT_LT(row["top1_interval_95"][0], row["top1"]);
    EXPECT_GT(row["top1_interval_95"][1], row["top1"]);
    EXPECT_GE(row["topk"], row["top1"]);
    EXPECT_LE(row["mean_abs_error"], row["max_abs_error"]);
  }
}

TEST(Accuracy, DoesNotDependOnTheThreads) {
  const std::string same = kLenet + "--images 100 --arithmetic posit:8,0/plam --threads ";
  EXPECT_EQ(report(same + "1"), report(same + "3"));
}

TEST(Accuracy, OfAConfigIsThatOfRun) {
  const Json run = report(
      "run --config edge16 --workload lenet5 --images 20 --fidelity functional --set "
      "arithmetic=bf16/exact");
  const Json r =
      report(kLenet + "--config edge16 --images 20 --arithmetic bf16/exact --set compiler.batch=3");
  EXPECT_EQ(r["rows"][0]["output_sha256"], run["output_sha256"]);
  EXPECT_EQ(r["accumulation"], "folds of 16 (edge16), batch 3");
}

TEST(Accuracy, LeavesTablesAndNothingElse) {
  const Folder folder;
  const fs::path output = folder / "a result";
  const Outcome o = systolog(kLenet + "--images 10 --arithmetic posit:8,0/exact --quiet --output " +
                             quoted(output));
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(o.out + o.err, "");
  EXPECT_EQ(std::distance(fs::directory_iterator(output), fs::directory_iterator()), 2);
  const std::string csv = contents(output / "accuracy.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3) << csv;
  EXPECT_NE(csv.find("\n\"posit:8,0/exact/quire\",10,"), std::string::npos) << csv;
}

TEST(Accuracy, MixesArithmeticsByLayerAsRunDoes) {
  const Folder folder;
  const fs::path plan = folder.write(
      "plan.json", R"({"default": "fp32/exact", "layers": {"conv1": "posit:8,0/exact"}})");
  const Json r = report(kLenet + "--images 20 --arithmetic " + quoted(plan));
  EXPECT_EQ(r["rows"][0]["arithmetic"], "fp32/exact/fp32; conv1: posit:8,0/exact/quire");
  EXPECT_GT(r["rows"][0]["max_abs_error"], 1e-3);
  const std::string run = "run --config edge16 --workload lenet5 --images 2 --arithmetic ";
  const Json timed = report(run + quoted(plan));
  EXPECT_EQ(timed["arithmetic"], r["rows"][0]["arithmetic"]);
  EXPECT_EQ(timed["accelerator"]["arithmetic"]["layers"]["conv1"], "posit:8,0/exact");
  EXPECT_EQ(timed["output_sha256"],
            report(run + quoted(plan) + " --fidelity functional")["output_sha256"]);
  EXPECT_EQ(timed["layers"][1]["op"], "convert");
}

TEST(Accuracy, SwitchesOneLayerAtATime) {
  const Folder folder;
  const fs::path output = folder / "s";
  const Outcome o =
      systolog(kLenet + "--images 20 --arithmetic int:4/exact --sensitivity --quiet " +
               "--output " + quoted(output));
  EXPECT_EQ(o.status, 0) << o.err;
  const Json r = Json::parse(contents(output / "sensitivity.json"));
  std::vector<std::string> layers;
  for (const Json& layer : r["tables"][0]["layers"]) layers.push_back(layer["layer"]);
  EXPECT_EQ(layers, (std::vector<std::string>{"conv1", "conv2", "fc1", "fc2", "fc3"}));
  EXPECT_NE(contents(output / "sensitivity-1.svg").find("fc3"), std::string::npos);
  EXPECT_NE(contents(output / "sensitivity.csv").find("(all)"), std::string::npos);
}

TEST(Accuracy, TakesQuantisationFromOptions) {
  const std::string base = kLenet + "--images 200 --arithmetic int:4/exact ";
  const Json r = report(base + "--calibration percentile --percentile 99.5 --weights per_channel " +
                        "--calibration-images 32");
  const Json& q = r["rows"][0]["quantisation"];
  EXPECT_EQ(q["images"], 32);
  EXPECT_EQ(q["percentile"], 99.5);
  EXPECT_EQ(q["weights"], "per_channel");
  EXPECT_NE(r["rows"][0]["output_sha256"], report(base)["rows"][0]["output_sha256"]);
  const Json p =
      report(kLenet + "--images 20 --arithmetic fixed:8,4/exact/fixed:24,8 --power-of-two");
  EXPECT_EQ(p["rows"][0]["quantisation"]["power_of_two"], true);
  EXPECT_GT(p["rows"][0]["agreement"], 0.9);
}

TEST(Accuracy, CompensatesAMultipliersMeanError) {
  const std::string base = kLenet + "--images 200 --arithmetic fixed:32,16/mitchw:4 ";
  const Json with = report(base + "--compensate-bias")["rows"][0],
             without = report(base)["rows"][0];
  EXPECT_TRUE(without["quantisation"].is_null());
  const Json& means = with["quantisation"]["compensated_bias"];
  EXPECT_NEAR(means["fixed:32,16/mitchw:4/fixed:32,16"].get<double>(), -0.1183, 2e-4);
  EXPECT_LT(3 * with["mean_abs_error"].get<double>(), without["mean_abs_error"].get<double>());
  EXPECT_GE(with["agreement"], without["agreement"]);
  const Json run = report(
      "run --config edge16 --workload lenet5 --images 2 --fidelity functional --compensate-bias "
      "--arithmetic fixed:32,16/mitchw:4");
  EXPECT_EQ(run["quantisation"]["compensated_bias"], means);
  EXPECT_EQ(run["accelerator"]["quantisation"]["compensate_bias"], true);
}

TEST(Accuracy, WritesTheOutputsOfOneArithmetic) {
  const Folder folder;
  const std::string y = "--outputs " + quoted(folder / "y.npy");
  const Outcome o = systolog(kLenet + "--images 3 --quiet --arithmetic fp32/exact " + y);
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_NE(contents(folder / "y.npy").find("'shape': (3, 10)"), std::string::npos);
  fs::remove(folder / "y.npy");
  for (const std::string more : {"--arithmetic fp16/exact", "--sensitivity"}) {
    const Outcome two = systolog(kLenet + "--images 3 --arithmetic fp32/exact " + more + " " + y);
    EXPECT_EQ(two.status, 2) << more;
    EXPECT_NE(two.err.find("allowed with one --arithmetic"), std::string::npos) << two.err;
    EXPECT_FALSE(fs::exists(folder / "y.npy"));
  }
}

TEST(Accuracy, RefusesWhatMeansNothing) {
  const auto refused = [](const std::string& arguments, const std::string& expected) {
    const Outcome o = systolog(kLenet + arguments);
    EXPECT_EQ(o.status, 2) << arguments;
    EXPECT_NE(o.err.find(expected), std::string::npos) << o.err << "expected: " << expected;
    EXPECT_EQ(o.out, "");
  };
  refused("", "'--arithmetic' is required");
  refused("--arithmetic posit:99,1", "--arithmetic posit:99,1: ");
  refused("--arithmetic /does/not/exist.json", "/does/not/exist.json: ");
  refused("--arithmetic fp32/exact --topk 11", "--topk 11: lenet5 has 10 outputs");
  refused("--arithmetic fp32/exact --topk 0", "--topk 0: allowed a whole number, at least 1");
  refused("--arithmetic fp32/exact --threads 0", "--threads 0: ");
  refused("--arithmetic fp32/exact --images -1", "--images");
  refused("--arithmetic fp32/exact --images 100000", "--images 100000: ");
  refused("--arithmetic fp32/exact --dataset imagenets", "imagenets");
  refused("--arithmetic fp32/exact --set array.rows=8", "means nothing without --config");
  refused("--arithmetic fp32/exact --base fp16/exact", "means nothing without --sensitivity");
  refused("--arithmetic fp32/exact --calibration entropy", "only int:B has scales");
  refused("--arithmetic fp32/exact --weights per_channel", "only int:B has scales");
  refused("--arithmetic fp32/exact --power-of-two", "--power-of-two: means nothing with fp32");
  refused(
      "--arithmetic fp32/exact --compensate-bias",
      "--compensate-bias: means nothing with fp32/exact/fp32, whose products have no mean error");
  refused("--arithmetic int:8/exact --calibration-images 1000",
          "--calibration-images 1000: there are 256 (Fashion-MNIST training, first 256)");
  refused("--arithmetic fp32/exact --calibration-images 5", "means nothing with fp32");
  refused("--arithmetic int:8/exact --percentile 99", "means nothing without --calibration");
  refused("--arithmetic int:8/exact --calibration percentile --percentile 40", "50 to 100");
  refused("--arithmetic int:8/exact --calibration kl", "allowed min_max, percentile, entropy");
  refused("--arithmetic int:16/exact --calibration entropy", "int:2 to int:11");
  const Folder folder;
  const fs::path plan =
      folder.write("p.json", R"({"default": "fp32/exact", "layers": {"conv9": "fp16/exact"}})");
  refused("--arithmetic " + quoted(plan), "has no such layer, allowed conv1, pool1, conv2");
  refused("--sensitivity --arithmetic " + quoted(plan), "--sensitivity: ");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / ""), fs::directory_iterator()), 1);
}

TEST(Analyse, LeavesTablesAndPlots) {
  const Folder folder;
  const fs::path output = folder / "why";
  const Outcome o = systolog(
      "analyse --workload lenet5 --images 4 --arithmetic fixed:32,16/mitchw:6 --arithmetic "
      "fixed:32,16/exact/loa:16 --output " +
      quoted(output));
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_NE(o.out.find("fixed:32,16/mitchw:6/fixed:32,16"), std::string::npos) << o.out;
  for (const auto* file : {"analysis.json", "layers.csv", "lengths.csv", "bias.svg", "spread.svg",
                           "layers-1.svg", "layers-2.svg"}) {
    EXPECT_TRUE(fs::exists(output / file)) << file;
  }
  const Json r = Json::parse(contents(output / "analysis.json"));
  for (const Json& layer : r["arithmetics"][0]["layers"]) {
    EXPECT_NEAR(layer["sums"]["bias"].get<double>(), -0.06, 0.02) << layer["layer"];
  }
  const Json& ends = r["arithmetics"][0];
  EXPECT_LT(ends["outputs"]["bias"], -0.1);
  EXPECT_NEAR(ends["outputs_compensated"]["bias"].get<double>(), 0, 0.05);
  EXPECT_TRUE(r["arithmetics"][1]["outputs_compensated"].is_null());
}

TEST(Analyse, RefusesWhatItCannotMeasure) {
  const Outcome o = systolog("analyse --workload lenet5 --images 1 --arithmetic int:8/exact");
  EXPECT_EQ(o.status, 2);
  EXPECT_NE(o.err.find("int:8/exact/int:32"), std::string::npos) << o.err;
  EXPECT_EQ(systolog("analyse --workload lenet5 --pixels 0").status, 2);
}

}  // namespace
}  // namespace systolog::cli::test
