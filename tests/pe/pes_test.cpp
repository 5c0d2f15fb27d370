// SPDX-License-Identifier: Apache-2.0
// The register planes of the weight-stationary PEs, clock by clock, against PEs simulated one by
// one (plain_stationary_array.h); and that a fold which comes a cycle early goes wrong.
#include <algorithm>
#include <memory>

#include "pe/stationary_pes.h"
#include "tests/pe/plain_stationary_array.h"
#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

/// When a fold's operands begin to load into column 0, and when row 0 gets its first activation.
struct FoldStart {
  std::uint64_t inject, stream;
};
int weight_of(std::size_t fold, std::size_t row, std::size_t column) {
  return 1 + static_cast<int>(row * 7 + column * 3 + 5 * fold);
}
int activation_of(std::size_t fold, std::size_t m, std::size_t row) {
  return 2 + static_cast<int>(m * 11 + row) - 3 * static_cast<int>(fold);
}

/// What left the array: cycle, column, value.
using Left = std::vector<std::tuple<std::uint64_t, std::size_t, std::int64_t>>;

struct Case {
  std::size_t rows, columns, m, depth;
  std::vector<FoldStart> folds;
  std::uint64_t cycles() const { return folds.back().stream + m + 2 * (rows + columns) + depth; }
  /// What row r is sent in a cycle: fold and m.
  std::optional<std::pair<std::size_t, std::size_t>> streamed(std::uint64_t cycle,
                                                              std::size_t r) const {
    for (std::size_t f = 0; f < folds.size(); ++f) {
      const std::uint64_t first = folds[f].stream + r;
      if (cycle >= first && cycle < first + m) return std::pair{f, cycle - first};
    }
    return std::nullopt;
  }
  /// What column c loads in a cycle: fold and how many rows came before.
  std::optional<std::pair<std::size_t, std::size_t>> loaded(std::uint64_t cycle,
                                                            std::size_t c) const {
    for (std::size_t f = 0; f < folds.size(); ++f) {
      const std::uint64_t first = folds[f].inject + c;
      if (cycle >= first && cycle < first + rows) return std::pair{f, cycle - first};
    }
    return std::nullopt;
  }
};

Left one_by_one(const Case& t, bool& works) {
  PlainStationaryArray<int> array(t.rows, t.columns, /*has_shadow_registers=*/true, t.depth);
  Left left;
  for (std::uint64_t cycle = 0; cycle < t.cycles(); ++cycle) {
    PlainStationaryArray<int>::Edge edge;
    for (std::size_t c = 0; c < t.columns; ++c) {
      std::optional<Weight<int>> weight;  // row 0 first
      if (const auto w = t.loaded(cycle, c)) {
        weight =
            Weight<int>{static_cast<int>(w->first), w->second, weight_of(w->first, w->second, c)};
      }
      edge.weights.push_back(weight);
    }
    for (std::size_t r = 0; r < t.rows; ++r) {
      std::optional<Activation<int>> activation;
      if (const auto a = t.streamed(cycle, r)) {
        activation = Activation<int>{static_cast<int>(a->first), a->second,
                                     activation_of(a->first, a->second, r)};
      }
      edge.activations.push_back(activation);
    }
    const auto out = array.clock(edge);
    for (std::size_t c = 0; c < t.columns; ++c) {
      if (out[c]) left.emplace_back(cycle, c, out[c]->value);
    }
  }
  works = array.violations.empty();
  return left;
}

Left by_planes(const Case& t) {
  const auto arithmetic = models::make_arithmetic("int:16/exact/int:32");
  const auto lanes = arithmetic->mac_lanes();
  const ArrayConfig config{
      .rows = u32(t.rows), .columns = u32(t.columns), .pipeline_depth = u32(t.depth)};
  StationaryPes pes(config, *lanes, StationaryPes::Stays::kWeights);
  StationaryPes::Edge edge(config, lanes->operand_bytes());
  const auto operand = [&](int value, std::byte* to) {
    const auto code = static_cast<std::int16_t>(value);
    lanes->decode(reinterpret_cast<const std::byte*>(&code), 1, to);
  };
  Left left;
  for (std::uint64_t cycle = 0; cycle < t.cycles(); ++cycle) {
    for (std::size_t r = 0; r < t.rows; ++r) {
      const auto a = t.streamed(cycle, r);
      operand(a ? activation_of(a->first, a->second, r) : 0,
              edge.moving.data() + r * lanes->operand_bytes());
      edge.valid.set(0, r, a.has_value());
      edge.enabled.set(0, r, a.has_value());
      edge.first.set(0, r, a && a->second == 0);
    }
    for (std::size_t c = 0; c < t.columns; ++c) {
      const auto w = t.loaded(cycle, c);
      edge.load.set(0, c, w.has_value());
      operand(w ? weight_of(w->first, t.rows - 1 - w->second, c) : 0,  // the last row first
              edge.loaded.data() + c * lanes->operand_bytes());
    }
    pes.clock(edge);
    pes.finished().for_each(t.rows - 1, [&](std::size_t c) {
      left.emplace_back(cycle, c, static_cast<std::int64_t>(lanes->sum_value(pes.sum(c))));
    });
  }
  EXPECT_TRUE(pes.drained());
  return left;
}

class Pes : public testing::Test {
 protected:
  Draw draw_{5};
  Case random_case() {
    return {draw_.between(1, 6), draw_.between(1, 6), draw_.between(1, 8), draw_.between(1, 4), {}};
  }
};

TEST_F(Pes, LetTheSameSumsLeaveInTheSameCyclesAsPesSimulatedOneByOne) {
  for (int i = 0; i < 200; ++i) {
    Case t = random_case();
    std::uint64_t inject = draw_.below(3), stream = 0;
    for (int f = 0; f < 4; ++f) {
      // As early as may be, or some cycles later.
      stream = std::max(inject + t.rows, f == 0 ? 0 : stream + t.m) + draw_.below(3);
      t.folds.push_back({inject, stream});
      inject = std::max(stream, inject + t.rows) + draw_.below(3);
    }
    bool works = false;
    const Left expected = one_by_one(t, works);
    ASSERT_TRUE(works);
    ASSERT_EQ(expected.size(), 4 * t.m * t.columns);
    ASSERT_EQ(by_planes(t), expected) << t.rows << "x" << t.columns << ", M " << t.m;
  }
}

TEST_F(Pes, GoWrongIfAFoldLoadsOrStreamsACycleEarly) {
  int cases = 0;
  for (int i = 0; i < 100; ++i) {
    Case t = random_case();
    if (t.m >= t.rows) continue;  // the left edge, not the shadows, would be in the way
    const std::uint64_t r = t.rows;
    t.folds = {{0, r}, {r, 2 * r}};
    const Left right = by_planes(t);
    for (const FoldStart early : {FoldStart{r, 2 * r - 1}, FoldStart{r - 1, 2 * r - 1}}) {
      t.folds[1] = early;
      bool works = true;
      one_by_one(t, works);
      EXPECT_FALSE(works);
      Left got = by_planes(t);
      const auto by_value = [](Left left) {
        std::vector<std::int64_t> values;
        for (const auto& [cycle, column, value] : left) values.push_back(value);
        std::sort(values.begin(), values.end());
        return values;
      };
      EXPECT_NE(by_value(got), by_value(right)) << t.rows << "x" << t.columns << ", M " << t.m;
      ++cases;
    }
  }
  EXPECT_GT(cases, 20);
}

}  // namespace
}  // namespace systolog::pe::test
