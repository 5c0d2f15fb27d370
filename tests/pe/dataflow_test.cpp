// SPDX-License-Identifier: Apache-2.0
// Folds, cycles and counts of the three dataflows: against SCALE-Sim's reports, and against a walk
// through the folds.
#include "pe/dataflow.h"

#include <string>

#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

const auto kDataflowName = [](const auto& flow) {
  return std::string(policy_of(flow.param).name());
};

// --- SCALE-Sim ---------------------------------------------------------------------------------

/// A row of SCALE-Sim's reports in "CALC" mode: layer, dataflow, array, M, N, K, cycles, reads and
/// writes [elements], utilisation and mapping efficiency [%].
struct ScaleSimRow {
  std::string layer;
  Dataflow dataflow;
  std::uint32_t rows, columns;
  std::uint64_t m, n, k, cycles, ifmap, filter, ofmap;
  double utilisation, mapping;
};
constexpr Dataflow kWs = Dataflow::kWeightStationary, kOs = Dataflow::kOutputStationary,
                   kIs = Dataflow::kInputStationary;
const ScaleSimRow kScaleSimRows[] = {
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

std::ostream& operator<<(std::ostream& out, const ScaleSimRow& row) {
  return out << row.layer << ", " << policy_of(row.dataflow).name();
}
class ScaleSim : public testing::TestWithParam<ScaleSimRow> {};
INSTANTIATE_TEST_SUITE_P(Rows, ScaleSim, testing::ValuesIn(kScaleSimRows), [](const auto& row) {
  return row.param.layer + "_" + std::string(policy_of(row.param.dataflow).name());
});

TEST_P(ScaleSim, CountsWhatTheToolReportsButForItsMissingCyclesAndItsExtraWrites) {
  const ScaleSimRow& row = GetParam();
  const ArrayConfig array{.rows = row.rows,
                          .columns = row.columns,
                          .dataflow = row.dataflow,
                          .fold_overlap = FoldOverlap::kNone};
  const Gemm gemm{.m = row.m, .k = row.k, .n = row.n};
  const DataflowPolicy& policy = policy_of(row.dataflow);
  const ArrayCounts counts = policy.counts(array, gemm, /*accumulate=*/false);
  // The tool reports the last cycle's index, and has no cycles for shifting sums out of the array.
  const std::uint64_t drain = row.dataflow == kOs ? row.rows * counts.folds : 0;
  EXPECT_EQ(policy.cycles(array, gemm), row.cycles + 1 + drain);
  EXPECT_EQ(counts.input_reads, row.ifmap);
  EXPECT_EQ(counts.weight_reads, row.filter);
  const std::uint64_t defect = row.dataflow == kOs ? (row.rows + row.columns) * counts.folds : 0;
  EXPECT_EQ(counts.output_writes + defect, row.ofmap);
  // The tool prints four decimals.
  const double pes = static_cast<double>(row.rows) * row.columns;
  EXPECT_NEAR(100.0 * static_cast<double>(counts.macs) / (static_cast<double>(row.cycles) * pes),
              row.utilisation, 5e-5 + 1e-9);
  EXPECT_NEAR(
      100.0 * static_cast<double>(counts.mapped_pes) / (static_cast<double>(counts.folds) * pes),
      row.mapping, 5e-5 + 1e-9);
}

// --- a walk through the folds ------------------------------------------------------------------

class Dataflows : public testing::TestWithParam<Dataflow> {
 protected:
  Draw draw_{6};

  ArrayConfig random_array() {
    return {.rows = u32(draw_.between(1, 9)),
            .columns = u32(draw_.between(1, 9)),
            .dataflow = GetParam(),
            .fold_overlap = draw_.one_in(2) ? FoldOverlap::kNone : FoldOverlap::kDoubleBuffered,
            .pipeline_depth = u32(draw_.between(1, 5))};
  }
  Gemm random_gemm() {
    return {draw_.between(1, 30), draw_.between(1, 30), draw_.between(1, 30), draw_.between(1, 4)};
  }
};
INSTANTIATE_TEST_SUITE_P(All, Dataflows, testing::ValuesIn(kDataflows), kDataflowName);

/// A block of the rows and columns that a fold covers.
struct Fold {
  std::uint64_t first_row, rows, columns;
};

/// Calls visit(fold) for each fold of extents [rows, columns] on an array.
template <typename Visit>
void for_each_fold(const ArrayConfig& array, std::uint64_t groups, std::uint64_t rows,
                   std::uint64_t columns, Visit visit) {
  for (std::uint64_t g = 0; g < groups; ++g) {
    for (std::uint64_t c = 0; c < columns; c += array.columns) {
      for (std::uint64_t r = 0; r < rows; r += array.rows) {
        visit(Fold{r, std::min<std::uint64_t>(array.rows, rows - r),
                   std::min<std::uint64_t>(array.columns, columns - c)});
      }
    }
  }
}

TEST_P(Dataflows, CountWhatAWalkThroughTheFoldsDoes) {
  for (int i = 0; i < 500; ++i) {
    const ArrayConfig array = random_array();
    const Gemm g = random_gemm();
    const bool accumulate = draw_.one_in(2);
    const bool second = array.fold_overlap == FoldOverlap::kDoubleBuffered;
    ArrayCounts e;
    const auto add_fold = [&](const Fold& f, std::uint64_t time) {
      e.folds += 1;
      e.mapped_pes += f.rows * f.columns;
      e.macs += f.rows * f.columns * time;
    };
    if (GetParam() == Dataflow::kOutputStationary) {
      for_each_fold(array, g.groups, g.m, g.n, [&](const Fold& f) {
        add_fold(f, g.k);
        e.input_reads += f.rows * g.k;  // an operand enters its row or column once
        e.weight_reads += f.columns * g.k;
        e.output_writes += f.rows * f.columns;
        e.output_reads += accumulate ? f.rows * f.columns : 0;
        e.operand_register_writes += 2 * f.rows * f.columns * g.k;
        e.sum_register_writes += f.rows * f.columns * g.k;
        for (std::uint64_t r = 0; r < f.rows; ++r) {
          e.sum_register_writes += f.columns * (array.rows - 1 - r + (second ? 1 : 0));
        }
      });
    } else {
      const bool weights_stay = GetParam() == Dataflow::kWeightStationary;
      const std::uint64_t time = weights_stay ? g.m : g.n;
      for_each_fold(array, g.groups, g.k, weights_stay ? g.n : g.m, [&](const Fold& f) {
        add_fold(f, time);
        (weights_stay ? e.weight_reads : e.input_reads) += f.rows * f.columns;
        (weights_stay ? e.input_reads : e.weight_reads) += f.rows * time;
        e.output_writes += time * f.columns;
        // The first fold of a sum starts at zero, unless the command goes on with one.
        if (f.first_row > 0 || accumulate) e.output_reads += time * f.columns;
        e.operand_register_writes += f.rows * f.columns * time;
        for (std::uint64_t r = 0; r < f.rows; ++r) {
          e.operand_register_writes += f.columns * (r + 1 + (second ? 1 : 0));
        }
        e.sum_register_writes += time * f.columns * array.rows;
      });
    }
    const ArrayCounts got = policy_of(GetParam()).counts(array, g, accumulate);
    ASSERT_EQ(got.macs, e.macs);
    ASSERT_EQ(got.folds, e.folds);
    ASSERT_EQ(got.mapped_pes, e.mapped_pes);
    ASSERT_EQ(got.input_reads, e.input_reads);
    ASSERT_EQ(got.weight_reads, e.weight_reads);
    ASSERT_EQ(got.output_reads, e.output_reads);
    ASSERT_EQ(got.output_writes, e.output_writes);
    ASSERT_EQ(got.operand_register_writes, e.operand_register_writes);
    ASSERT_EQ(got.sum_register_writes, e.sum_register_writes);
  }
}

TEST_P(Dataflows, ChargeOneFoldTheSameWithOverlapAndWithout) {
  for (int i = 0; i < 200; ++i) {
    ArrayConfig array = random_array();
    const std::uint64_t time = draw_.between(1, 40);
    const DataflowPolicy& policy = policy_of(GetParam());
    array.fold_overlap = FoldOverlap::kNone;
    const Cycles alone = policy.fold_cycles(array, 1, time);
    EXPECT_EQ(alone, time + 2 * array.rows + array.columns + array.pipeline_depth - 3);
    EXPECT_EQ(policy.fold_cycles(array, 7, time), 7 * alone);
    array.fold_overlap = FoldOverlap::kDoubleBuffered;
    EXPECT_EQ(policy.fold_cycles(array, 1, time), alone);
    const std::uint64_t period = std::max<std::uint64_t>(time, array.rows);
    EXPECT_EQ(policy.fold_cycles(array, 7, time), 6 * period + alone);
  }
}

TEST_P(Dataflows, ChargeEveryGroupItsOwnFolds) {
  for (int i = 0; i < 200; ++i) {
    const ArrayConfig array = random_array();
    Gemm g = random_gemm();
    const DataflowPolicy& policy = policy_of(GetParam());
    const std::uint64_t folds = policy.folds(array, g), groups = g.groups;
    EXPECT_EQ(policy.cycles(array, g), policy.fold_cycles(array, folds, policy.mapping(g).time));
    g.groups = 1;
    EXPECT_EQ(folds, groups * policy.folds(array, g));
  }
}

}  // namespace
}  // namespace systolog::pe::test
