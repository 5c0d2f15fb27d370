// SPDX-License-Identifier: Apache-2.0
// The data options of run: --dataset, --data, --labels, --input, --outputs, --preprocessing.
#include "tests/cli/program.h"

namespace systolog::cli::test {
namespace {

const std::string kRun = "run --config edge16 --workload lenet5 --fidelity functional ";

void expect_refused(const std::string& options, const std::string& expected) {
  const Folder folder;
  const Outcome o = systolog(kRun + options + " --outputs " + quoted(folder / "y.npy"));
  EXPECT_EQ(o.status, 2) << options << "\n" << o.err;
  EXPECT_EQ(o.out, "") << options;
  EXPECT_NE(o.err.find(expected), std::string::npos) << options << "\nsays: " << o.err;
  EXPECT_FALSE(fs::exists(folder / "y.npy")) << options;
}

/// A .npy file with a header as NumPy writes it, without the padding.
std::string npy(const std::string& descr, const std::string& shape, const std::string& data) {
  const std::string header =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header +
         data;
}

TEST(DataOptions, InputGivesTheNetworkItsImagesAndOutputsTakesItsLogits) {
  const Folder folder;
  folder.write("x.npy", npy("|u1", "(3, 28, 28)", std::string(3 * 784, '\x30')));
  folder.write("x_labels.npy", npy("|u1", "(3,)", "\x01\x02\x03"));
  const Outcome o = systolog(kRun + "--json --input " + quoted(folder / "x.npy") + " --outputs " +
                             quoted(folder / "y.npy"));
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_NE(o.out.find("\"images\": 3"), std::string::npos);
  EXPECT_NE(o.out.find("\"data\": \"x.npy\""), std::string::npos);
  const std::string y = contents(folder / "y.npy");
  EXPECT_NE(y.find("'shape': (3, 10)"), std::string::npos);
  ASSERT_EQ(y.size(), 128U + 3 * 10 * 4);
  EXPECT_EQ(y.substr(128, 40), y.substr(168, 40)) << "equal images, equal logits";
}

TEST(DataOptions, ThatContradictOrNameNothingAreRefused) {
  expect_refused("--dataset nothing", "\"nothing\" is not one of mnist,");
  expect_refused("--dataset npy", "--data must say where");
  expect_refused("--dataset idx --data /none", "/none: no such file");
  expect_refused("--dataset idx --data /tmp", "is a folder");
  expect_refused("--dataset mnist --data /usr", "t10k-images-idx3-ubyte is not in this folder");
  expect_refused("--input a.npy --data b", "stands for --dataset and --data");
  expect_refused("--labels l.npy", "--labels l.npy: means nothing without --data or --input");
  expect_refused("--dataset cifar10 --data /tmp --labels l.npy", "has its labels with the images");
  expect_refused("--input /none.npy", "--input /none.npy: no such file");
  expect_refused("--input /tmp", "--input /tmp: is a folder, allowed a file of the format npy");
  expect_refused("--preprocessing strange", "or one of unit, signed, imagenet");
  expect_refused("--preprocessing size=3", "/size: unknown name");
  expect_refused("--preprocessing mean=x", "/mean: got");
  expect_refused("--preprocessing mean=1,2,3", "mean has 3 values");
  expect_refused("--preprocessing /none.json", "/none.json: no such file");
}

TEST(DataOptions, PreprocessingWithoutEffectOrAgainstTheNetworkIsRefused) {
  const Folder folder;
  const fs::path floats = folder.write("f.npy", npy("<f4", "(1, 28, 28)", std::string(3136, '\0')));
  expect_refused("--preprocessing unit --input " + quoted(floats),
                 "--preprocessing unit: means nothing with f.npy");
  expect_refused("--preprocessing unit --dataset synthetic", "means nothing with synthetic");
  const fs::path bytes = folder.write("u.npy", npy("|u1", "(1, 28, 28)", std::string(784, '\0')));
  expect_refused("--preprocessing layout=nhwc --input " + quoted(bytes),
                 "--preprocessing: layout: nhwc, but the network lenet5 takes 1x28x28, whose last");
}

TEST(DataOptions, ImagesThatDoNotFitAndLabelsOutOfRangeAreRefused) {
  const Folder folder;
  const auto input = [&](const std::string& bytes) {
    return "--input " + quoted(folder.write("x.npy", bytes));
  };
  expect_refused(input(npy("<f4", "(1, 5)", std::string(20, '\0'))), "shape (1, 5), the network");
  expect_refused(input(npy("|u1", "(1, 1, 32, 32)", std::string(1024, '\0'))),
                 "images are 1x32x32, the network lenet5 takes 1x28x28");
  folder.write("x_labels.npy", npy("|u1", "(1,)", "\x0A"));
  expect_refused(input(npy("|u1", "(1, 28, 28)", std::string(784, '\0'))),
                 "x_labels.npy: the label at [0] is 10, allowed 0 to 9");
  folder.write("labels.csv", "file,label\nx.npy,12\n");
  expect_refused("--dataset images --data " + quoted(folder / "labels.csv"),
                 "labels.csv: line 2: class index 12, allowed 0 to 9");
}

TEST(DataOptions, AModelWithoutStatedPreprocessingIsRefusedPixelsButTakesFloats) {
  const Folder folder;
  const fs::path model = folder / "bare.onnx";
  fs::copy_file(fs::path(SYSTOLOG_SOURCE_DIR) / "workloads/networks/lenet5.onnx", model);
  const std::string run =
      "run --config edge16 --fidelity functional --quiet --workload " + quoted(model) + " --input ";
  folder.write("u.npy", npy("|u1", "(1, 28, 28)", std::string(784, '\0')));
  folder.write("f.npy", npy("<f4", "(1, 28, 28)", std::string(784 * 4, '\0')));
  const Outcome bytes = systolog(run + quoted(folder / "u.npy"));
  EXPECT_EQ(bytes.status, 2);
  EXPECT_NE(bytes.err.find("--preprocessing does"), std::string::npos) << bytes.err;
  EXPECT_EQ(systolog(run + quoted(folder / "u.npy") + " --preprocessing unit").status, 0);
  EXPECT_EQ(systolog(run + quoted(folder / "f.npy")).status, 0);
  // A file of the model's name beside it states it too.
  folder.write("bare.json", R"({"preprocessing": {"mean": [0.5]}})");
  EXPECT_EQ(systolog(run + quoted(folder / "u.npy")).status, 0);
}

TEST(DataOptions, ImagesMayBeAllForEveryCommandThatTakesThem) {
  const Folder folder;
  folder.write("x.npy", npy("|u1", "(2, 28, 28)", std::string(2 * 784, '\x30')));
  const std::string data = " --workload lenet5 --input " + quoted(folder / "x.npy") + " --images ";
  for (const char* command :
       {"run --config edge16 --fidelity functional", "accuracy --arithmetic posit:8,0/exact",
        "analyse --arithmetic posit:8,0/exact --pixels 1"}) {
    const Outcome o = systolog(command + data + "all --json");
    ASSERT_EQ(o.status, 0) << command << "\n" << o.err;
    EXPECT_NE(o.out.find("\"images\": 2"), std::string::npos) << command;
    const Outcome none = systolog(command + data + "0");
    EXPECT_EQ(none.status, 2) << command;
    EXPECT_NE(none.err.find("--images 0: allowed a whole number, at least 1, or all"),
              std::string::npos)
        << none.err;
  }
}

TEST(DataOptions, AnalyseTakesTheImagesThereAreUnlessTheyAreCounted) {
  const Folder folder;
  folder.write("x.npy", npy("|u1", "(2, 28, 28)", std::string(2 * 784, '\x30')));
  const std::string run =
      "analyse --workload lenet5 --arithmetic posit:8,0/exact --pixels 1 "
      "--json --input " +
      quoted(folder / "x.npy");
  const Outcome o = systolog(run);
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_NE(o.out.find("\"images\": 2"), std::string::npos);
  const Outcome counted = systolog(run + " --images 20");
  EXPECT_EQ(counted.status, 2);
  EXPECT_NE(counted.err.find("--images 20: there are 2 images"), std::string::npos) << counted.err;
}

TEST(DataOptions, ThatMakeFp32OverflowAreRefusedByTheLayersName) {
  const Folder folder;
  std::string values;
  for (int i = 0; i < 784; ++i) values += std::string("\xff\xff\x7f\x7f", 4);  // FLT_MAX
  folder.write("x.npy", npy("<f4", "(1, 28, 28)", values));
  const std::string input = "--workload lenet5 --images all --input " + quoted(folder / "x.npy");
  for (const std::string run :
       {"run --config edge16 --arithmetic posit:8,0/exact ",
        "accuracy --arithmetic posit:8,0/exact ", "accuracy --arithmetic int:8/exact ",
        "analyse --arithmetic posit:8,0/exact "}) {
    const Outcome o = systolog(run + input);
    EXPECT_EQ(o.status, 2) << run;
    EXPECT_EQ(o.out, "") << run;
    EXPECT_NE(o.err.find("network 'lenet5': FP32 values of layer '"), std::string::npos) << o.err;
    EXPECT_NE(o.err.find("' (conv) are not finite on image 0"), std::string::npos) << o.err;
  }
}

TEST(DataOptions, WithoutLabelsNoAccuracyIsPrinted) {
  const Folder folder;
  folder.write("x.npy", npy("|u1", "(2, 28, 28)", std::string(2 * 784, '\x30')));
  const std::string data = " --workload lenet5 --input " + quoted(folder / "x.npy");
  for (const char* command : {"run --config edge16", "accuracy --arithmetic posit:8,0/exact"}) {
    const Outcome without = systolog(command + data);
    ASSERT_EQ(without.status, 0) << without.err;
    EXPECT_EQ(without.out.find("top-1"), std::string::npos) << without.out;
    EXPECT_NE(without.out.find("100.0"), std::string::npos) << without.out;  // agreement
    const Folder labelled;
    const std::string labels = quoted(labelled.write("l.npy", npy("|u1", "(2,)", "\x01\x02")));
    const Outcome with = systolog(command + data + " --labels " + labels);
    EXPECT_NE(with.out.find("top-1"), std::string::npos) << with.out << with.err;
  }
}

TEST(ListDatasets, ShowsNamesAndFormats) {
  const Outcome o = systolog("list datasets");
  ASSERT_EQ(o.status, 0) << o.err;
  for (const char* name : {"mnist", "cifar10-train", "synthetic", "images", "npy"}) {
    EXPECT_NE(o.out.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace systolog::cli::test
