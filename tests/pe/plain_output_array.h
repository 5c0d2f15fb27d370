// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace systolog::pe::test {

/// When a fold's first operands enter row 0 and column 0, and when column 0 begins to shift.
struct OutputFoldStart {
  std::uint64_t stream, shift;
};

/// An operand, or a product in a unit's pipeline.
template <typename T>
struct Operand {
  int fold = 0;
  std::size_t k = 0;
  T value = 0;
};
template <typename T>
struct Result {
  int fold = 0;
  std::size_t row = 0, column = 0;
  T value = 0;
};

struct OutputGeometry {
  std::size_t rows, columns, k, depth;
};
inline std::ostream& operator<<(std::ostream& out, const OutputGeometry& g) {
  return out << g.rows << "x" << g.columns << ", K = " << g.k << ", p = " << g.depth;
}

/// An output-stationary array, one PE at a time, register by register. In one clock cycle a PE
/// takes an operand from the left and one from above, multiplies, adds to its sum and hands both
/// on. A finished sum goes to the PE's result register, or stays in the sum's where it has none;
/// when its column shifts, each row hands on its own result and then those from above. A product is
/// added `depth` - 1 cycles after its operands came.
template <typename T>
class PlainOutputArray {
 public:
  /// The operand that row (column) i of the array gets in a fold as its k-th.
  using Operands = std::function<T(int fold, std::size_t i, std::size_t k)>;

  PlainOutputArray(const OutputGeometry& g, bool has_result_registers, Operands left,
                   Operands above)
      : g_(g),
        separate_(has_result_registers),
        left_(std::move(left)),
        above_(std::move(above)),
        pes_(g.rows * g.columns) {
    for (Pe& pe : pes_) pe.pipeline.resize(g.depth - 1);
  }

  /// One cycle of the folds' schedule; returns the results that leave the last row.
  std::vector<Result<T>> clock(std::uint64_t cycle, const std::vector<OutputFoldStart>& folds) {
    std::vector<Result<T>> left;
    const std::vector<Pe> before = pes_;
    for (std::size_t r = g_.rows; r-- > 0;) {
      for (std::size_t c = 0; c < g_.columns; ++c) shift(r, c, cycle, folds, left);
    }
    for (std::size_t r = 0; r < g_.rows; ++r) {
      for (std::size_t c = 0; c < g_.columns; ++c) {
        Pe& pe = at(r, c);
        pe.a = c == 0 ? sent(cycle, r, folds, left_) : before[r * g_.columns + c - 1].a;
        pe.w = r == 0 ? sent(cycle, c, folds, above_) : before[(r - 1) * g_.columns + c].w;
        if (pe.a.has_value() != pe.w.has_value() ||
            (pe.a && (pe.a->fold != pe.w->fold || pe.a->k != pe.w->k))) {
          violations.push_back("operands miss each other");
        }
        pe.pipeline.push_back(product(pe));
        add(pe, r, c, pe.pipeline.front());
        pe.pipeline.pop_front();
      }
    }
    return left;
  }

  std::vector<std::string> violations;

 private:
  struct Pe {
    std::optional<Operand<T>> a, w;
    std::deque<std::optional<Operand<T>>> pipeline;  // products in their places
    std::optional<int> summing;                      // fold whose sum is not finished
    T sum = 0;
    std::optional<Result<T>> result;  // in a register of its own, or in the sum's
  };
  Pe& at(std::size_t r, std::size_t c) { return pes_[r * g_.columns + c]; }

  std::optional<Operand<T>> sent(std::uint64_t cycle, std::size_t skew,
                                 const std::vector<OutputFoldStart>& folds,
                                 const Operands& operands) const {
    for (std::size_t f = 0; f < folds.size(); ++f) {
      const std::uint64_t first = folds[f].stream + skew;
      if (cycle >= first && cycle < first + g_.k)
        return Operand<T>{static_cast<int>(f), cycle - first,
                          operands(static_cast<int>(f), skew, cycle - first)};
    }
    return std::nullopt;
  }

  /// Row r hands on its own result and the r ones from above.
  void shift(std::size_t r, std::size_t c, std::uint64_t cycle,
             const std::vector<OutputFoldStart>& folds, std::vector<Result<T>>& left) {
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

  void put(Pe& pe, const Result<T>& result) {
    if (pe.result) violations.push_back("a result is run over");
    if (!separate_ && pe.summing) violations.push_back("a sum is run over");
    pe.result = result;
  }

  static std::optional<Operand<T>> product(const Pe& pe) {
    if (!pe.a || !pe.w) return std::nullopt;
    return Operand<T>{pe.a->fold, pe.a->k, pe.a->value * pe.w->value};
  }

  void add(Pe& pe, std::size_t row, std::size_t column, const std::optional<Operand<T>>& product) {
    if (!product) return;
    if (product->k == 0) {
      if (pe.summing) violations.push_back("a sum is not finished");
      if (!separate_ && pe.result) violations.push_back("a result is summed over");
      pe.summing = product->fold;
      pe.sum = 0;
    }
    if (pe.summing != product->fold) violations.push_back("a product of another fold");
    pe.sum += product->value;
    if (product->k + 1 < g_.k) return;
    pe.summing.reset();
    put(pe, {product->fold, row, column, pe.sum});
  }

  OutputGeometry g_;
  bool separate_;
  Operands left_, above_;
  std::vector<Pe> pes_;
};

}  // namespace systolog::pe::test
