// SPDX-License-Identifier: Apache-2.0
#include "sim/accelerator_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/user_error.h"
#include "tests/draw.h"
#include "tests/sim/configs.h"
#include "tests/workloads/support.h"

namespace systolog::sim::test {
namespace {

namespace fs = std::filesystem;
using systolog::test::Draw;
using workloads::test::expect_parts;
using workloads::test::Folder;
using workloads::test::message_of;

class BadConfigs : public testing::TestWithParam<BadConfig> {};
INSTANTIATE_TEST_SUITE_P(Configs, BadConfigs, testing::ValuesIn(bad_configs()),
                         [](const auto& config) { return config.param.name; });

TEST_P(BadConfigs, AreRefusedWithPathValueAndWhatIsAllowed) {
  const std::string message =
      message_of([] { read_accelerator(parse_json(GetParam().text, "edge.json"), "edge.json"); });
  expect_parts(message, GetParam().message);
  EXPECT_TRUE(message.starts_with("edge.json: /")) << message;
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 0) << "one mistake, one line";
}

TEST(AcceleratorConfig, NamesEveryMistakeOfAFile) {
  const Json json = parse_json(R"({"clock_mhz": -1, "array": {"rows": 0, "cols": 3},
                                   "memory": {"dma": 7, "bus": {"width_bytes": "wide"}},
                                   "quantisation": {"weights": "none"}, "extra": 1})",
                               "edge.json");
  const std::string message = message_of([&] { read_accelerator(json, "edge.json"); });
  expect_parts(message, {"edge.json: /clock_mhz: got -1", "edge.json: /array/rows: got 0",
                         "edge.json: /array/cols: unknown name", "edge.json: /memory/dma: got 7",
                         "edge.json: /memory/bus/width_bytes: got \"wide\"",
                         "edge.json: /quantisation/weights: got \"none\"",
                         "edge.json: /extra: unknown name"});
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 6) << "a line each:\n" << message;
}

TEST(AcceleratorConfig, LeftOutFieldsKeepTheirDefaults) {
  EXPECT_EQ(to_json(read_accelerator(Json::object(), "t")), to_json(AcceleratorConfig()));
  const Json json = parse_json(R"({"array": {"rows": 5}})", "t");
  const AcceleratorConfig config = read_accelerator(json, "t");
  EXPECT_EQ(config.array.rows, 5U);
  EXPECT_EQ(config.array.columns, AcceleratorConfig().array.columns);
}

/// Every number of a config at random, within what a reader takes.
AcceleratorConfig random_config(Draw& draw) {
  AcceleratorConfig c;
  const auto number = [&](auto& field, std::uint64_t lowest, std::uint64_t highest) {
    field = static_cast<std::remove_reference_t<decltype(field)>>(draw.between(lowest, highest));
  };
  c.name = "n" + std::to_string(draw.below(1000));
  c.arithmetic = draw.of<std::string>({"posit:8,0/plam", "bf16/exact/fp32", "int:4/exact/int:32"});
  c.clock_mhz = static_cast<double>(draw.between(1, 1'000'000)) / 17.0;
  number(c.array.rows, 1, 4096);
  number(c.array.columns, 1, 4096);
  c.array.dataflow =
      draw.of<pe::Dataflow>({pe::Dataflow::kWeightStationary, pe::Dataflow::kOutputStationary,
                             pe::Dataflow::kInputStationary});
  if (draw.one_in(2)) c.array.fold_overlap = pe::FoldOverlap::kNone;
  number(c.array.pipeline_depth, 1, 64);
  number(c.vector_unit.lanes, 1, 65'536);
  number(c.vector_unit.latency_cycles, 0, 1000);
  for (auto* sram : {&c.input_sram, &c.weight_sram, &c.output_sram}) {
    number(sram->capacity_bytes, 64, std::uint64_t{1} << 30);
    number(sram->port_width_bytes, 1, 65'536);
    number(sram->access_latency_cycles, 0, 1000);
    number(sram->banks, 1, 1024);
    sram->capacity_bytes = std::max(sram->capacity_bytes, sram->bytes_per_cycle());
    number(sram->ports, 1, 10);
    sram->double_buffered = draw.one_in(2);
  }
  c.unified_sram = draw.one_in(3);
  if (c.unified_sram) c.weight_sram = c.output_sram = c.input_sram;
  number(c.dma.burst_bytes, 4, 65'536);
  number(c.dma.outstanding_bursts, 1, 1024);
  number(c.bus.width_bytes, 1, 4096);
  number(c.bus.latency_cycles, 0, 10'000);
  if (draw.one_in(2)) c.bus.arbitration = memory::Arbitration::kFixedPriority;
  if (draw.one_in(2)) {
    c.dram_choice.preset = DramChoice::kSimple;
    number(c.dram.capacity_bytes, 4096, std::uint64_t{1} << 34);
    c.dram.bandwidth_gb_per_s = static_cast<double>(draw.between(1, 1'000'000)) / 13.0;
    c.dram.latency_ns = static_cast<double>(draw.below(1'000'000)) / 7.0;
  } else {
    c.dram_choice.preset = draw.of<std::string>({"DDR3-1600", "DDR4-2400", "HBM2"});
    if (draw.one_in(2)) c.dram_choice.policy = R"({"page":"closed"})";
    if (draw.one_in(2)) c.dram_choice.organisation = R"({"ranks":2})";
  }
  number(c.compiler.batch, 1, 65'536);
  c.compiler.fold_batch_norm = draw.one_in(2);
  c.compiler.fuse_layers = draw.one_in(2);
  c.compiler.objective =
      draw.of<Objective>({Objective::kLatency, Objective::kEnergy, Objective::kDramTraffic});
  if (draw.one_in(2)) c.quantisation.activations = ActivationScheme::kAffine;
  if (draw.one_in(2)) c.quantisation.weights = WeightScheme::kPerChannel;
  return c;
}

TEST(AcceleratorConfig, ReadsBackWhatItsEchoSays) {
  Draw draw(1);
  for (int i = 0; i < 200; ++i) {
    const Json echo = to_json(random_config(draw));
    // Through text, as a report's reader would.
    const AcceleratorConfig read = read_accelerator(parse_json(echo.dump(), "echo"), "echo");
    ASSERT_EQ(to_json(read), echo);
  }
}

TEST(AcceleratorConfig, HasTheDramOfItsPresetAndWhatItChangesOfIt) {
  // The struct's defaults are the default preset's figures.
  const memory::DramDevice standard;
  const auto config = read_accelerator(Json::object(), "t").dram;
  ASSERT_TRUE(config.device);
  const auto& t = config.device->device.timing;
  EXPECT_EQ(t.nrc, standard.device.timing.nrc);
  EXPECT_EQ(t.nrefi, standard.device.timing.nrefi);
  EXPECT_EQ(config.device->power.source, standard.power.source);
  ASSERT_EQ(config.device->power.supplies.size(), 1U);
  EXPECT_EQ(config.device->power.supplies[0].idd4w_ma, standard.power.supplies[0].idd4w_ma);
  EXPECT_EQ(config.capacity_bytes, std::uint64_t{4} << 30);
  // A closed bank: nRCD + nCL + nBL = 36 cycles. A stream: 64 bytes every nCCD_L = 6.
  EXPECT_NEAR(config.latency_ns, 36 * 0.833, 1e-9);
  EXPECT_NEAR(config.bandwidth_gb_per_s, 64 / (6 * 0.833), 1e-9);
  const auto changed = read_accelerator(
      parse_json(R"({"memory": {"dram": {"preset": "HBM2", "organisation": {"channels": 2},
                                         "policy": {"page": "closed", "write_queue": 40}}}})",
                 "t"),
      "t");
  const auto& device = changed.dram.device->device;
  EXPECT_EQ(device.name, "HBM2");
  EXPECT_EQ(device.organisation.channels, 2U);
  EXPECT_EQ(device.policy.page, memory::dram::PagePolicy::kClosed);
  EXPECT_EQ(device.policy.write_queue, 40U);
  EXPECT_FALSE(
      read_accelerator(Json{{"memory", {{"dram", {{"preset", "simple"}}}}}}, "t").dram.device);
}

TEST(AcceleratorConfig, TakesOverridesOnTopOfTheFileInTheirOrder) {
  const Folder folder;
  const fs::path file = folder.write("edge.json", R"({"array": {"rows": 8, "columns": 9}})");
  const auto config = read_accelerator(file, {"array.rows=32", "name=tried", "array.rows=64"});
  EXPECT_EQ(config.array.rows, 64U);
  EXPECT_EQ(config.array.columns, 9U);
  EXPECT_EQ(config.name, "tried");
  expect_parts(message_of([&] { read_accelerator(file, {"array.rows=0"}); }),
               {"edge.json with --set array.rows=0: /array/rows: got 0"});
  expect_parts(message_of([&] { read_accelerator(file, {"array.row=1"}); }),
               {"edge.json with --set array.row=1: /array/row: unknown name", "rows"});
  EXPECT_EQ(read_file(file), R"({"array": {"rows": 8, "columns": 9}})") << "the file stays";
}

TEST(ShippedConfigs, AreReadWithoutAComplaint) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(SYSTOLOG_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() != ".json") continue;
    ++count;
    const auto config = read_accelerator(entry.path());
    EXPECT_EQ(config.name, entry.path().stem().string());
  }
  EXPECT_GE(count, 2);
}

}  // namespace
}  // namespace systolog::sim::test
