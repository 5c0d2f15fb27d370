// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace systolog::pe::test {

/// A weight on its way down a column; the PE in row `row` keeps it.
template <typename T>
struct Weight {
  int fold = -1;
  std::size_t row = 0;
  T value = 0;
};
/// An activation on its way along a row; the first one of a fold makes each PE swap.
template <typename T>
struct Activation {
  int fold = 0;
  std::size_t m = 0;
  T value = 0;
};
/// A sum on its way down a column.
template <typename T>
struct Sum {
  int fold = 0;
  std::size_t m = 0;
  T value = 0;
};

/// A weight-stationary array, one PE at a time, register by register. In one clock cycle a PE takes
/// an activation from its left neighbour and a sum from above, multiplies and adds, and hands both
/// on; beside that a weight moves one row down, and the PE it is for keeps it at the end of the
/// cycle. With shadow registers the PE goes on using its old weight until the first activation of
/// the next fold arrives; without, the new weight is in use at once. A product is added `depth` - 1
/// cycles after its operands came.
template <typename T>
class PlainStationaryArray {
 public:
  struct Edge {
    std::vector<std::optional<Weight<T>>> weights;          // from above, one a column
    std::vector<std::optional<Activation<T>>> activations;  // from the left, one a row
  };
  /// When a weight came to its place, for the test to look at.
  struct Arrival {
    Weight<T> weight;
    std::size_t column;
    std::uint64_t cycle;
  };

  PlainStationaryArray(std::size_t rows, std::size_t columns, bool has_shadow_registers,
                       std::size_t depth = 1)
      : rows_(rows), columns_(columns), shadows_(has_shadow_registers), pes_(rows * columns) {
    for (Pe& pe : pes_) pe.pipeline.resize(depth - 1);
  }

  /// One clock cycle; returns the sums that leave the last row, one a column.
  std::vector<std::optional<Sum<T>>> clock(const Edge& edge) {
    const std::vector<Pe> before = pes_;
    const auto at = [&](std::size_t r, std::size_t c) -> const Pe& {
      return before[r * columns_ + c];
    };
    std::vector<std::optional<Sum<T>>> out(columns_);
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < columns_; ++c) {
        Pe& pe = pes_[r * columns_ + c];
        pe.activation = c == 0 ? edge.activations[r] : at(r, c - 1).activation;
        pe.passing = r == 0 ? edge.weights[c] : at(r - 1, c).passing;
        pe.pipeline.push_back(multiply(pe));
        pe.sum = add(pe.pipeline.front(), r, r == 0 ? std::nullopt : at(r - 1, c).sum);
        pe.pipeline.pop_front();
        if (r + 1 == rows_) out[c] = pe.sum;
        if (pe.passing && pe.passing->row == r) {
          (shadows_ ? pe.shadow : pe.active) = *pe.passing;
          arrivals.push_back({*pe.passing, c, cycle_});
        }
      }
    }
    ++cycle_;
    return out;
  }

  std::uint64_t cycles() const { return cycle_; }

  std::vector<std::string> violations;
  std::vector<Arrival> arrivals;

 private:
  struct Pe {
    Weight<T> active, shadow;
    std::optional<Weight<T>> passing;
    std::optional<Activation<T>> activation;
    std::deque<std::optional<Activation<T>>> pipeline;  // products in their places
    std::optional<Sum<T>> sum;
  };

  std::optional<Activation<T>> multiply(Pe& pe) {
    if (!pe.activation) return std::nullopt;
    const Activation<T>& a = *pe.activation;
    if (shadows_ && a.m == 0) pe.active = pe.shadow;
    if (pe.active.fold != a.fold) violate("a weight of fold " + std::to_string(pe.active.fold), a);
    return Activation<T>{a.fold, a.m, a.value * pe.active.value};
  }
  std::optional<Sum<T>> add(const std::optional<Activation<T>>& product, std::size_t row,
                            const std::optional<Sum<T>>& above) {
    if (!product) return std::nullopt;
    const Sum<T> start{product->fold, product->m, 0};
    if (row > 0 && (!above || above->fold != product->fold || above->m != product->m)) {
      violate("no sum of its own from above", *product);
    }
    return Sum<T>{product->fold, product->m,
                  (row == 0 ? start : above.value_or(start)).value + product->value};
  }

  void violate(const std::string& what, const Activation<T>& a) {
    violations.push_back("cycle " + std::to_string(cycle_) + ": activation " + std::to_string(a.m) +
                         " of fold " + std::to_string(a.fold) + " meets " + what);
  }

  std::size_t rows_, columns_;
  bool shadows_;
  std::vector<Pe> pes_;
  std::uint64_t cycle_ = 0;
};

}  // namespace systolog::pe::test
