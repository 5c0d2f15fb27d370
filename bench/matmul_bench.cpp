// SPDX-License-Identifier: Apache-2.0
// Multiply-accumulates a second of every arithmetic on real layers' shapes, beside FP32 and int8
// of oneDNN in the same run. One thread: the figure to compare; /cores runs all of them.
#include <benchmark/benchmark.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "bench/onednn.h"
#include "bench/shapes.h"
#include "models/arithmetic.h"
#include "models/multipliers.h"
#include "pe/systolic_array.h"

namespace systolog::bench {
namespace {

// A 128-row array's folds: accumulation order is part of what is timed.
constexpr std::uint32_t kRows = 128;

constexpr const char* kArithmetics[] = {
    "fp32/exact/fp32",       "bf16/exact/fp32",        "fp16/exact/fp32",
    "int:8/exact/int:32",    "posit:8,0/exact/quire",  "posit:8,1/exact/quire",
    "posit:8,2/exact/quire", "posit:16,1/exact/quire", "posit:16,1/plam/fp32",
    "posit:16,1/plam/quire", "posit:8,0/plam/quire",   "posit:16,1/exact/self",
    "posit:16,1/plam/self",  "posit:8,1/plam/self",    "posit:32,2/plam/self",
    "bf16/exact/self",       "fp32/mitchell/fp32",     "posit:32,2/exact/quire",
    "fixed:32,16/exact",     "fixed:32,16/mitchw:6",   "fixed:32,16/mitchell",
    "int:8/mitchell/int:32", "int:8/drum:6/int:32",    "int:8/exact/loa:8",
};

/// A table of products, here Mitchell's: the time of a table does not depend on what it says but
/// for zeros.
std::string table_file() {
  const auto file = std::filesystem::temp_directory_path() / "systolog_matmul_bench_table.bin";
  std::ofstream out(file, std::ios::binary);
  for (std::uint32_t a = 0; a < 256; ++a) {
    for (std::uint32_t b = 0; b < 256; ++b) {
      const auto product = static_cast<std::uint16_t>(models::Mitchell{}(a, b));
      out.put(static_cast<char>(product & 0xFFU)).put(static_cast<char>(product >> 8));
    }
  }
  return file.string();
}

/// Activations like those behind a ReLU, weights like a trained layer's.
std::vector<float> normal(std::size_t count, float deviation, bool relu, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> draw(0.0F, deviation);
  std::vector<float> values(count);
  for (float& v : values) v = relu ? std::max(0.0F, draw(random)) : draw(random);
  return values;
}

std::vector<std::byte> encoded(const models::Arithmetic& a, const std::vector<float>& values) {
  std::vector<std::byte> codes(values.size() * a.code_bytes());
  a.encode(values, {a.is_quantised() ? 0.03F : 1.0F, 0}, codes.data());
  return codes;
}

struct Operands {
  std::vector<std::byte> activations, weights, accumulators;
  Operands(const models::Arithmetic& a, const Shape& s)
      : activations(encoded(a, normal(s.m * s.k * s.groups, 1.0F, true, 1))),
        weights(encoded(a, normal(s.k * s.n * s.groups, 0.1F, false, 2))),
        accumulators(s.m * s.n * s.groups * a.accumulator_bytes()) {}
};

void count(benchmark::State& state, const Shape& s) {
  state.counters["MAC/s"] = benchmark::Counter(static_cast<double>(s.m * s.k * s.n * s.groups),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

/// Rows [first, last) of the matmul.
void run_rows(const models::Arithmetic& a, const Shape& s, Operands& o, std::size_t first,
              std::size_t last) {
  a.clear((last - first) * s.n, o.accumulators.data() + first * s.n * a.accumulator_bytes());
  a.matmul({.m = last - first,
            .k = s.k,
            .n = s.n,
            .fold_rows = kRows,
            .activations = o.activations.data() + first * s.k * a.code_bytes(),
            .weights = o.weights.data(),
            .accumulators = o.accumulators.data() + first * s.n * a.accumulator_bytes()});
}

/// A depthwise layer as the array runs it: square windows of K pixels over a padded square image.
void run_groups(const models::Arithmetic& a, const Shape& s, Operands& o) {
  const auto side = [](std::size_t area) {
    return static_cast<std::uint32_t>(std::lround(std::sqrt(static_cast<double>(area))));
  };
  pe::Matmul m;
  m.rows = m.columns = m.out_rows = m.out_columns = side(s.m);
  m.kernel_rows = m.kernel_columns = side(s.k);
  m.first_row = m.first_column = -static_cast<std::int32_t>(m.kernel_rows / 2);
  m.groups = m.channels = m.filters = static_cast<std::uint32_t>(s.groups);
  pe::SystolicArray({.rows = kRows, .columns = kRows}, a)
      .execute(m, std::span(o.activations).first(m.input_codes() * a.code_bytes()), o.weights,
               o.accumulators);
}

void time_arithmetic(benchmark::State& state, const std::string& name, const Shape& s,
                     bool all_cores) {
  const auto arithmetic = models::make_arithmetic(name);
  Operands operands(*arithmetic, s);
  for (auto _ : state) {
    if (s.groups > 1) {
      run_groups(*arithmetic, s, operands);
    } else if (all_cores) {
      // One part a core: each decodes all weights.
      const auto cores = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
      tbb::parallel_for(std::size_t{0}, cores, [&](std::size_t core) {
        run_rows(*arithmetic, s, operands, s.m * core / cores, s.m * (core + 1) / cores);
      });
    } else {
      run_rows(*arithmetic, s, operands, 0, s.m);
    }
    benchmark::ClobberMemory();
  }
  count(state, s);
}

void register_all() {
  struct Row {
    std::string label, arithmetic;
  };
  std::vector<Row> rows;
  for (const char* name : kArithmetics) rows.push_back({name, name});
  rows.push_back({"int:8/lut:FILE/int:32", "int:8/lut:" + table_file() + "/int:32"});
  for (const Shape& shape : kShapes) {
    const std::string suffix = std::string("|") + shape.name;
    for (const auto type : {OneDnnType::kFp32, OneDnnType::kInt8}) {
      const std::string name = type == OneDnnType::kFp32 ? "oneDNN fp32" : "oneDNN int8";
      benchmark::RegisterBenchmark((name + suffix + "|1").c_str(), [=](benchmark::State& state) {
        OneDnnLayer layer(type, shape);
        for (auto _ : state) layer.run();
        count(state, shape);
      });
    }
    for (const auto& [label, name] : rows) {
      const std::string arithmetic = name;
      benchmark::RegisterBenchmark((label + suffix + "|1").c_str(), [=](benchmark::State& state) {
        time_arithmetic(state, arithmetic, shape, /*all_cores=*/false);
      });
      if (shape.groups > 1) continue;
      benchmark::RegisterBenchmark((label + suffix + "|cores").c_str(),
                                   [=](benchmark::State& state) {
                                     time_arithmetic(state, arithmetic, shape, /*all_cores=*/true);
                                   })
          ->UseRealTime();
    }
  }
}

}  // namespace
}  // namespace systolog::bench

int main(int argc, char** argv) {
  systolog::bench::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
