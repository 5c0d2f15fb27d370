// SPDX-License-Identifier: Apache-2.0
// The cycle formulas, against an array simulated register by register that knows no formula: each
// fold starts at the earliest cycle at which every PE still multiplies with its own weights.
#include <algorithm>
#include <limits>

#include "pe/dataflow.h"
#include "tests/pe/plain_stationary_array.h"
#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

struct Geometry {
  std::size_t rows, columns, m, depth;
};
std::ostream& operator<<(std::ostream& out, const Geometry& g) {
  return out << g.rows << "x" << g.columns << ", M = " << g.m << ", p = " << g.depth;
}

/// When a fold's first weight enters column 0 from above, and its first activation row 0. Row r's
/// weight follows r cycles later, and everything is skewed: column c's weights by c, row r's
/// activations by r.
struct FoldStart {
  std::uint64_t inject, stream;
};

int weight_of(int fold, std::size_t row, std::size_t column) {
  return 1 + static_cast<int>(row * 7 + column * 3) + 5 * fold;
}
int activation_of(int fold, std::size_t m, std::size_t row) {
  return 2 + static_cast<int>(m * 11 + row) - 3 * fold;
}

struct Simulated {
  std::vector<std::string> violations;
  std::uint64_t cycles = 0;  // until the last sum has left
  std::vector<PlainStationaryArray<int>::Arrival> arrivals;
};

/// One port of the array: at most one token a cycle.
template <typename Token>
class Port {
 public:
  explicit Port(std::uint64_t cycles) : tokens_(cycles) {}
  void send(std::uint64_t cycle, Token token, std::vector<std::string>& violations) {
    if (tokens_[cycle]) violations.push_back("two tokens in cycle " + std::to_string(cycle));
    tokens_[cycle] = token;
  }
  const std::optional<Token>& operator[](std::uint64_t cycle) const { return tokens_[cycle]; }

 private:
  std::vector<std::optional<Token>> tokens_;
};

Simulated simulate(const Geometry& g, const std::vector<FoldStart>& folds,
                   bool has_shadow_registers) {
  Simulated run;
  std::uint64_t most = 0;
  for (const FoldStart& f : folds) most = std::max({most, f.inject, f.stream});
  most += g.m + 2 * (g.rows + g.columns) + g.depth;
  std::vector<Port<Weight<int>>> weights(g.columns, Port<Weight<int>>(most));
  std::vector<Port<Activation<int>>> activations(g.rows, Port<Activation<int>>(most));
  for (std::size_t f = 0; f < folds.size(); ++f) {
    const int fold = static_cast<int>(f);
    for (std::size_t r = 0; r < g.rows; ++r) {
      for (std::size_t c = 0; c < g.columns; ++c) {
        weights[c].send(folds[f].inject + r + c, {fold, r, weight_of(fold, r, c)}, run.violations);
      }
      for (std::size_t m = 0; m < g.m; ++m) {
        activations[r].send(folds[f].stream + m + r, {fold, m, activation_of(fold, m, r)},
                            run.violations);
      }
    }
  }
  PlainStationaryArray<int> array(g.rows, g.columns, has_shadow_registers, g.depth);
  std::size_t sums = 0;
  for (std::uint64_t cycle = 0; cycle < most; ++cycle) {
    PlainStationaryArray<int>::Edge edge;
    for (const auto& port : weights) edge.weights.push_back(port[cycle]);
    for (const auto& port : activations) edge.activations.push_back(port[cycle]);
    const auto out = array.clock(edge);
    for (std::size_t c = 0; c < g.columns; ++c) {
      if (!out[c]) continue;
      int expected = 0;
      for (std::size_t r = 0; r < g.rows; ++r) {
        expected += activation_of(out[c]->fold, out[c]->m, r) * weight_of(out[c]->fold, r, c);
      }
      if (out[c]->value != expected) run.violations.push_back("a wrong sum leaves");
      ++sums;
      run.cycles = array.cycles();
    }
  }
  if (sums != folds.size() * g.m * g.columns) run.violations.push_back("a sum is missing");
  run.violations.insert(run.violations.end(), array.violations.begin(), array.violations.end());
  run.arrivals = array.arrivals;
  return run;
}

bool works(const Geometry& g, const std::vector<FoldStart>& folds) {
  return simulate(g, folds, /*has_shadow_registers=*/true).violations.empty();
}

/// The earliest start of one more fold, found by trying; `last` where none by then works.
std::optional<FoldStart> earliest_next(const Geometry& g, const std::vector<FoldStart>& folds,
                                       std::uint64_t last) {
  const std::uint64_t first = folds.empty() ? 0 : folds.back().stream + 1;
  for (std::uint64_t stream = first; stream <= last; ++stream) {
    for (std::uint64_t inject = folds.empty() ? 0 : folds.back().inject + 1; inject <= stream;
         ++inject) {
      auto tried = folds;
      tried.push_back({inject, stream});
      if (works(g, tried)) return tried.back();
    }
  }
  return std::nullopt;
}

ArrayConfig config_of(const Geometry& g, FoldOverlap overlap) {
  return {.rows = u32(g.rows),
          .columns = u32(g.columns),
          .fold_overlap = overlap,
          .pipeline_depth = u32(g.depth)};
}

class FoldSchedule : public testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::size_t kFolds = 3;
  /// Calls check(geometry) for arrays of GetParam() rows.
  template <typename Check>
  void for_each_geometry(Check check) const {
    for (std::size_t columns = 1; columns <= 4; ++columns) {
      for (std::size_t m = 1; m <= 7; ++m) {
        const Geometry g{GetParam(), columns, m, 1 + (m + columns) % 3};
        SCOPED_TRACE(testing::PrintToString(g));
        check(g);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Rows, FoldSchedule, testing::Values(1, 2, 3, 4, 5));

TEST_P(FoldSchedule, DoubleBufferedFoldsFollowAsCloselyAsTheWeightsAllow) {
  for_each_geometry([](const Geometry& g) {
    std::vector<FoldStart> folds;
    for (std::size_t count = 1; count <= kFolds; ++count) {
      const auto next = earliest_next(g, folds, 1000);
      ASSERT_TRUE(next);
      folds.push_back(*next);
      EXPECT_EQ(
          weight_stationary().fold_cycles(config_of(g, FoldOverlap::kDoubleBuffered), count, g.m),
          simulate(g, folds, true).cycles)
          << count << " folds";
    }
  });
}

TEST_P(FoldSchedule, NoInjectionTimeLetsAFoldStartACycleEarlierThanMaxOfMAndR) {
  for_each_geometry([](const Geometry& g) {
    const std::uint64_t period = std::max(g.m, g.rows);
    const FoldStart first{0, g.rows};
    ASSERT_TRUE(works(g, {first, {g.rows, g.rows + period}}));
    EXPECT_FALSE(earliest_next(g, {first}, g.rows + period - 1));
  });
}

TEST_P(FoldSchedule, WithoutOverlapAFoldLoadsWhenTheLastSumOfTheOneBeforeHasLeft) {
  for_each_geometry([](const Geometry& g) {
    std::vector<FoldStart> folds;
    std::uint64_t drained = 0;
    for (std::size_t count = 1; count <= kFolds; ++count) {
      folds.push_back({drained, drained});
      Simulated run = simulate(g, folds, /*has_shadow_registers=*/false);
      while (!run.violations.empty()) {
        ++folds.back().stream;
        run = simulate(g, folds, false);
      }
      drained = run.cycles;
      EXPECT_EQ(weight_stationary().fold_cycles(config_of(g, FoldOverlap::kNone), count, g.m),
                drained)
          << count << " folds";
    }
  });
}

TEST_P(FoldSchedule, TheWeightOfRowRIsInPlaceTwiceRCyclesAfterTheFirstInjection) {
  for_each_geometry([](const Geometry& g) {
    const std::vector<FoldStart> folds{{0, g.rows}, {g.rows, g.rows + std::max(g.m, g.rows)}};
    const Simulated run = simulate(g, folds, true);
    EXPECT_EQ(run.arrivals.size(), folds.size() * g.rows * g.columns);
    for (const auto& [weight, column, cycle] : run.arrivals) {
      EXPECT_EQ(cycle,
                folds[static_cast<std::size_t>(weight.fold)].inject + 2 * weight.row + column);
    }
  });
}

}  // namespace
}  // namespace systolog::pe::test
