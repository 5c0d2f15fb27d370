// SPDX-License-Identifier: Apache-2.0
// systolog scalesim: a SCALE-Sim user's own files.
#include <algorithm>
#include <string>
#include <utility>

#include "tests/cli/program.h"

namespace systolog::cli::test {
namespace {

const std::string kConfig = R"([general]
run_name = "lenet 8x8"

[architecture_presets]
ArrayHeight:    8
ArrayWidth = 8
  IfmapSramSzkB:   64
filtersramszkb : 64
OfmapSramSzkB:   64
IfmapOffset:    0
FilterOffset:   10000000
OfmapOffset:    20000000
Dataflow : ws
# a comment
MemoryBanks:   1

[sparsity]
SparsitySupport : false

[run_presets]
InterfaceBandwidth: CALC
)";

const std::string kTopology =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides, Sparsity,\r\n"
    "C1, 32, 32, 5, 5, 1, 6, 1, 1:1,\r\n\n"
    " C3 ,\t14, 14,5,5, 6, 16, 1,\n"
    "C5, 5, 5, 5, 5, 16, 120, 1\n"  // no comma at the end
    "F6, 1, 1, 1, 1, 120, 84, 1,\n"
    "OUT, 1, 1, 1, 1, 84, 10, 1,\n";

std::string replaced(std::string text, const std::string& old, const std::string& with) {
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), with);
}

struct Files {
  Folder folder;
  Outcome run(const std::string& config, const std::string& topology,
              const std::string& options = "") const {
    return systolog("scalesim --config " + quoted(folder.write("s.cfg", config)) + " --topology " +
                    quoted(folder.write("t.csv", topology)) + " " + options);
  }
};

TEST(ScaleSim, TakesTheFilesAsTheyAreAndWritesTheToolsReports) {
  const Files files;
  const fs::path out = files.folder / "out";
  const Outcome o = files.run(kConfig, kTopology, "--output " + quoted(out));
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(o.err, "");
  EXPECT_NE(o.out.find("\"lenet 8x8\": 8x8 array, dataflow ws, 5 layers"), std::string::npos);
  EXPECT_NE(o.out.find("ignored [architecture_presets] MemoryBanks, [sparsity] SparsitySupport"),
            std::string::npos)
      << o.out;
  EXPECT_NE(o.out.find("t.csv: ignored column \"Sparsity\""), std::string::npos) << o.out;
  EXPECT_EQ(contents(out / "COMPUTE_REPORT.csv"),
            "LayerID, Total Cycles, Stall Cycles, Overall Util %, Mapping Efficiency %, Compute "
            "Util %,\n"
            "0, 3223, 0, 57.01210052745889, 58.59375, 56.503690036900366,\n"
            "1, 4635, 0, 80.90614886731392, 98.6842105263158, 76.49938800489596,\n"
            "2, 17249, 0, 4.3480781494579395, 100.0, 3.3333333333333335,\n"
            "3, 3794, 0, 4.1512915129151295, 95.45454545454545, 3.1818181818181817,\n"
            "4, 505, 0, 2.599009900990099, 59.65909090909091, 1.9886363636363635,\n");
  const std::string bandwidth = contents(out / "BANDWIDTH_REPORT.csv");
  EXPECT_NE(bandwidth.find("LayerID, Avg IFMAP SRAM BW, Avg FILTER SRAM BW, Avg OFMAP SRAM BW, Avg "
                           "IFMAP DRAM BW, Avg FILTER DRAM BW, Avg OFMAP DRAM BW,\n"),
            std::string::npos);
  // 48,000 weights need more than half of their buffer: that cell is empty, not invented.
  EXPECT_NE(bandwidth.find("\n2, 0.34784625195663516, 2.7827700156530812, 0.34784625195663516, "
                           "6.0606060606060606, , 8.0,\n"),
            std::string::npos)
      << bandwidth;
  const std::string access = contents(out / "DETAILED_ACCESS_REPORT.csv");
  EXPECT_NE(access.find("\n0, 9.0, 3210.0, 19600, 1.0, 2426.0, 150, 15.0, 3221.0, 18816, -131.0, "
                        "-1.0, 1024, -66.0, -1.0, 150, 3223.0, 5574.0, 18816,\n"),
            std::string::npos)
      << access;
  const std::string own = contents(out / "SYSTOLOG_REPORT.csv");
  EXPECT_NE(own.find("\nC1,784,6,25,117600,4,3224,"), std::string::npos) << own;
}

TEST(ScaleSim, ReadsProductsToo) {
  const Files files;
  const std::string gemm = "Layer, M, N, K, \ng7x5x3, 7, 5, 3, 2:4, \n";
  const std::string config = replaced(kConfig, "ArrayWidth = 8", "ArrayWidth = 16");
  const Outcome o = files.run(config, gemm, "--json");
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_NE(o.out.find("\"total_cycles\": 36"), std::string::npos) << o.out;
  EXPECT_NE(o.out.find("ignored column 5"), std::string::npos) << o.out;
  // Without a header that says so, an option does.
  const std::string no_header = "Layer\ng7x5x3, 7, 5, 3,\n";
  EXPECT_EQ(files.run(config, no_header).status, 2);
  EXPECT_EQ(files.run(config, no_header, "--input-type gemm --quiet").status, 0);
}

TEST(ScaleSim, TakesADepthwiseLayerAsOneLayerAChannel) {
  const Files files;
  const std::string header = kTopology.substr(0, kTopology.find('\n') + 1);
  const Outcome o = files.run(kConfig, header + "DP1, 6, 6, 3, 3, 3, 1, 2, 1:1,\n", "--json");
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_NE(o.out.find("\"DP1Channel_2\""), std::string::npos) << o.out;
  // Three layers of 9 MACs for each of ceil(5 / 2)^2 pixels.
  EXPECT_NE(o.out.find("\"macs\": 243"), std::string::npos) << o.out;
}

TEST(ScaleSim, RefusesWhatIsWrongWithFileLineFieldAndValue) {
  const Files files;
  const auto expect = [&](const std::string& config, const std::string& topology,
                          const std::string& message) {
    const fs::path out = files.folder / "out";
    const Outcome o = files.run(config, topology, "--output " + quoted(out));
    EXPECT_EQ(o.status, 2) << message;
    EXPECT_EQ(o.out, "") << message;
    EXPECT_NE(o.err.find(message), std::string::npos) << o.err << "expected " << message;
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
    EXPECT_FALSE(fs::exists(out)) << message;
  };
  const std::pair<std::string, std::string> rows[] = {
      {"C1, 32, 32, 5, 5, 1, 6,", "t.csv: line 2: stride: got nothing, allowed 1 to 1048576"},
      {"C1, 32, 32, five, 5, 1, 6, 1,", "line 2: filter height: got \"five\", allowed 1 to"},
      {"C1, 32, 32, 5, 5, -1, 6, 1,", "line 2: channels: got \"-1\""},
      {"C1, 32, 32, 5, 5, 1, 6, 0,", "line 2: stride: got \"0\""},
      {"C1, 4, 32, 5, 5, 1, 6, 1,",
       "line 2: filter height: got 5, allowed 1 to the IFMAP height, "
       "4"},
      {", 32, 32, 5, 5, 1, 6, 1,", "line 2: layer name: missing"},
      {"C1, 1048576, 1048576, 1, 1, 1048576, 1048576, 1,", "more than 2^50"},
  };
  for (const auto& [row, message] : rows) {
    expect(kConfig, replaced(kTopology, "C1, 32, 32, 5, 5, 1, 6, 1, 1:1,", row), message);
  }
  expect(kConfig, "", "t.csv: no layers");
  expect(kConfig, "Layer name, IFMAP Height,\n", "t.csv: no layers");
  expect(kConfig, "C1, 32, 32, 5, 5, 1, 6, 1,\nC2, 14, 14, 5, 5, 6, 16, 1,\n",
         "line 1: \"32\": a layer's number where the header should be");
  expect(kConfig, "Layer, M, K, N,\ng, 10, 5, 7,\n", "allowed name, M, N, K in this order");
  EXPECT_NE(files.run(kConfig, kTopology, "--input-type gemm").err.find("convolutions, allowed"),
            std::string::npos);
  const std::string topology = kTopology;
  const std::pair<std::string, std::string> lines[] = {
      {"ArrayHeight:    0", "s.cfg: line 5: ArrayHeight: got \"0\", allowed 1 to 65536"},
      {"ArrayHeight:    1000000000", "ArrayHeight: got \"1000000000\", allowed 1 to 65536"},
      {"ArrayHeight:    eight", "ArrayHeight: got \"eight\""},
      {"ArrayHeight", "line 5: \"ArrayHeight\": allowed [section]"},
      {"ArrayWidth: 4", "line 6: ArrayWidth: given twice in [architecture_presets]"},
      {"Height: 8", "s.cfg: [architecture_presets] ArrayHeight: missing"},
  };
  for (const auto& [line, message] : lines) {
    expect(replaced(kConfig, "ArrayHeight:    8", line), topology, message);
  }
  expect(replaced(kConfig, "Dataflow : ws", "Dataflow : nvdla"), topology,
         "line 13: Dataflow: got \"nvdla\", allowed os, ws, is");
  expect(replaced(kConfig, "CALC", "FAST"), topology,
         "InterfaceBandwidth: got \"FAST\", allowed CALC, USER");
  EXPECT_EQ(systolog("scalesim --config /nowhere.cfg --topology alexnet").status, 2);
}

}  // namespace
}  // namespace systolog::cli::test
