// SPDX-License-Identifier: Apache-2.0
#include "sim/scalesim_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <set>
#include <string>

#include "tests/draw.h"

namespace systolog::sim::scalesim::test {
namespace {

constexpr Dataflow kOs = Dataflow::kOutputStationary, kWs = Dataflow::kWeightStationary,
                   kIs = Dataflow::kInputStationary;

Architecture array(std::uint64_t rows, std::uint64_t columns, Dataflow dataflow) {
  return {"run", rows, columns, 64, 64, 64, dataflow, false};
}

// --- what SCALE-Sim v2 and v3 print, unmodified, CALC mode, 64 kB buffers
// -------------------------
struct Measured {
  const char* layer;
  Dataflow dataflow;
  std::uint64_t rows, columns, m, n, k;
  std::uint64_t cycles, ifmap, filter, ofmap;
  double util, mapping;  // percent, four decimals
};
void PrintTo(const Measured& row, std::ostream* out) {
  *out << row.layer << " dataflow " << static_cast<int>(row.dataflow);
}

constexpr Measured kMeasured[] = {
    {"g1x1x1", kWs, 8, 16, 1, 1, 1, 30, 1, 1, 1, 0.026, 0.7812},
    {"g7x5x3", kWs, 8, 16, 7, 5, 3, 36, 21, 15, 35, 2.2786, 11.7188},
    {"g17x33x65", kWs, 8, 16, 17, 33, 65, 1268, 3315, 2145, 5049, 22.4671, 62.066},
    {"C1", kWs, 8, 8, 784, 6, 25, 3223, 19600, 150, 18816, 57.0121, 58.5938},
    {"C3", kWs, 8, 8, 100, 16, 150, 4635, 30000, 2400, 30400, 80.9061, 98.6842},
    {"C5", kWs, 8, 8, 1, 120, 400, 17249, 6000, 48000, 6000, 4.3481, 100.0},
    {"F6", kWs, 8, 8, 1, 84, 120, 3794, 1320, 10080, 1260, 4.1513, 95.4545},
    {"OUT", kWs, 8, 8, 1, 10, 84, 505, 168, 840, 110, 2.599, 59.6591},
    {"g1x1x1", kOs, 8, 16, 1, 1, 1, 22, 1, 1, 25, 0.0355, 0.7812},
    {"g17x33x65", kOs, 8, 16, 17, 33, 65, 782, 3315, 6435, 777, 36.43, 48.6979},
    {"C1", kOs, 8, 8, 784, 6, 25, 3821, 19600, 14700, 6272, 48.0895, 75.0},
    {"C3", kOs, 8, 8, 100, 16, 150, 4263, 30000, 31200, 2016, 87.9662, 96.1538},
    {"C5", kOs, 8, 8, 1, 120, 400, 6209, 6000, 48000, 360, 12.0792, 12.5},
    {"g17x33x65", kIs, 8, 16, 17, 33, 65, 1133, 1105, 4290, 5049, 25.1441, 47.9601},
    {"C1", kIs, 8, 8, 784, 6, 25, 10975, 19600, 14700, 18816, 16.7426, 78.125},
    {"C3", kIs, 8, 8, 100, 16, 150, 9385, 15000, 31200, 30400, 39.9574, 94.8887},
    {"C5", kIs, 8, 8, 1, 120, 400, 7099, 400, 48000, 6000, 10.5649, 12.5},
};

class ScaleSimRow : public testing::TestWithParam<Measured> {};
INSTANTIATE_TEST_SUITE_P(Measured, ScaleSimRow, testing::ValuesIn(kMeasured));

TEST_P(ScaleSimRow, IsWhatTheToolReports) {
  const Measured& row = GetParam();
  const ToolReport report =
      tool_report({row.layer, row.m, row.n, row.k, {}}, array(row.rows, row.columns, row.dataflow));
  EXPECT_EQ(report.total_cycles, row.cycles);
  EXPECT_EQ(report.stall_cycles, 0U);
  EXPECT_EQ(report.ifmap.accesses, row.ifmap);
  EXPECT_EQ(report.filter.accesses, row.filter);
  EXPECT_EQ(report.ofmap.accesses, row.ofmap);
  EXPECT_NEAR(report.overall_util, row.util, 0.51e-4);
  EXPECT_NEAR(report.mapping_efficiency, row.mapping, 0.51e-4);
}

TEST_P(ScaleSimRow, OurCountHasTheLastCycleAndTheDrainInIt) {
  const Measured& row = GetParam();
  const Layer layer{row.layer, row.m, row.n, row.k, {}};
  const OwnReport own = own_report(layer, array(row.rows, row.columns, row.dataflow));
  const std::uint64_t drain = row.dataflow == kOs ? own.folds * row.rows : 0;
  EXPECT_EQ(own.cycles, row.cycles + 1 + drain);
  EXPECT_EQ(own.ofmap_writes - own.ofmap_reads, row.m * row.n) << "each output once at the end";
}

// --- the demands of every PE column and row, cycle by cycle --------------------------------------

/// Which cycles of one operand's port are busy, and how many accesses there are.
struct Port {
  std::set<std::uint64_t> cycles;
  std::uint64_t accesses = 0;
  void access(std::uint64_t cycle) {
    cycles.insert(cycle);
    ++accesses;
  }
};
struct Ports {
  Port ifmap, filter, ofmap;
  std::uint64_t folds = 0, last_cycle = 0;
  double used = 0, compute = 0;
};

/// Every access of a layer, fold by fold, lane by lane: lane i of a streamed operand starts i
/// cycles after lane 0.
Ports walk(const Layer& layer, const Architecture& a) {
  const bool os = a.dataflow == kOs;
  const std::uint64_t on_rows = os ? layer.m : layer.k;
  const std::uint64_t on_columns = a.dataflow == kIs ? layer.m : layer.n;
  const std::uint64_t time = os ? layer.k : a.dataflow == kWs ? layer.m : layer.n;
  const std::uint64_t fold_cycles = (os ? 0 : a.rows) + time + a.rows - 1 + a.columns - 1;
  Ports p;
  Port& rows_in = a.dataflow == kIs ? p.filter : p.ifmap;
  Port& other = a.dataflow == kIs ? p.ifmap : p.filter;
  std::uint64_t start = 0;
  for (std::uint64_t c0 = 0; c0 < on_columns; c0 += a.columns) {
    for (std::uint64_t r0 = 0; r0 < on_rows; r0 += a.rows, start += fold_cycles, ++p.folds) {
      const std::uint64_t rows = std::min(a.rows, on_rows - r0);
      const std::uint64_t columns = std::min(a.columns, on_columns - c0);
      for (std::uint64_t r = 0; r < rows; ++r) {
        for (std::uint64_t t = 0; t < time; ++t) {
          rows_in.access(start + (os ? 0 : a.rows) + r + t + 1);  // answered a cycle later
        }
      }
      for (std::uint64_t c = 0; c < columns; ++c) {
        if (os) {
          for (std::uint64_t t = 0; t < time; ++t) other.access(start + c + t + 1);
          for (std::uint64_t r = 0; r < rows; ++r) {
            p.ofmap.access(start + time - 1 + (a.rows - 1 - r) + c);
          }
        } else {
          for (std::uint64_t r = 0; r < rows; ++r) other.access(start + (a.rows - 1 - r) + 1);
          for (std::uint64_t t = 0; t < time; ++t) p.ofmap.access(start + 2 * a.rows - 1 + t + c);
        }
      }
      p.used += static_cast<double>(rows * columns);
    }
  }
  p.last_cycle = start - 1;
  return p;
}

TEST(ScaleSimModel, StartsAndStopsWhereAWalkOverEveryAccessDoes) {
  systolog::test::Draw draw(1);
  for (int i = 0; i < 300; ++i) {
    const auto pick = [&](std::uint64_t most) { return draw.between(1, most); };
    const Layer layer{"layer", pick(20), pick(20), pick(20), {}};
    const Dataflow dataflow = std::array{kOs, kWs, kIs}[draw.below(3)];
    const Architecture a = array(pick(7), pick(7), dataflow);
    const Ports walked = walk(layer, a);
    const ToolReport report = tool_report(layer, a);
    const std::string at = "m " + std::to_string(layer.m) + " n " + std::to_string(layer.n) +
                           " k " + std::to_string(layer.k) + " on " + std::to_string(a.rows) + "x" +
                           std::to_string(a.columns) + " dataflow " +
                           std::to_string(static_cast<int>(dataflow));
    ASSERT_EQ(report.total_cycles, walked.last_cycle) << at;
    const auto expect = [&](const Stream& stream, const Port& port, std::uint64_t defect) {
      ASSERT_EQ(stream.start, *port.cycles.begin()) << at;
      ASSERT_EQ(stream.stop, *port.cycles.rbegin()) << at;
      ASSERT_EQ(stream.accesses, port.accesses + defect) << at;
    };
    expect(report.ifmap, walked.ifmap, 0);
    expect(report.filter, walked.filter, 0);
    expect(report.ofmap, walked.ofmap, dataflow == kOs ? (a.rows + a.columns) * walked.folds : 0);
    ASSERT_NEAR(report.mapping_efficiency,
                100 * walked.used / static_cast<double>(walked.folds * a.rows * a.columns), 1e-9);
  }
}

// --- DRAM
// ------------------------------------------------------------------------------------------

TEST(ScaleSimDram, WhatFitsHalfABufferIsReadOnceTenWordsACycleBeforeTheFirst) {
  // 64 kB: hundredths of 655 words; 1,024 inputs fill two of them, 150 weights one.
  const ToolReport report = tool_report({"C1", 784, 6, 25, 1024}, array(8, 8, kWs));
  ASSERT_TRUE(report.ifmap.dram && report.filter.dram);
  EXPECT_EQ(report.ifmap.dram->words, 1024U);
  EXPECT_EQ(report.ifmap.dram->start, -131);  // 1,310 words
  EXPECT_EQ(report.ifmap.dram->stop, -1);
  EXPECT_EQ(report.filter.dram->start, -66);
  EXPECT_EQ(report.filter.dram->words, 150U);
}

TEST(ScaleSimDram, WhatDoesNotFitIsLeftOpen) {
  const std::uint64_t most = 50 * 655 - 1;
  for (const std::uint64_t words : {most, most + 1}) {
    const ToolReport report = tool_report({"layer", 1, 1, 1, words}, array(8, 8, kWs));
    EXPECT_EQ(report.ifmap.dram.has_value(), words == most) << words;
  }
  EXPECT_FALSE(tool_report({"overhanging", 1, 1, 1, {}}, array(8, 8, kWs)).ifmap.dram);
}

TEST(ScaleSimDram, OutputsOfMoreThanHalfABufferLeaveStallsOpen) {
  const ToolReport fits = tool_report({"layer", 32768, 1, 1, {}}, array(8, 8, kWs));
  ASSERT_TRUE(fits.ofmap.dram);
  EXPECT_EQ(fits.stall_cycles, 0U);
  EXPECT_EQ(fits.ofmap.dram->words, 32768U);
  EXPECT_EQ(fits.ofmap.dram->stop - fits.ofmap.dram->start + 1, 32768 / 8);
  const ToolReport does_not = tool_report({"layer", 32769, 1, 1, {}}, array(8, 8, kWs));
  EXPECT_FALSE(does_not.ofmap.dram);
  EXPECT_FALSE(does_not.stall_cycles);
}

TEST(ScaleSimDram, IsLeftOpenWithTheUsersBandwidth) {
  Architecture a = array(8, 8, kWs);
  a.user_bandwidth = true;
  const ToolReport report = tool_report({"C1", 784, 6, 25, 1024}, a);
  EXPECT_EQ(report.total_cycles, 3223U);
  EXPECT_FALSE(report.stall_cycles);
  EXPECT_FALSE(report.ifmap.dram || report.filter.dram || report.ofmap.dram);
}

}  // namespace
}  // namespace systolog::sim::scalesim::test
