// SPDX-License-Identifier: Apache-2.0
// What the program prints and leaves behind when all is well.
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"

namespace systolog::cli::test {
namespace {

using Json = nlohmann::json;

Json run(const std::string& options) {
  const Outcome o = systolog("run --config edge16 --workload lenet5 --json " + options);
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(o.err, "");
  return Json::parse(o.out);
}

TEST(Run, GivesTheSameOutputsAtBothFidelities) {
  for (const auto* arithmetic : {"fp32/exact", "bf16/exact", "int:8/exact", "posit:8,0/exact",
                                 "posit:16,1/exact", "posit:16,1/plam", "fixed:32,16/mitchw:6",
                                 "fixed:32,16/mitchell", "posit:16,1/exact/self"}) {
    const std::string options = std::string("--images 5 --set arithmetic=") + arithmetic;
    const Json timed = run(options + " --fidelity transaction");
    const Json plain = run(options + " --fidelity functional");
    EXPECT_EQ(timed["output_sha256"], plain["output_sha256"]) << arithmetic;
    EXPECT_EQ(timed["accuracy"], plain["accuracy"]) << arithmetic;
    EXPECT_GT(timed["totals"]["cycles"], 0) << arithmetic;
    EXPECT_TRUE(plain["totals"]["cycles"].is_null()) << arithmetic;
  }
}

TEST(Run, ReachesThePublishedAccuracyOnTheShippedImages) {
  const Json report = run("--images 1000 --fidelity functional --set arithmetic=fp32/exact");
  // 928 of 1,000: workloads/networks/README.md.
  EXPECT_DOUBLE_EQ(report["accuracy"]["reference_top1"].get<double>(), 0.928);
  EXPECT_DOUBLE_EQ(report["accuracy"]["top1"].get<double>(), 0.928);
  EXPECT_LT(report["accuracy"]["max_abs_error"].get<double>(), 1e-3);
  for (const auto& [arithmetic, most_lost] :
       {std::pair("posit:16,1/exact", 0.005), std::pair("posit:16,1/plam", 0.005),
        std::pair("int:8/exact", 0.01)}) {
    const Json other =
        run(std::string("--images 1000 --fidelity functional --set arithmetic=") + arithmetic);
    EXPECT_GE(other["accuracy"]["top1"].get<double>(), 0.928 - most_lost) << arithmetic;
  }
}

TEST(Run, DumpsTheProgramToTheConsoleInsteadOfRunningAndToAFileBesidesRunning) {
  const std::string options = "run --config edge16 --workload lenet5 ";
  const Outcome printed = systolog(options + "--dump-program");
  ASSERT_EQ(printed.status, 0) << printed.err;
  EXPECT_EQ(printed.out.find("accuracy"), std::string::npos);
  for (const auto* part : {"# lenet5, int:8/exact/int:32", "\n# layer 0 conv1 (conv)", "\n0 load ",
                           " matmul  input:0x", " vector  write_back ", " after="}) {
    EXPECT_NE(printed.out.find(part), std::string::npos) << part;
  }
  const Folder folder;
  for (const auto* separator : {" ", "="}) {
    const fs::path file = folder / "program.txt";
    const Outcome run = systolog(options + "--dump-program" + separator + quoted(file));
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_NE(run.out.find("accuracy"), std::string::npos);
    EXPECT_EQ(contents(file), printed.out);
    fs::remove(file);
  }
}

TEST(Run, TracesToAFileThatIsWholeJson) {
  const Folder folder;
  const fs::path file = folder / "trace.json";
  const Outcome o = systolog("run --config edge16 --workload lenet5 --trace " + quoted(file));
  ASSERT_EQ(o.status, 0) << o.err;
  const Json trace = Json::parse(contents(file));
  std::vector<std::string> tracks;
  for (const Json& event : trace["traceEvents"]) {
    if (event["name"] == "thread_name") tracks.push_back(event["args"]["name"]);
  }
  EXPECT_EQ(tracks, (std::vector<std::string>{"DMA load", "DMA store", "array", "vector unit",
                                              "bus", "DRAM channel"}));
}

TEST(Run, OfSomeLayersGivesTheirFiguresAndTheReferencesInputs) {
  const Json all = run("--images 2 --set compiler.fuse_layers=false --set arithmetic=fp32/exact");
  const Json some =
      run("--images 2 --set compiler.fuse_layers=false --set arithmetic=fp32/exact "
          "--layers conv2..pool2,fc2");
  ASSERT_EQ(some["layers"].size(), 3U);
  EXPECT_EQ(some["selection"]["of"], all["layers"].size());
  for (const Json& layer : some["layers"]) {
    for (const Json& same : all["layers"]) {
      if (same["name"] != layer["name"]) continue;
      EXPECT_EQ(layer["macs"], same["macs"]);
      EXPECT_EQ(layer["dram"], same["dram"]);
      EXPECT_EQ(layer["tiling"], same["tiling"]);
    }
  }
  // fc2 on the reference's values is fc2's reference but for the order of additions.
  EXPECT_LT(some["accuracy"]["max_abs_error"].get<double>(), 1e-4);
  EXPECT_TRUE(some["accuracy"]["top1"].is_null()) << "labels are of the whole network";
  EXPECT_TRUE(all["selection"].is_null());
  const Json functional =
      run("--images 2 --set compiler.fuse_layers=false --set arithmetic=fp32/exact "
          "--layers conv2..pool2,fc2 --fidelity functional");
  EXPECT_EQ(functional["output_sha256"], some["output_sha256"]);
  // The whole network by name is the whole network.
  const Json whole = run("--images 2 --layers conv1..fc3");
  EXPECT_EQ(whole["output_sha256"], run("--images 2")["output_sha256"]);
  EXPECT_FALSE(whole["accuracy"]["top1"].is_null());
}

TEST(Run, ChoosesTilesByTheObjective) {
  // A DRAM that takes no energy while it waits: else the fastest is the one that takes least.
  const std::string small =
      "--set memory.dram.preset=simple --set arithmetic=fp32/exact --set "
      "memory.input_sram.capacity_bytes=4096 "
      "--set memory.weight_sram.capacity_bytes=4096 --set memory.output_sram.capacity_bytes=4096 "
      "--set compiler.objective=";
  const auto bytes = [](const Json& report) {
    return report["totals"]["dram_bytes"].get<std::uint64_t>();
  };
  const Json latency = run(small + "latency"), traffic = run(small + "dram_traffic"),
             energy = run(small + "energy");
  EXPECT_LT(bytes(traffic), bytes(latency));
  EXPECT_LT(latency["totals"]["cycles"], traffic["totals"]["cycles"]);
  EXPECT_LT(energy["totals"]["energy_pj"], latency["totals"]["energy_pj"]);
  for (const Json& layer : traffic["layers"]) {
    const Json& tiling = layer["tiling"];
    EXPECT_GT(tiling["candidates"], 0);
    EXPECT_GT(tiling["estimate"]["energy_pj"], 0);
    EXPECT_GT(tiling["estimate"]["cycles"], 0);
  }
}

TEST(Run, ReportHasEveryKeyAndAddsUp) {
  const Json r = run("--images 3 --set compiler.batch=2");
  for (const auto* key : {"systolog", "workload", "accelerator", "arithmetic", "fidelity", "images",
                          "layers", "totals", "output_sha256", "accuracy"}) {
    EXPECT_TRUE(r.contains(key)) << key;
  }
  EXPECT_EQ(r["images"], 3);
  EXPECT_EQ(r["totals"]["macs"], 3 * 416'520);  // LeNet-5: sum over layers of M N K
  std::uint64_t cycles = 0, dram = 0;
  double energy = 0;
  for (const Json& layer : r["layers"]) {
    for (const auto* key : {"name", "op", "gemm", "macs", "cycles", "utilization",
                            "mapping_efficiency", "sram", "dram", "energy_pj"}) {
      EXPECT_TRUE(layer.contains(key)) << key;
    }
    for (const auto* key : {"input_reads", "weight_reads", "output_reads", "output_writes"}) {
      EXPECT_TRUE(layer["sram"].contains(key)) << key;
    }
    const Json& c = layer["cycles"];
    EXPECT_EQ(c["total"].get<std::int64_t>(),
              c["compute"].get<std::int64_t>() + c["stall"].get<std::int64_t>());
    std::int64_t stalls = 0;
    for (const auto& [cause, waited] : c["stall_by"].items()) stalls += waited.get<std::int64_t>();
    EXPECT_EQ(c["stall"].get<std::int64_t>(), stalls);
    cycles += c["total"].get<std::uint64_t>();
    dram += layer["dram"]["read_bytes"].get<std::uint64_t>() +
            layer["dram"]["write_bytes"].get<std::uint64_t>();
    const Json& e = layer["energy_pj"];
    double parts = 0;
    for (const auto* part : {"mac", "register", "sram", "dram", "static"}) {
      parts += e.at(part).get<double>();
    }
    EXPECT_NEAR(e["total"].get<double>(), parts, 1e-6 * parts);
    energy += e["total"].get<double>();
  }
  EXPECT_EQ(r["totals"]["cycles"], cycles);
  EXPECT_EQ(r["totals"]["dram_bytes"], dram);
  EXPECT_NEAR(r["totals"]["energy_pj"].get<double>(), energy, 1e-6 * energy);
  EXPECT_NEAR(r["totals"]["seconds"].get<double>(), static_cast<double>(cycles) / 500e6, 1e-12);
}

TEST(Run, TellsWhatTheDramDidForWhichLayer) {
  for (const auto* preset : {"DDR4-2400", "HBM2", "LPDDR4-3200"}) {
    const Json r = run(std::string("--images 3 --set memory.dram.preset=") + preset);
    const Json& dram = r["totals"]["dram"];
    EXPECT_EQ(dram["device"], preset);
    EXPECT_GT(dram["commands"]["refresh"], 0);
    for (const auto* part : {"activate", "read", "write", "refresh", "background"}) {
      double sum = 0;
      for (const Json& layer : r["layers"])
        sum += layer["energy_pj"]["dram_by"][part].get<double>();
      EXPECT_GT(sum, 0) << part;
      EXPECT_NEAR(dram["energy_pj"][part].get<double>(), sum, 1e-6 * sum) << part;
    }
    bool named = false;
    for (const Json& source : r["cost_model"]["sources"]) {
      named = named || source.get<std::string>().starts_with(std::string("DRAM: ") + preset);
    }
    EXPECT_TRUE(named);
  }
  const Json simple = run("--set memory.dram.preset=simple");
  EXPECT_TRUE(simple["totals"]["dram"].is_null());
  EXPECT_GT(simple["layers"][0]["energy_pj"]["dram"], 0);
  const Json plain = run("--fidelity functional");
  EXPECT_TRUE(plain["layers"][0]["energy_pj"]["dram"].is_null()) << "no time, no commands";
}

TEST(Run, BytesOfTheReportAddUpByTensorAndLevel) {
  // Small scratchpads: sums are spilled.
  const Json r = run(
      "--set memory.input_sram.capacity_bytes=1024 --set memory.weight_sram.capacity_bytes=2048 "
      "--set memory.output_sram.capacity_bytes=1024");
  for (const Json& layer : r["layers"]) {
    std::uint64_t read = 0, written = 0;
    for (const auto& [tensor, bytes] : layer["bytes"].items()) {
      read += bytes["dram_read"].get<std::uint64_t>();
      written += bytes["dram_written"].get<std::uint64_t>();
      EXPECT_EQ(bytes["bus"], bytes["dram_read"].get<std::uint64_t>() +
                                  bytes["dram_written"].get<std::uint64_t>())
          << tensor;
    }
    EXPECT_EQ(layer["dram"]["read_bytes"], read);
    EXPECT_EQ(layer["dram"]["write_bytes"], written);
    EXPECT_EQ(layer["bytes"]["partial_sums"]["dram_read"],
              layer["bytes"]["partial_sums"]["dram_written"]);
  }
}

TEST(Run, NarrowScratchpadsAndSingleBuffersSlowTheArrayDown) {
  const auto cycles = [](const std::string& options) {
    return run(options)["totals"]["cycles"].get<std::uint64_t>();
  };
  const std::uint64_t plain = cycles("");
  const Json narrow = run("--set memory.input_sram.port_width_bytes=4");
  EXPECT_GT(narrow["totals"]["cycles"], plain);
  EXPECT_GT(narrow["layers"][0]["cycles"]["stall_by"]["scratchpads"], 0);
  EXPECT_EQ(cycles("--set memory.input_sram.port_width_bytes=16 --set memory.input_sram.banks=4"),
            plain)
      << "four banks of 16 bytes feed as one of 64";
  EXPECT_GT(cycles("--set memory.weight_sram.double_buffered=false"), plain);
}

TEST(Run, LeavesReportAndLayersAndNothingElse) {
  const Folder folder;
  const fs::path output = folder / "a result";
  const Outcome o =
      systolog("run --config edge16 --workload lenet5 --quiet --output " + quoted(output));
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(o.out, "");
  EXPECT_EQ(o.err, "");
  EXPECT_EQ(std::distance(fs::directory_iterator(output), fs::directory_iterator()), 2);
  const Json report = Json::parse(contents(output / "report.json"));
  const std::string csv = contents(output / "layers.csv");
  EXPECT_EQ(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')),
            report["layers"].size() + 1);
  EXPECT_EQ(csv.substr(0, 8), "name,op,");
}

TEST(Run, SaysTheSameTwice) { EXPECT_EQ(run("--images 2"), run("--images 2")); }

TEST(Arith, PrintsBitPatternsOfTheFormat) {
  // posit(16,1): 2 = 0 10 1 0..., 3 = 0 10 1 1 0..., 6 = 0 110 0 1 0...; PLAM(3, 3) = 8.
  EXPECT_EQ(systolog("arith mul --format posit:16,1", "5000 0x5800\n").out, "0x6400\n");
  EXPECT_EQ(systolog("arith mul --format posit:16,1 --multiplier plam", "5800 5800\n").out,
            "0x6800\n");
  EXPECT_EQ(systolog("arith add --format posit:16,1", "5000 4000\n\n4000 c000\n").out,
            "0x5800\n0x0000\n");
  EXPECT_EQ(systolog("arith convert --format posit:8,0", "1\n-0.5\nnan\n0x1p+6\n1e30\n").out,
            "0x40\n0xe0\n0x80\n0x7f\n0x7f\n");
  // int8: -1 * 3 = -3 in 16 bits; Mitchell 3 * 3 = 8.
  EXPECT_EQ(systolog("arith mul --format int:8", "ff 03\n").out, "0xfffd\n");
  EXPECT_EQ(systolog("arith mul --format int:8 --multiplier mitchell", "03 03\n").out, "0x0008\n");
  // 64 * 64 - 64 * 64 + 1 * 1: exact in the quire.
  EXPECT_EQ(systolog("arith dot --format posit:8,0", "7f 7f 7f 81 40 40\n").out, "0x40\n");
}

TEST(Arith, TakesALongStream) {
  std::string input;
  for (int i = 0; i < 200'000; ++i) input += "40 40\n";
  const Outcome o = systolog("arith mul --format posit:8,0", input);
  EXPECT_EQ(o.status, 0);
  EXPECT_EQ(std::count(o.out.begin(), o.out.end(), '\n'), 200'000);
}

TEST(Check, AcceptsWhatShips) {
  const std::string source = SYSTOLOG_SOURCE_DIR;
  const Outcome o =
      systolog("check '" + source + "'/configs/*.json '" + source +
               "'/configs/technology/*.json '" + source + "'/workloads/networks/*.json");
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_NE(o.out.find("416,520"), std::string::npos) << o.out;
}

TEST(Check, TakesNamesOfWhatShipsAsRunDoes) {
  const Outcome o = systolog("check resnet50 edge16");
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_NE(o.out.find("resnet50.json: workload resnet50"), std::string::npos) << o.out;
  EXPECT_NE(o.out.find("edge16.json: accelerator edge16"), std::string::npos) << o.out;
  const Outcome none = systolog("check resnet51");
  EXPECT_EQ(none.status, 2);
  EXPECT_NE(none.err.find("resnet51: no such file, and no workload or config of this name"),
            std::string::npos)
      << none.err;
}

TEST(List, NamesWhatThereIs) {
  EXPECT_NE(systolog("list formats").out.find("posit:N,ES"), std::string::npos);
  EXPECT_NE(systolog("list multipliers").out.find("plam"), std::string::npos);
  EXPECT_NE(systolog("list accumulators").out.find("quire"), std::string::npos);
  EXPECT_NE(systolog("list networks").out.find("lenet5"), std::string::npos);
  EXPECT_NE(systolog("list configs").out.find("edge16"), std::string::npos);
  EXPECT_NE(systolog("list datasets").out.find("Fashion-MNIST"), std::string::npos);
}

TEST(Help, OfEveryCommandHasAnExample) {
  EXPECT_EQ(systolog("--help").status, 0);
  for (const auto* command : {"run", "accuracy", "analyse", "check", "list", "arith"}) {
    const Outcome o = systolog(std::string(command) + " --help");
    EXPECT_EQ(o.status, 0) << command;
    EXPECT_NE(o.out.find("Example"), std::string::npos) << command;
  }
}

TEST(Simd, AnyListedInstructionSetGivesTheSameBytesByOptionOrEnvironment) {
  const Outcome list = systolog("list simd");
  ASSERT_EQ(list.status, 0) << list.err;
  std::istringstream names(list.out);
  const std::string run =
      "run --config edge16 --workload lenet5 --set arithmetic=posit:16,1/exact --json";
  const std::string expected = systolog(run).out;
  EXPECT_NE(expected, "");
  std::string name, last;
  while (names >> name) {
    EXPECT_EQ(systolog(run + " --simd " + name).out, expected) << name;
    last = name;
  }
  EXPECT_EQ(last, "scalar");
  setenv("SYSTOLOG_SIMD", "scalar", 1);
  EXPECT_EQ(systolog(run).out, expected);
  setenv("SYSTOLOG_SIMD", "sse9", 1);
  const Outcome wrong = systolog(run);
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.err.find("SYSTOLOG_SIMD sse9: no such instruction set; allowed here: "), 0U)
      << wrong.err;
  EXPECT_EQ(systolog(run + " --simd " + last).status, 0) << "the option beats the environment";
  unsetenv("SYSTOLOG_SIMD");
}

TEST(Simd, OneThatThisMachineLacksIsRefused) {
  const std::string listed = systolog("list simd").out;
  for (const std::string name : {"avx512_vnni", "avx512", "avx2", "sse4", "neon"}) {
    if (listed.find(name + "\n") != std::string::npos) continue;
    const Outcome o = systolog("arith mul --format bf16 --simd " + name);
    EXPECT_EQ(o.status, 2) << name;
    EXPECT_EQ(o.out, "") << name;
    EXPECT_NE(o.err.find("--simd " + name + ": this machine or build lacks it"), std::string::npos)
        << o.err;
  }
}

}  // namespace
}  // namespace systolog::cli::test
