// SPDX-License-Identifier: Apache-2.0
// The cycle formulas of the output-stationary dataflow, against an array simulated PE by PE that
// knows no formula: folds start, and columns shift, at the earliest cycles at which nothing is
// lost.
#include <algorithm>
#include <optional>
#include <vector>

#include "pe/dataflow.h"
#include "tests/pe/plain_output_array.h"
#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

using Geometry = OutputGeometry;
using FoldStart = OutputFoldStart;

struct Simulated {
  bool works = true;
  std::uint64_t cycles = 0;  // until the last result has left
};

Simulated simulate(const Geometry& g, const std::vector<FoldStart>& folds, bool separate) {
  Simulated run;
  const auto operand = [](int fold, std::size_t i, std::size_t k) {
    return 2 + static_cast<int>(3 * i + 5 * k) - 7 * fold;
  };
  PlainOutputArray<int> array(g, separate, operand, operand);
  const std::uint64_t last =
      folds.back().stream + folds.back().shift + g.k + 2 * g.rows + g.columns + g.depth;
  std::size_t results = 0;
  for (std::uint64_t cycle = 0; cycle <= last; ++cycle) {
    for (const Result<int>& r : array.clock(cycle, folds)) {
      // Folds ascending, the last row's first.
      const std::size_t f = static_cast<std::size_t>(r.fold);
      int expected = 0;
      for (std::size_t k = 0; k < g.k; ++k) {
        expected += operand(r.fold, r.row, k) * operand(r.fold, r.column, k);
      }
      run.works = run.works && f < folds.size() && r.row < g.rows && r.value == expected;
      ++results;
      run.cycles = cycle + 1;
    }
  }
  run.works = run.works && array.violations.empty() && results == folds.size() * g.rows * g.columns;
  return run;
}

/// The earliest start of one more fold not before `first`, and its earliest shift; none by `last`.
std::optional<FoldStart> earliest(const Geometry& g, std::vector<FoldStart> folds,
                                  std::uint64_t first, std::uint64_t last, bool separate) {
  for (std::uint64_t stream = first; stream <= last; ++stream) {
    for (std::uint64_t shift = stream; shift <= stream + g.k + 2 * g.rows + g.depth; ++shift) {
      folds.push_back({stream, shift});
      if (simulate(g, folds, separate).works) return folds.back();
      folds.pop_back();
    }
  }
  return std::nullopt;
}

ArrayConfig config_of(const Geometry& g, FoldOverlap overlap) {
  return {.rows = u32(g.rows),
          .columns = u32(g.columns),
          .dataflow = Dataflow::kOutputStationary,
          .fold_overlap = overlap,
          .pipeline_depth = u32(g.depth)};
}

class OutputSchedule : public testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::size_t kFolds = 3;
  template <typename Check>
  void for_each_geometry(Check check) const {
    for (std::size_t columns = 1; columns <= 3; ++columns) {
      for (std::size_t k = 1; k <= 6; ++k) {
        const Geometry g{GetParam(), columns, k, 1 + (k + columns) % 3};
        SCOPED_TRACE(testing::PrintToString(g));
        check(g);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Rows, OutputSchedule, testing::Values(1, 2, 3, 4));

TEST_P(OutputSchedule, DoubleBufferedFoldsFollowAsCloselyAsOperandsAndResultsAllow) {
  for_each_geometry([](const Geometry& g) {
    std::vector<FoldStart> folds;
    for (std::size_t count = 1; count <= kFolds; ++count) {
      const auto next = earliest(g, folds, folds.empty() ? 0 : folds.back().stream + 1, 100, true);
      ASSERT_TRUE(next);
      folds.push_back(*next);
      EXPECT_EQ(
          output_stationary().fold_cycles(config_of(g, FoldOverlap::kDoubleBuffered), count, g.k),
          simulate(g, folds, true).cycles)
          << count << " folds";
    }
  });
}

TEST_P(OutputSchedule, NoFoldCanStartACycleEarlierThanMaxOfKAndR) {
  for_each_geometry([](const Geometry& g) {
    const std::uint64_t period = std::max(g.k, g.rows);
    const auto first = earliest(g, {}, 0, 0, true);
    ASSERT_TRUE(first);
    EXPECT_TRUE(earliest(g, {*first}, period, period, true));
    EXPECT_FALSE(earliest(g, {*first}, 1, period - 1, true));
  });
}

TEST_P(OutputSchedule, WithoutOverlapAFoldStartsWhenTheLastResultOfTheOneBeforeHasLeft) {
  for_each_geometry([](const Geometry& g) {
    std::vector<FoldStart> folds;
    std::uint64_t drained = 0;
    for (std::size_t count = 1; count <= kFolds; ++count) {
      const auto next = earliest(g, folds, drained, drained, /*separate=*/false);
      ASSERT_TRUE(next);
      folds.push_back(*next);
      drained = simulate(g, folds, false).cycles;
      EXPECT_EQ(output_stationary().fold_cycles(config_of(g, FoldOverlap::kNone), count, g.k),
                drained)
          << count << " folds";
    }
  });
}

}  // namespace
}  // namespace systolog::pe::test
