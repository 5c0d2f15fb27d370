// SPDX-License-Identifier: Apache-2.0
// Both fidelities against arrays that carry whole commands out one PE at a time and know no
// formula: every fold starts as early as nothing is lost, sums are merged as they leave. The same
// bits, the same cycles.
#include <cmath>
#include <memory>
#include <optional>

#include "pe/register_array.h"
#include "pe/systolic_array.h"
#include "tests/pe/plain_output_array.h"
#include "tests/pe/plain_stationary_array.h"
#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

/// A product of matrices in groups: a [groups, m, k] times w [groups, k, n].
template <typename T>
struct Product {
  std::size_t groups, m, k, n;
  std::vector<T> a, w;

  T activation(std::size_t g, std::size_t row, std::size_t kk) const {
    return row < m && kk < k ? a[(g * m + row) * k + kk] : T{0};
  }
  T weight(std::size_t g, std::size_t kk, std::size_t column) const {
    return kk < k && column < n ? w[(g * k + kk) * n + column] : T{0};
  }
};

/// The part of a product's rows and columns on the array, and where it begins.
struct Block {
  std::size_t group, row, column;
};
std::vector<Block> blocks(const ArrayConfig& array, std::size_t groups, std::size_t rows,
                          std::size_t columns) {
  std::vector<Block> list;
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t c = 0; c < columns; c += array.columns) {
      for (std::size_t r = 0; r < rows; r += array.rows) list.push_back({g, r, c});
    }
  }
  return list;
}

/// Folds on the array with operands that stay; Value gives what stays in (row, column), and the
/// element of the stream that enters a row, of a fold.
template <typename T>
class StationaryRun {
 public:
  using Value = std::function<T(int fold, std::size_t first, std::size_t second)>;
  using Take = std::function<void(int fold, std::size_t element, std::size_t column, T sum)>;
  StationaryRun(const ArrayConfig& array, std::size_t time, std::size_t folds, Value stationary,
                Value streamed)
      : array_(array),
        time_(time),
        stationary_(std::move(stationary)),
        streamed_(std::move(streamed)) {
    for (std::size_t f = 0; f < folds; ++f) starts_.push_back(next_start());
  }

  /// Cycles from the first operand in to the last sum out.
  std::uint64_t cycles(const Take& take) const { return *simulate(starts_, take); }

 private:
  struct Start {
    std::uint64_t load, stream;
  };
  bool overlaps() const { return array_.fold_overlap == FoldOverlap::kDoubleBuffered; }

  Start next_start() const {
    if (starts_.empty()) return earliest(0, 0);
    if (overlaps()) return earliest(starts_.back().load + 1, starts_.back().stream + 1);
    const std::uint64_t drained = *simulate(starts_, {});
    return earliest(drained, drained);
  }

  Start earliest(std::uint64_t first_load, std::uint64_t first_stream) const {
    for (std::uint64_t stream = first_stream;; ++stream) {
      for (std::uint64_t load = first_load; load <= stream; ++load) {
        auto tried = starts_;
        tried.push_back({load, stream});
        if (simulate(tried, {})) return tried.back();
      }
    }
  }

  /// Nothing where two operands meet at an edge, or meet the wrong one in a PE.
  std::optional<std::uint64_t> simulate(const std::vector<Start>& starts, const Take& take) const {
    const std::size_t rows = array_.rows, columns = array_.columns;
    PlainStationaryArray<T> plain(rows, columns, overlaps(), array_.pipeline_depth);
    const std::uint64_t most =
        starts.back().stream + time_ + rows + columns + array_.pipeline_depth;
    std::uint64_t last = 0;
    for (std::uint64_t cycle = 0; cycle < most; ++cycle) {
      typename PlainStationaryArray<T>::Edge edge{std::vector<std::optional<Weight<T>>>(columns),
                                                  std::vector<std::optional<Activation<T>>>(rows)};
      for (std::size_t i = 0; i < starts.size(); ++i) {
        const int f = static_cast<int>(i);
        for (std::size_t c = 0; c < columns; ++c) {
          const std::uint64_t row = cycle - starts[i].load - c;  // wraps before the fold's start
          if (row >= rows) continue;
          if (edge.weights[c]) return std::nullopt;
          edge.weights[c] = Weight<T>{f, row, stationary_(f, row, c)};
        }
        for (std::size_t r = 0; r < rows; ++r) {
          const std::uint64_t element = cycle - starts[i].stream - r;
          if (element >= time_) continue;
          if (edge.activations[r]) return std::nullopt;
          edge.activations[r] = Activation<T>{f, element, streamed_(f, element, r)};
        }
      }
      const auto out = plain.clock(edge);
      if (!plain.violations.empty()) return std::nullopt;
      for (std::size_t c = 0; c < columns; ++c) {
        if (!out[c]) continue;
        last = plain.cycles();
        if (take) take(out[c]->fold, out[c]->m, c, out[c]->value);
      }
    }
    return last;
  }

  ArrayConfig array_;
  std::size_t time_;
  Value stationary_, streamed_;
  std::vector<Start> starts_;
};

/// Folds on the array whose sums stay.
template <typename T>
class OutputRun {
 public:
  using Operands = typename PlainOutputArray<T>::Operands;
  using Take = std::function<void(const Result<T>&)>;
  OutputRun(const ArrayConfig& array, std::size_t k, std::size_t folds, Operands left,
            Operands above)
      : geometry_{array.rows, array.columns, k, array.pipeline_depth},
        overlaps_(array.fold_overlap == FoldOverlap::kDoubleBuffered),
        left_(std::move(left)),
        above_(std::move(above)) {
    for (std::size_t f = 0; f < folds; ++f) starts_.push_back(next_start());
  }

  std::uint64_t cycles(const Take& take) const { return *simulate(starts_, take); }

 private:
  OutputFoldStart next_start() const {
    std::uint64_t first = 0;
    if (!starts_.empty()) {
      first = overlaps_ ? starts_.back().stream + 1 : *simulate(starts_, {});
    }
    const OutputGeometry& g = geometry_;
    for (std::uint64_t stream = first;; ++stream) {
      for (std::uint64_t shift = stream; shift <= stream + g.k + 2 * g.rows + g.depth; ++shift) {
        auto tried = starts_;
        tried.push_back({stream, shift});
        if (simulate(tried, {})) return tried.back();
      }
    }
  }

  std::optional<std::uint64_t> simulate(const std::vector<OutputFoldStart>& starts,
                                        const Take& take) const {
    const OutputGeometry& g = geometry_;
    PlainOutputArray<T> plain(g, overlaps_, left_, above_);
    const std::uint64_t most = starts.back().shift + g.k + 2 * g.rows + g.columns + g.depth;
    std::uint64_t last = 0;
    std::size_t results = 0;
    for (std::uint64_t cycle = 0; cycle < most; ++cycle) {
      for (const Result<T>& result : plain.clock(cycle, starts)) {
        last = cycle + 1;
        ++results;
        if (take) take(result);
      }
      if (!plain.violations.empty()) return std::nullopt;
    }
    if (results != starts.size() * g.rows * g.columns) return std::nullopt;
    return last;
  }

  OutputGeometry geometry_;
  bool overlaps_;
  Operands left_, above_;
  std::vector<OutputFoldStart> starts_;
};

/// Carries a product out; merges each sum into `sums` [m, groups n] as it leaves.
template <typename T>
std::uint64_t carry_out(const ArrayConfig& array, const Product<T>& p, std::vector<T>& sums) {
  const auto merge = [&](std::size_t g, std::size_t m, std::size_t n, T sum) {
    if (m < p.m && n < p.n) sums[m * p.groups * p.n + g * p.n + n] += sum;
  };
  switch (array.dataflow) {
    case Dataflow::kWeightStationary: {
      const auto at = blocks(array, p.groups, p.k, p.n);
      const StationaryRun<T> run(
          array, p.m, at.size(),
          [&](int f, std::size_t r, std::size_t c) {
            const Block& b = at[static_cast<std::size_t>(f)];
            return p.weight(b.group, b.row + r, b.column + c);
          },
          [&](int f, std::size_t m, std::size_t r) {
            const Block& b = at[static_cast<std::size_t>(f)];
            return p.activation(b.group, m, b.row + r);
          });
      return run.cycles([&](int f, std::size_t m, std::size_t c, T sum) {
        const Block& b = at[static_cast<std::size_t>(f)];
        merge(b.group, m, b.column + c, sum);
      });
    }
    case Dataflow::kInputStationary: {
      const auto at = blocks(array, p.groups, p.k, p.m);
      const StationaryRun<T> run(
          array, p.n, at.size(),
          [&](int f, std::size_t r, std::size_t c) {
            const Block& b = at[static_cast<std::size_t>(f)];
            return p.activation(b.group, b.column + c, b.row + r);
          },
          [&](int f, std::size_t n, std::size_t r) {
            const Block& b = at[static_cast<std::size_t>(f)];
            return p.weight(b.group, b.row + r, n);
          });
      return run.cycles([&](int f, std::size_t n, std::size_t c, T sum) {
        const Block& b = at[static_cast<std::size_t>(f)];
        merge(b.group, b.column + c, n, sum);
      });
    }
    case Dataflow::kOutputStationary:
      break;
  }
  const auto at = blocks(array, p.groups, p.m, p.n);
  const OutputRun<T> run(
      array, p.k, at.size(),
      [&](int f, std::size_t r, std::size_t k) {
        const Block& b = at[static_cast<std::size_t>(f)];
        return p.activation(b.group, b.row + r, k);
      },
      [&](int f, std::size_t c, std::size_t k) {
        const Block& b = at[static_cast<std::size_t>(f)];
        return p.weight(b.group, k, b.column + c);
      });
  return run.cycles([&](const Result<T>& result) {
    const Block& b = at[static_cast<std::size_t>(result.fold)];
    merge(b.group, b.row + result.row, b.column + result.column, result.value);
  });
}

// --- random commands -----------------------------------------------------------------------------

/// Small integers; or floats of which products are exact in FP32 and sums round.
std::int64_t operand(Draw& draw, std::int64_t) {
  return static_cast<std::int64_t>(draw.below(256)) - 128;
}
float operand(Draw& draw, float) {
  return std::ldexp(static_cast<float>(draw.below(2047)) - 1023.0F,
                    static_cast<int>(draw.below(20)) - 10);
}

template <typename T>
std::vector<T> operands(Draw& draw, std::size_t count) {
  std::vector<T> values(count);
  for (T& v : values) v = operand(draw, T{});
  return values;
}

template <typename T>
Product<T> random_product(Draw& draw, const ArrayConfig& array) {
  constexpr std::size_t kMostFolds = 6;
  while (true) {
    Product<T> p{
        draw.between(1, 2), draw.between(1, 8), draw.between(1, 8), draw.between(1, 8), {}, {}};
    const bool outputs_stay = array.dataflow == Dataflow::kOutputStationary;
    const bool inputs_stay = array.dataflow == Dataflow::kInputStationary;
    if (blocks(array, p.groups, outputs_stay ? p.m : p.k, inputs_stay ? p.m : p.n).size() >
        kMostFolds) {
      continue;
    }
    p.a = operands<T>(draw, p.groups * p.m * p.k);
    p.w = operands<T>(draw, p.groups * p.k * p.n);
    return p;
  }
}

/// The product as a 1x1 convolution of m pixels, which have the groups' channels side by side.
template <typename T>
std::vector<T> pixels(const Product<T>& p) {
  std::vector<T> list;
  for (std::size_t m = 0; m < p.m; ++m) {
    for (std::size_t g = 0; g < p.groups; ++g) {
      for (std::size_t k = 0; k < p.k; ++k) list.push_back(p.activation(g, m, k));
    }
  }
  return list;
}

template <typename T>
void compare_with_plain_arrays(const char* arithmetic_name, Dataflow dataflow,
                               FoldOverlap overlap) {
  const auto arithmetic = models::make_arithmetic(arithmetic_name);
  const std::size_t code = arithmetic->code_bytes(), sum_bytes = arithmetic->accumulator_bytes();
  Draw draw(40 + static_cast<std::uint64_t>(dataflow));
  for (int i = 0; i < 25; ++i) {
    const ArrayConfig array{.rows = u32(draw.between(1, 4)),
                            .columns = u32(draw.between(1, 3)),
                            .dataflow = dataflow,
                            .fold_overlap = overlap,
                            .pipeline_depth = u32(draw.between(1, 3))};
    const auto p = random_product<T>(draw, array);
    SCOPED_TRACE(testing::Message()
                 << array.rows << "x" << array.columns << ", p = " << array.pipeline_depth
                 << ", M K N = " << p.m << " " << p.k << " " << p.n << ", groups " << p.groups);
    Matmul command = gemm(p.m, p.groups * p.k, p.groups * p.n);
    command.groups = u32(p.groups);
    command.accumulate = draw.one_in(2) ? 1 : 0;
    auto sums = operands<T>(draw, p.m * p.groups * p.n);
    const auto before = codes_of(sums, sum_bytes);
    if (command.accumulate == 0) sums.assign(sums.size(), T{0});
    const std::uint64_t cycles = carry_out(array, p, sums);

    const auto input = codes_of(pixels(p), code), weights = codes_of(p.w, code);
    const SystolicArray model(array, *arithmetic);
    auto got = before;
    model.execute(command, input, weights, got);
    ASSERT_EQ(model.cycles(command), cycles);
    ASSERT_TRUE(got == codes_of(sums, sum_bytes));

    const auto registers = make_register_array(array, *arithmetic);
    got = before;
    registers->start(command, input, weights, got);
    std::uint64_t clocks = 0;
    for (; !registers->done() && clocks <= cycles; ++clocks) registers->clock();
    ASSERT_EQ(clocks, cycles);
    ASSERT_TRUE(got == codes_of(sums, sum_bytes));
  }
}

class PlainArray : public testing::TestWithParam<std::tuple<Dataflow, FoldOverlap>> {};
INSTANTIATE_TEST_SUITE_P(All, PlainArray,
                         testing::Combine(testing::ValuesIn(kDataflows),
                                          testing::Values(FoldOverlap::kNone,
                                                          FoldOverlap::kDoubleBuffered)));

TEST_P(PlainArray, TakesTheCyclesAndGivesTheIntegersOfBothFidelities) {
  const auto [dataflow, overlap] = GetParam();
  compare_with_plain_arrays<std::int64_t>("int:8/exact/int:32", dataflow, overlap);
}

TEST_P(PlainArray, TakesTheCyclesAndRoundsTheFloatsOfBothFidelities) {
  const auto [dataflow, overlap] = GetParam();
  compare_with_plain_arrays<float>("fp32/exact/fp32", dataflow, overlap);
}

}  // namespace
}  // namespace systolog::pe::test
