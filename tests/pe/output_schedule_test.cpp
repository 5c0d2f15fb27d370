// SPDX-License-Identifier: Apache-2.0
// The cycle formulas of the output-stationary dataflow, against an array simulated PE by PE that
// knows no formula: folds start, and columns shift, at the earliest cycles at which nothing is
// lost.
#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "pe/dataflow.h"
#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

struct Geometry {
  std::size_t rows, columns, k, depth;
};
std::ostream& operator<<(std::ostream& out, const Geometry& g) {
  return out << g.rows << "x" << g.columns << ", K = " << g.k << ", p = " << g.depth;
}

/// When a fold's first operands enter row 0 and column 0, and when column 0 begins to shift.
struct FoldStart {
  std::uint64_t stream, shift;
};

/// An operand, or a product in a unit's pipeline.
struct Operand {
  int fold = 0;
  std::size_t k = 0;
};
struct Result {
  int fold = 0;
  std::size_t row = 0;
};

class OutputArray {
 public:
  OutputArray(const Geometry& g, bool has_result_registers)
      : g_(g), separate_(has_result_registers), pes_(g.rows * g.columns) {
    for (Pe& pe : pes_) pe.pipeline.resize(g.depth - 1);
  }

  /// One cycle of the folds' schedule; returns the results that leave the last row.
  std::vector<Result> clock(std::uint64_t cycle, const std::vector<FoldStart>& folds) {
    std::vector<Result> left;
    const std::vector<Pe> before = pes_;
    for (std::size_t r = g_.rows; r-- > 0;) {
      for (std::size_t c = 0; c < g_.columns; ++c) shift(r, c, cycle, folds, left);
    }
    for (std::size_t r = 0; r < g_.rows; ++r) {
      for (std::size_t c = 0; c < g_.columns; ++c) {
        Pe& pe = at(r, c);
        pe.a = c == 0 ? sent(cycle, r, folds) : before[r * g_.columns + c - 1].a;
        pe.w = r == 0 ? sent(cycle, c, folds) : before[(r - 1) * g_.columns + c].w;
        if (pe.a.has_value() != pe.w.has_value() ||
            (pe.a && (pe.a->fold != pe.w->fold || pe.a->k != pe.w->k))) {
          violations.push_back("operands miss each other");
        }
        pe.pipeline.push_back(pe.a);
        add(pe, r, pe.pipeline.front());
        pe.pipeline.pop_front();
      }
    }
    return left;
  }

  std::vector<std::string> violations;

 private:
  struct Pe {
    std::optional<Operand> a, w;
    std::deque<std::optional<Operand>> pipeline;
    std::optional<int> summing;    // fold whose sum is not finished
    std::optional<Result> result;  // in a register of its own, or in the sum's
  };
  Pe& at(std::size_t r, std::size_t c) { return pes_[r * g_.columns + c]; }

  std::optional<Operand> sent(std::uint64_t cycle, std::size_t skew,
                              const std::vector<FoldStart>& folds) const {
    for (std::size_t f = 0; f < folds.size(); ++f) {
      const std::uint64_t first = folds[f].stream + skew;
      if (cycle >= first && cycle < first + g_.k)
        return Operand{static_cast<int>(f), cycle - first};
    }
    return std::nullopt;
  }

  /// Row r hands on its own result and the r ones from above.
  void shift(std::size_t r, std::size_t c, std::uint64_t cycle, const std::vector<FoldStart>& folds,
             std::vector<Result>& left) {
    for (std::size_t f = 0; f < folds.size(); ++f) {
      const std::uint64_t first = folds[f].shift + c;
      if (cycle < first || cycle > first + r) continue;
      Pe& pe = at(r, c);
      if (!pe.result || pe.result->fold != static_cast<int>(f)) {
        violations.push_back("nothing of this fold to shift");
        continue;
      }
      if (r + 1 == g_.rows) {
        left.push_back(*pe.result);
      } else {
        put(at(r + 1, c), *pe.result);
      }
      pe.result.reset();
    }
  }

  void put(Pe& pe, const Result& result) {
    if (pe.result) violations.push_back("a result is run over");
    if (!separate_ && pe.summing) violations.push_back("a sum is run over");
    pe.result = result;
  }

  void add(Pe& pe, std::size_t row, const std::optional<Operand>& product) {
    if (!product) return;
    if (product->k == 0) {
      if (pe.summing) violations.push_back("a sum is not finished");
      if (!separate_ && pe.result) violations.push_back("a result is summed over");
      pe.summing = product->fold;
    }
    if (pe.summing != product->fold) violations.push_back("a product of another fold");
    if (product->k + 1 < g_.k) return;
    pe.summing.reset();
    put(pe, {product->fold, row});
  }

  Geometry g_;
  bool separate_;
  std::vector<Pe> pes_;
};

struct Simulated {
  bool works = true;
  std::uint64_t cycles = 0;  // until the last result has left
};

Simulated simulate(const Geometry& g, const std::vector<FoldStart>& folds, bool separate) {
  Simulated run;
  OutputArray array(g, separate);
  const std::uint64_t last =
      folds.back().stream + folds.back().shift + g.k + 2 * g.rows + g.columns + g.depth;
  std::size_t results = 0;
  for (std::uint64_t cycle = 0; cycle <= last; ++cycle) {
    for (const Result& r : array.clock(cycle, folds)) {
      // Folds ascending, the last row's first.
      const std::size_t f = static_cast<std::size_t>(r.fold);
      run.works = run.works && f < folds.size() && r.row < g.rows;
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
