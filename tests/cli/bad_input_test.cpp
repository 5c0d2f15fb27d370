// SPDX-License-Identifier: Apache-2.0
// The user's mistakes: exit status 2, one message that names the place, nothing on stdout, no file.
#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "tests/cli/program.h"

namespace systolog::cli::test {
namespace {

/// Runs `systolog run` with these options and --output; expects a refusal that says `expected`.
void expect_refused(const std::string& options, const std::string& expected) {
  const Folder folder;
  const fs::path output = folder / "result";
  const Outcome o = systolog("run " + options + " --output " + quoted(output));
  EXPECT_EQ(o.status, 2) << options << "\n" << o.err;
  EXPECT_EQ(o.out, "") << options;
  EXPECT_NE(o.err.find(expected), std::string::npos)
      << options << "\nsays: " << o.err << "expected: " << expected;
  EXPECT_EQ(o.err.find("internal error"), std::string::npos) << options << "\n" << o.err;
  EXPECT_FALSE(fs::exists(output)) << options;
}

void expect_config_refused(const std::string& text, const std::string& expected) {
  const Folder folder;
  const fs::path file = folder.write("config.json", text);
  expect_refused("--workload lenet5 --config " + quoted(file), expected);
  const Outcome check = systolog("check " + quoted(file));
  EXPECT_EQ(check.status, 2) << text.substr(0, 200);
  EXPECT_NE(check.err.find(file.string()), std::string::npos) << check.err;
  EXPECT_NE(check.err.find(expected), std::string::npos) << check.err;
}

void expect_model_refused(const std::string& bytes) {
  const Folder folder;
  const fs::path file = folder.write("model.onnx", bytes);
  expect_refused("--config edge16 --workload " + quoted(file), file.string() + ": ");
}

std::string random_bytes(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST(BadConfig, ThatIsMissingOrAFolderIsNamed) {
  expect_refused("--config /does/not/exist.json --workload lenet5",
                 "/does/not/exist.json: no such file");
  const Folder folder;
  fs::create_directory(folder / "folder.json");
  expect_refused("--workload lenet5 --config " + quoted(folder / "folder.json"), "is a folder");
  expect_refused("--config nowhere --workload lenet5", "config \"nowhere\"");
}

TEST(BadConfig, ThatIsNotJsonIsNamedWithLineAndColumn) {
  expect_config_refused("", "not JSON at line 1, column 1");
  expect_config_refused("{\n  \"name\": oops\n}", "not JSON at line 2, column 1");
  expect_config_refused("{} {}", "not JSON at line 1");
  for (unsigned seed = 0; seed < 20; ++seed) {
    expect_config_refused(random_bytes(300, seed), "not JSON at line");
  }
}

TEST(BadConfig, OfAHundredThousandBracketsIsRefusedQuickly) {
  expect_config_refused(std::string(100'000, '['), "nested deeper than 64");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  expect_config_refused(objects, "nested deeper than 64");
}

TEST(BadConfig, OfWrongTypesNamesPathValueAndWhatIsAllowed) {
  expect_config_refused("[]", "/: got an array, allowed an object");
  expect_config_refused(R"({"array": 3})", "/array: got 3, allowed an object");
  expect_config_refused(R"({"array": {"rows": "16"}})",
                        R"(/array/rows: got "16", allowed integer 1 to 4096)");
  expect_config_refused(R"({"array": {"rows": 1.5}})", "/array/rows: got 1.5, allowed integer");
  expect_config_refused(R"({"array": {"rows": null}})", "/array/rows: got null, allowed integer");
  expect_config_refused(R"({"name": 1})", "/name: got 1, allowed a string");
  expect_config_refused(R"({"compiler": {"fold_batch_norm": 1}})",
                        "/compiler/fold_batch_norm: got 1, allowed true or false");
}

TEST(BadConfig, OutOfRangeNamesTheRange) {
  expect_config_refused(R"({"array": {"rows": 0}})", "/array/rows: got 0, allowed integer 1 to");
  expect_config_refused(R"({"array": {"columns": 1000000000}})",
                        "/array/columns: got 1000000000, allowed integer 1 to 4096");
  expect_config_refused(R"({"array": {"rows": -1}})", "/array/rows: got -1");
  expect_config_refused(R"({"array": {"rows": 99999999999999999999999}})", "/array/rows: got 9.99");
  expect_config_refused(R"({"clock_mhz": 0})", "/clock_mhz: got 0, allowed number");
  expect_config_refused(R"({"clock_mhz": 1e999})", "number overflow parsing '1e999'");
  expect_config_refused(R"({"memory": {"input_sram": {"capacity_bytes": 0}}})",
                        "/memory/input_sram/capacity_bytes: got 0");
  expect_config_refused(R"({"array": {"dataflow": "sideways"}})",
                        R"(/array/dataflow: got "sideways", allowed weight_stationary)");
}

TEST(BadConfig, WithUnknownOrRepeatedNamesIsRefused) {
  expect_config_refused(R"({"arrays": {}})", "/arrays: unknown name, allowed arithmetic, array");
  expect_config_refused(R"({"array": {"rowz": 1}})", "/array/rowz: unknown name, allowed columns");
  expect_config_refused(R"({"name": "a", "name": "b"})", "\"name\" is given twice");
}

TEST(BadConfig, IsToldEverythingThatIsWrongAtOnce) {
  const std::string text = R"({"array": {"rows": 0, "columns": 0}, "clock_mhz": "fast", "x": 1})";
  for (const auto* part : {"/array/rows", "/array/columns", "/clock_mhz", "/x"}) {
    expect_config_refused(text, part);
  }
}

TEST(BadConfig, WithAnArithmeticThatDoesNotExistSaysWhatDoes) {
  expect_config_refused(R"({"arithmetic": "posit:40,1"})", "N is 40, allowed 2 to 32");
  expect_config_refused(R"({"arithmetic": "decimal:3"})", "/arithmetic: ");
  expect_config_refused(R"({"arithmetic": "int:8/plam"})", "/arithmetic: ");
  expect_config_refused(R"({"technology": "7nm"})", "/technology: technology \"7nm\"");
}

TEST(BadModel, OfAnyBytesIsNamed) {
  expect_model_refused("");
  for (unsigned seed = 0; seed < 20; ++seed) expect_model_refused(random_bytes(2000, seed));
  expect_model_refused(std::string(100'000, '['));
  const std::string good =
      contents(fs::path(SYSTOLOG_SOURCE_DIR) / "workloads/networks/lenet5.onnx");
  ASSERT_GT(good.size(), 100'000U);
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, good.size() / 2}) {
    expect_model_refused(good.substr(0, size));
  }
}

TEST(BadModel, ThatIsMissingOrAFolderIsNamed) {
  expect_refused("--config edge16 --workload /does/not/exist.onnx", "/does/not/exist.onnx: ");
  const Folder folder;
  fs::create_directory(folder / "folder.onnx");
  expect_refused("--config edge16 --workload " + quoted(folder / "folder.onnx"), "folder.onnx: ");
  expect_refused("--config edge16 --workload nowhere",
                 "allowed a path or one of alexnet, cifarnet, googlenet");
}

TEST(BadWorkload, IsNamedByRunAndByCheck) {
  const std::string input = R"({"input": {"channels": 1, "height": 8, "width": 8}, "layers": )";
  const std::pair<std::string, std::string> wrong[] = {
      {input + R"([{"name": "a", "op": "conv", "filters": 2, "kernel": 9}]})",
       "/layers/0: node 'a' (conv): a kernel of 9 with dilation 1 does not fit"},
      {input + R"([{"name": "a", "op": "relu", "inputs": ["b"]}, {"name": "b", "op": "relu"}]})",
       "/layers/0/inputs/0: got \"b\", allowed \"input\" and layers that stand before a: a "
       "network"},
      {input +
           R"([{"name": "a", "op": "relu"}, {"name": "b", "op": "relu", "inputs": ["input"]}]})",
       "/layers/0/name: got \"a\", allowed a layer that a later one reads"},
      {input + R"([{"name": "a", "op": "conv", "filters": 2, "kernel": 3, "then": ["rleu"]}]})",
       "/layers/0/then/0: got \"rleu\", allowed batch_norm, relu, relu6, softmax"},
      {input + R"([{"name": "a", "op": "relu", "inputs": ["c"]}]})",
       "/layers/0/inputs/0: got \"c\", allowed \"input\" and names of layers"},
      {input + R"([{"op": "relu"}]})", "/layers/0/name: is missing"},
      {R"({"layers": [{"name": "a", "op": "relu"}]})", "/input: is missing"},
      {input + R"([{"name": "a", "op": "relu"}], "preprocessing": {"std": [1, 0]}})",
       "/preprocessing/std/1: got 0, allowed number 1e-09 to 1e+09"},
      {input + R"([{"name": "a", "op": "relu"}], "preprocessing": {"mean": [1, 0, 0]}})",
       "/preprocessing/mean: has 3 values, allowed one, or one for each of the 1 channels"},
      {input + R"([{"name": "a", "op": "sort"}]})", "/layers/0/op: got \"sort\", allowed conv, "},
      {R"({"input": 3, "layers": [{"name": "a", "op": "relu"}]})",
       "/input: got 3, allowed an object"},
      {input + R"([{"name": "a", "op": "relu"}], "colour": 1})",
       "/colour: unknown name, allowed calibration, dataset, input, layers, name, "},
  };
  for (const auto& [text, expected] : wrong) {
    const Folder folder;
    const fs::path file = folder.write("net.json", text);
    const std::string message = file.string() + ": " + expected;
    expect_refused("--config edge16 --timing-only --workload " + quoted(file), message);
    const Outcome check = systolog("check " + quoted(file));
    EXPECT_EQ(check.status, 2) << text;
    EXPECT_NE(check.err.find(message), std::string::npos) << check.err;
    EXPECT_EQ(std::count(check.err.begin(), check.err.end(), '\n'), 1) << check.err;
  }
  const Folder folder;
  expect_refused("--config edge16 --workload " + quoted(folder.write("net.json", "{}")),
                 "net.json: /model: is missing, and so is net.onnx beside the file");
}

TEST(BadJson, ThatIsNothingSystologReadsIsToldSo) {
  const Folder folder;
  const Outcome o = systolog("check " + quoted(folder.write("v.json", R"({"models": 1})")));
  EXPECT_EQ(o.status, 2);
  EXPECT_NE(o.err.find("v.json: was taken for a config"), std::string::npos) << o.err;
}

TEST(BadWorkload, NamesThePlaceOfFilesThatAreMissing) {
  const Folder folder;
  const fs::path model = fs::path(SYSTOLOG_SOURCE_DIR) / "workloads/networks/lenet5.onnx";
  const auto file = folder.write(
      "w.json", R"({"calibration": {"format": "cifar10", "images": "none.bin"}, "model": ")" +
                    model.string() + "\"}");
  expect_refused(
      "--config edge16 --dataset synthetic --arithmetic int:8/exact --workload " + quoted(file),
      "w.json: /calibration/images: ");
}

TEST(BadWorkload, IsToldWithWhatIsWrongWithItsModel) {
  const Folder folder;
  folder.write("m.onnx", "no model");
  const fs::path file =
      folder.write("w.json", R"({"model": "m.onnx", "preprocessing": {"scale": 0}})");
  for (const std::string& command :
       {"check " + quoted(file), "run --config edge16 --workload " + quoted(file)}) {
    const Outcome o = systolog(command);
    EXPECT_EQ(o.status, 2);
    EXPECT_NE(o.err.find("w.json: /preprocessing/scale: got 0, allowed"), std::string::npos)
        << o.err;
    EXPECT_NE(o.err.find("m.onnx: not an ONNX model"), std::string::npos) << o.err;
  }
}

TEST(BadLayers, OfAFileOfArithmeticsAreNamedWithIt) {
  const Folder folder;
  const std::string mix = quoted(
      folder.write("mix.json", R"({"default": "int:8/exact", "layers": {"conv9": "fp32/exact"}})"));
  const std::string config = quoted(folder.write(
      "mine.json",
      R"({"arithmetic": {"default": "int:8/exact", "layers": {"conv9": "fp32/exact"}}})"));
  for (const auto& [command, place] :
       {std::pair("run --config edge16 --arithmetic " + mix, "mix.json: /layers/conv9: "),
        std::pair("run --config " + config, "mine.json: /arithmetic/layers/conv9: "),
        std::pair("accuracy --arithmetic fp32/exact --arithmetic " + mix,
                  "mix.json: /layers/conv9: "),
        std::pair("accuracy --sensitivity --arithmetic fp32/exact --base " + mix,
                  "mix.json: /layers/conv9: ")}) {
    const Outcome o = systolog(command + " --workload lenet5");
    EXPECT_EQ(o.status, 2) << command;
    EXPECT_NE(o.err.find(std::string(place) + "lenet5 has no such layer, allowed conv1, "),
              std::string::npos)
        << o.err;
  }
}

TEST(BadLayers, OfAFileOfArithmeticsAreToldByCheck) {
  const Folder folder;
  const auto checked = [&](const std::string& text) {
    return systolog("check " + quoted(folder.write("mix.json", text)));
  };
  const Outcome good = checked(R"({"default": "int:8/exact", "layers": {"a": "fp32/exact"}})");
  EXPECT_EQ(good.status, 0) << good.err;
  EXPECT_NE(good.out.find("int:8/exact/int:32; a: fp32/exact/fp32"), std::string::npos) << good.out;
  const Outcome bad = checked(R"({"default": "int:8/exact", "layers": {"a": 3}})");
  EXPECT_EQ(bad.status, 2);
  EXPECT_NE(bad.err.find("mix.json: /layers/a: got 3, allowed a string"), std::string::npos)
      << bad.err;
}

TEST(BadScaleSimFiles, AreNamedByScalesimAndByCheck) {
  const Folder folder;
  const std::string config =
      "[general]\nrun_name = x\n[architecture_presets]\nArrayHeight = 8\nArrayWidth = 8\n"
      "IfmapSramSzkB = 64\nFilterSramSzkB = 64\nOfmapSramSzkB = 64\nDataflow = ws\n";
  const std::string header =
      "Layer, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
      "Strides,\n";
  const std::string good_config = quoted(folder.write("good.cfg", config));
  const std::string good_rows =
      quoted(folder.write("good.csv", header + "a, 8, 8, 3, 3, 4, 4, 1,\n"));
  const auto refused = [&](const std::string& cfg, const std::string& csv, const std::string& bad,
                           const std::string& expected) {
    for (const std::string& arguments :
         {"scalesim --config " + cfg + " --topology " + csv, "check " + bad}) {
      const Outcome o = systolog(arguments);
      EXPECT_EQ(o.status, 2) << arguments;
      EXPECT_EQ(o.out, "") << arguments;
      EXPECT_NE(o.err.find(expected), std::string::npos) << o.err << "expected: " << expected;
    }
  };
  for (const std::string rows : {"0", "1000000000", "-4", "eight"}) {
    std::string text = config;
    text.replace(text.find("ArrayHeight = 8"), 15, "ArrayHeight = " + rows);
    const std::string bad = quoted(folder.write("bad.cfg", text));
    refused(bad, good_rows, bad,
            "bad.cfg: line 4: ArrayHeight: got \"" + rows + "\", allowed 1 to 65536");
  }
  const std::pair<std::string, std::string> rows[] = {
      {"a, 8, 8, 3, 3, 4,", "line 2: filters: got nothing, allowed 1 to "},
      {"a, 8, 8, 3, 3, x, 4, 1,", "line 2: channels: got \"x\", allowed 1 to "},
      {"a, 8, , 3, 3, 4, 4, 1,", "line 2: IFMAP width: got nothing, allowed 1 to "},
      {"a, 8, 8, 9, 3, 4, 4, 1,",
       "line 2: filter height: got 9, allowed 1 to the IFMAP height, 8"}};
  for (const auto& [row, expected] : rows) {
    const std::string bad = quoted(folder.write("bad.csv", header + row + "\n"));
    refused(good_config, bad, bad, "bad.csv: " + expected);
  }
  const Outcome good = systolog("check " + good_config + " " + good_rows);
  EXPECT_EQ(good.status, 0) << good.err;
  EXPECT_NE(good.out.find("good.cfg: SCALE-Sim config x, 8x8"), std::string::npos) << good.out;
  EXPECT_NE(good.out.find("good.csv: SCALE-Sim topology, 1 layers"), std::string::npos) << good.out;
}

TEST(BadData, IsNamed) {
  const Folder folder;
  const auto workload = [&](const std::string& images) {
    const std::string model =
        (fs::path(SYSTOLOG_SOURCE_DIR) / "workloads/networks/lenet5.onnx").string();
    return "--config edge16 --workload " +
           quoted(folder.write("w.json", R"({"name": "w", "model": ")" + model +
                                             R"(", "dataset": {"name": "d", "format": "idx",)" +
                                             R"("images": ")" + images +
                                             R"(", "labels": "labels"}})"));
  };
  folder.write("labels", std::string("\0\0\x08\x01\0\0\0\x01\x03", 9));
  expect_refused(workload("missing"), "missing: no such file");
  folder.write("empty", "");
  expect_refused(workload("empty"), "empty: ");
  folder.write("random", random_bytes(1000, 1));
  expect_refused(workload("random"), "random: ");
  folder.write("small", std::string("\0\0\x08\x03\0\0\0\x01\0\0\0\x02\0\0\0\x02", 16) + "abcd");
  expect_refused(workload("small"), "images are 1x2x2, the network w takes 1x28x28");
}

TEST(BadOption, IsNamed) {
  const std::string good = "--config edge16 --workload lenet5 ";
  expect_refused("--workload lenet5", "'--config' is required");
  expect_refused(good + "--frobnicate", "unrecognised option '--frobnicate'");
  expect_refused(good + "--images 0", "--images 0: allowed a whole number, at least 1");
  expect_refused(good + "--images -3", "--images");
  expect_refused(good + "--images 1e3", "--images 1e3");
  expect_refused(good + "--images 100000", "--images 100000: ");
  expect_refused(good + "--fidelity exact", "allowed transaction, functional, cycle");
  expect_refused(good + "--set array.rows", "needs path=value");
  expect_refused(good + "--set array.rows.deep=1", "--set array.rows.deep=1");
  expect_refused(good + "more", "unexpected argument \"more\"");
  const std::string simple = good + "--set memory.dram.preset=simple ";
  expect_refused(simple + "--set memory.dram.capacity_bytes=4096",
                 "/memory/dram/capacity_bytes is 4096");
  expect_refused(good +
                     "--set memory.dram.organisation.rows=1 --set memory.dram.organisation.banks=1 "
                     "--set memory.dram.organisation.bank_groups=1",
                 "the device of /memory/dram has");
  expect_refused(good + "--set memory.dram.preset=DDR9", "DRAM preset \"DDR9\"");
  expect_refused(good + "--set memory.dram.organisation.banks=0", "/organisation/banks: got 0");
  expect_refused(good + "--set memory.dram.organisation.channels=3",
                 "channels 3 is not a power of two");
  expect_refused(good + "--set memory.input_sram.banks=0", "/memory/input_sram/banks: got 0");
  expect_refused(good + "--set memory.output_sram.ports=0", "/memory/output_sram/ports: got 0");
  expect_refused(good + "--set memory.unified_sram.capacity_bytes=4096",
                 "/memory/input_sram: got an object");
  expect_refused("--config edge16_unified --workload lenet5 --set memory.input_sram.banks=2",
                 "without /memory/unified_sram only");
  const std::string unified =
      "--config edge16_unified --workload lenet5 --set memory.unified_sram.capacity_bytes=";
  expect_refused(unified + "100", "of at least banks x port_width_bytes: 128");
  expect_refused(unified + "128 --arithmetic fp32/exact",
                 "256 bytes of /memory/unified_sram (has 128; ");
  const Outcome o = systolog("frobnicate");
  EXPECT_EQ(o.status, 2);
  EXPECT_NE(o.err.find("\"frobnicate\" is not a command"), std::string::npos) << o.err;
}

TEST(BadOption, OfLayersAndTraceIsNamed) {
  const std::string good = "--config edge16 --workload lenet5 ";
  for (const auto* layers : {"conv9", "conv1,conv9", "conv1..conv9", "CONV1"}) {
    expect_refused(good + "--layers " + layers, std::string("--layers ") + layers + ": \"");
    expect_refused(good + "--layers " + layers, "conv1, pool1, conv2, pool2, fc1, fc2, fc3");
  }
  expect_refused(good + "--layers conv2..conv1", "ends before it begins");
  expect_refused(good + "--layers ,", "is no layer of lenet5");
  const Folder folder;
  const fs::path file = folder / "trace.json";
  expect_refused(good + "--fidelity functional --trace " + quoted(file),
                 "functional fidelity has no time");
  EXPECT_FALSE(fs::exists(file));
  fs::create_directory(folder / "folder");
  expect_refused(good + "--trace " + quoted(folder / "folder"), "is a folder");
  expect_refused(good + "--fidelity cycle --trace " + quoted(file) + " --vcd " +
                     quoted(folder / "folder" / ".." / "trace.json"),
                 "--vcd writes the same file");
}

TEST(BadConfig, WithScratchpadsTooSmallSaysTheSmallestThatDo) {
  const auto options = [](int input, int weight, int output) {
    return "--config edge16 --workload lenet5 --set arithmetic=fp32/exact "
           "--set memory.input_sram.capacity_bytes=" +
           std::to_string(input) +
           " --set memory.weight_sram.capacity_bytes=" + std::to_string(weight) +
           " --set memory.output_sram.capacity_bytes=" + std::to_string(output);
  };
  // conv1 and conv2: one pixel of one filter needs 25 codes of 4 bytes (112 with alignment), their
  // weights and a bias.
  expect_refused(options(64, 64, 4096),
                 "112 bytes of /memory/input_sram (has 64; layer conv1), 104 bytes of "
                 "/memory/weight_sram (has 64; layer conv1)");
  expect_refused(options(111, 104, 256), "need 112 bytes of /memory/input_sram (has 111; ");
  expect_refused(options(112, 103, 256), "need 104 bytes of /memory/weight_sram (has 103; ");
  expect_refused("--config edge16 --workload lenet5 --set memory.input_sram.banks=4096",
                 "/memory/input_sram/banks: got 4096");
  expect_refused(
      "--config edge16 --workload lenet5 --set memory.input_sram.capacity_bytes=64 "
      "--set memory.input_sram.banks=512",
      "capacity_bytes: got 64, allowed a capacity_bytes of at least banks x "
      "port_width_bytes: ");
  // A tile that may not cut K holds all of it: conv2's 150 weights of one filter.
  const std::string whole = "--set compiler.split_k=false ";
  expect_refused(options(65536, 64, 65536) + " " + whole, "bytes of /memory/weight_sram (has 64; ");
  expect_refused(options(64, 65536, 65536) + " " + whole, "bytes of /memory/input_sram (has 64; ");
  const Outcome o = systolog("run --quiet --fidelity functional " + options(112, 104, 256));
  EXPECT_EQ(o.status, 0) << o.err;
}

TEST(BadOption, OutputThatIsAFileIsRefusedBeforeAnythingRuns) {
  const Folder folder;
  const fs::path file = folder.write("taken", "mine");
  const Outcome o = systolog("run --config edge16 --workload lenet5 --output " + quoted(file));
  EXPECT_EQ(o.status, 2);
  EXPECT_NE(o.err.find("a folder is needed"), std::string::npos) << o.err;
  EXPECT_EQ(contents(file), "mine");
}

TEST(BadNumbers, OfArithAreNamedWithTheirLine) {
  const auto refused = [](const std::string& arguments, const std::string& input,
                          const std::string& expected) {
    const Outcome o = systolog("arith " + arguments, input);
    EXPECT_EQ(o.status, 2) << arguments << "\n" << input;
    EXPECT_NE(o.err.find(expected), std::string::npos) << o.err << "expected: " << expected;
  };
  refused("mul --format posit:8,0", "40 40\nzz 1\n", "stdin: line 2 \"zz 1\"");
  refused("mul --format posit:8,0", "1ff 1\n", "is not a hex number of 8 bits");
  refused("mul --format posit:8,0", "1\n", "needs two operands");
  refused("add --format posit:8,0", "1 2 3\n", "\"3\" is one operand too many");
  refused("dot --format posit:8,0", "1 2 3\n", "even number of operands");
  refused("convert --format posit:8,0", "one\n", "line 1 \"one\"");
  refused("divide --format posit:8,0", "", "is not one of mul, add, convert, dot");
  refused("mul --format posit:8,9", "", "posit:8,9");
  refused("mul", "", "'--format' is required");
  refused("add --format int:8 --accumulator loa:4", "", "add has none, allowed with dot");
  refused("convert --format posit:8,0 --multiplier plam", "", "allowed with mul and dot");
  using std::string_literals::operator""s;
  refused("mul --format posit:16,1", "5000 5\0\n"s, "\"5?\" is not a hex number of 16 bits");
}

}  // namespace
}  // namespace systolog::cli::test
