// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace systolog::pe::test {

/// A weight on its way down a column; the PE in row `row` keeps it.
struct Weight {
  int fold = -1;
  std::size_t row = 0;
  int value = 0;
};
/// An activation on its way along a row; the first one of a fold makes each PE swap.
struct Activation {
  int fold = 0;
  std::size_t m = 0;
  int value = 0;
};
/// A sum on its way down a column.
struct Sum {
  int fold = 0;
  std::size_t m = 0;
  int value = 0;
};

/// A weight-stationary array, register by register. In one clock cycle a PE takes an activation
/// from its left neighbour and a sum from above, multiplies and adds, and hands both on; beside
/// that a weight moves one row down, and the PE it is for keeps it at the end of the cycle. With
/// shadow registers the PE goes on using its old weight until the first activation of the next
/// fold arrives; without, the new weight is in use at once. A product is added `depth` - 1 cycles
/// after its operands came.
class RegisterArray {
 public:
  struct Edge {
    std::vector<std::optional<Weight>> weights;          // from above, one a column
    std::vector<std::optional<Activation>> activations;  // from the left, one a row
  };
  /// When a weight came to its place, for the test to look at.
  struct Arrival {
    Weight weight;
    std::size_t column;
    std::uint64_t cycle;
  };

  RegisterArray(std::size_t rows, std::size_t columns, bool has_shadow_registers,
                std::size_t depth = 1)
      : rows_(rows), columns_(columns), shadows_(has_shadow_registers), pes_(rows * columns) {
    for (Pe& pe : pes_) pe.pipeline.resize(depth - 1);
  }

  /// One clock cycle; returns the sums that leave the last row, one a column.
  std::vector<std::optional<Sum>> clock(const Edge& edge) {
    const std::vector<Pe> before = pes_;
    const auto at = [&](std::size_t r, std::size_t c) -> const Pe& {
      return before[r * columns_ + c];
    };
    std::vector<std::optional<Sum>> out(columns_);
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
    Weight active, shadow;
    std::optional<Weight> passing;
    std::optional<Activation> activation;
    std::deque<std::optional<Activation>> pipeline;  // products in their places
    std::optional<Sum> sum;
  };

  std::optional<Activation> multiply(Pe& pe) {
    if (!pe.activation) return std::nullopt;
    const Activation& a = *pe.activation;
    if (shadows_ && a.m == 0) pe.active = pe.shadow;
    if (pe.active.fold != a.fold) violate("a weight of fold " + std::to_string(pe.active.fold), a);
    return Activation{a.fold, a.m, a.value * pe.active.value};
  }
  std::optional<Sum> add(const std::optional<Activation>& product, std::size_t row,
                         const std::optional<Sum>& above) {
    if (!product) return std::nullopt;
    const Sum start{product->fold, product->m, 0};
    if (row > 0 && (!above || above->fold != product->fold || above->m != product->m)) {
      violate("no sum of its own from above", *product);
    }
    return Sum{product->fold, product->m,
               (row == 0 ? start : above.value_or(start)).value + product->value};
  }

  void violate(const std::string& what, const Activation& a) {
    violations.push_back("cycle " + std::to_string(cycle_) + ": activation " + std::to_string(a.m) +
                         " of fold " + std::to_string(a.fold) + " meets " + what);
  }

  std::size_t rows_, columns_;
  bool shadows_;
  std::vector<Pe> pes_;
  std::uint64_t cycle_ = 0;
};

}  // namespace systolog::pe::test
