// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <ostream>
#include <vector>

#include "tests/models/arithmetics.h"

namespace systolog::test {

struct Shape {
  std::size_t m, k, n, fold_rows;
};
inline std::ostream& operator<<(std::ostream& out, const Shape& s) {
  return out << s.m << " x " << s.k << " x " << s.n << " in folds of " << s.fold_rows;
}
/// Ragged against 16 lanes and 16 rows; folds that divide K and folds that do not.
inline const std::vector<Shape> kShapes = {{1, 1, 1, 1},   {15, 16, 17, 16}, {16, 31, 33, 16},
                                           {33, 9, 15, 4}, {17, 33, 1, 7},   {1, 31, 16, 5},
                                           {9, 15, 8, 64}, {2, 100, 3, 33},  {3, 7, 2, 1}};

/// The operands of one matrix product.
struct Operands {
  Shape shape;
  std::vector<Code> activations, weights;  // [m, k], [k, n]

  Operands(const oracle::Chain& chain, const Shape& s, Draw& draw)
      : shape(s),
        activations(draw_operands(chain, draw, s.m * s.k)),
        weights(draw_operands(chain, draw, s.k * s.n)) {}
};

/// The oracle's sums [m, n] += the product, as the array folds it: each fold from zero, then
/// merged.
inline void accumulate(const oracle::Chain& chain, const Operands& x,
                       std::vector<oracle::Value>& sums) {
  const auto [rows, k, columns, fold_rows] = x.shape;
  sums.resize(rows * columns, oracle::Value::zero(false));
  std::vector<Code> a, w;
  for (std::size_t m = 0; m < rows; ++m) {
    for (std::size_t n = 0; n < columns; ++n) {
      for (std::size_t from = 0; from < k; from += fold_rows) {
        a.clear();
        w.clear();
        for (std::size_t i = from; i < std::min(k, from + fold_rows); ++i) {
          a.push_back(x.activations[m * k + i]);
          w.push_back(x.weights[i * columns + n]);
        }
        oracle::Value& sum = sums[m * columns + n];
        sum = chain.step(sum, chain.sum(a, w));
      }
    }
  }
}

/// A model's accumulators, at an odd address on purpose.
class Accumulators {
 public:
  Accumulators(const Arithmetic& arithmetic, std::size_t count)
      : arithmetic_(arithmetic), storage_(count * arithmetic.accumulator_bytes() + 1) {
    // What was there before must not matter.
    std::fill(storage_.begin(), storage_.end(), std::byte{0xA5});
    arithmetic.clear(count, data());
  }
  std::byte* data() { return storage_.data() + 1; }
  const std::byte* data() const { return storage_.data() + 1; }
  void add(const Operands& x) {
    const CodeBuffer a(x.activations, arithmetic_.code_bytes());
    const CodeBuffer w(x.weights, arithmetic_.code_bytes());
    arithmetic_.matmul({.m = x.shape.m,
                        .k = x.shape.k,
                        .n = x.shape.n,
                        .fold_rows = x.shape.fold_rows,
                        .activations = a.data(),
                        .weights = w.data(),
                        .accumulators = data()});
  }

 private:
  const Arithmetic& arithmetic_;
  std::vector<std::byte> storage_;
};

}  // namespace systolog::test
