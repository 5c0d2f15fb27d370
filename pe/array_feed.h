// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "models/arithmetic.h"
#include "models/mac_lanes.h"
#include "models/packed_codes.h"
#include "pe/im2col.h"
#include "pe/matmul.h"

namespace systolog::pe {

/// Decoded operands [groups, rows, columns] and how to step through them.
struct OperandMatrix {
  std::vector<std::byte> data;
  std::size_t group_bytes = 0, row_bytes = 0, column_bytes = 0;

  const std::byte* at(std::uint64_t group, std::uint64_t row, std::uint64_t column) const {
    return data.data() + group * group_bytes + row * row_bytes + column * column_bytes;
  }
  OperandMatrix transposed() && {
    std::swap(row_bytes, column_bytes);
    return std::move(*this);
  }
};

/// A command's operands as the register-true array reads them: activations [groups, M, K] and
/// weights [groups, K, N].
struct ArrayOperands {
  OperandMatrix activations, weights;

  ArrayOperands(const Matmul& c, const models::Arithmetic& arithmetic,
                const models::MacLanes& lanes, std::span<const std::byte> input_tile,
                std::span<const std::byte> weight_tile) {
    const models::UnpackedCodes input(input_tile, c.packed_input != 0, c.input_pixels(),
                                      c.channels);
    const models::UnpackedCodes weight(weight_tile, c.packed_weights != 0, 1, c.weight_codes());
    const std::size_t code = arithmetic.code_bytes(), operand = lanes.operand_bytes();
    const auto shape = [&](OperandMatrix& to, std::uint64_t rows, std::uint64_t columns) {
      to.column_bytes = operand;
      to.row_bytes = columns * operand;
      to.group_bytes = rows * to.row_bytes;
      to.data.resize(c.groups * to.group_bytes);
    };
    shape(activations, c.m(), c.k());
    shape(weights, c.k(), c.n());
    std::vector<std::byte> matrix(c.m() * c.k() * code);
    for (std::uint32_t g = 0; g < c.groups; ++g) {
      im2col(c, g, code, input.codes(), 0, c.m(), matrix.data());
      lanes.decode(matrix.data(), c.m() * c.k(),
                   activations.data.data() + g * activations.group_bytes);
    }
    lanes.decode(weight.codes().data(), c.weight_codes(), weights.data.data());
  }
};

/// One fold of a command: the block of the mapping's rows and columns it covers.
struct FoldBlock {
  std::uint64_t group = 0, first_row = 0, first_column = 0;
  std::size_t rows = 0, columns = 0;  // with work
};

/// A command's folds in the order the array takes them: groups, blocks of columns, blocks of rows,
/// so that those of K ascend.
class FoldOrder {
 public:
  FoldOrder() = default;
  FoldOrder(const ArrayConfig& array, const Mapping& mapping, std::uint64_t groups)
      : array_(array),
        mapping_(mapping),
        row_folds_(ceil_div(mapping.rows, array.rows)),
        column_folds_(ceil_div(mapping.columns, array.columns)),
        count_(groups * row_folds_ * column_folds_) {}

  std::uint64_t count() const { return count_; }
  std::uint64_t time() const { return mapping_.time; }
  FoldBlock at(std::uint64_t fold) const {
    FoldBlock b;
    b.first_row = fold % row_folds_ * array_.rows;
    b.first_column = fold / row_folds_ % column_folds_ * array_.columns;
    b.group = fold / row_folds_ / column_folds_;
    b.rows = std::min<std::uint64_t>(array_.rows, mapping_.rows - b.first_row);
    b.columns = std::min<std::uint64_t>(array_.columns, mapping_.columns - b.first_column);
    return b;
  }

 private:
  ArrayConfig array_;
  Mapping mapping_{};
  std::uint64_t row_folds_ = 1, column_folds_ = 1, count_ = 0;
};

/// The skew registers before an edge: row (or column) r sees what was pushed r cycles ago.
template <typename T>
class SkewLine {
 public:
  explicit SkewLine(std::size_t length) : ring_(std::bit_ceil(length)) {}
  void push(const T& value) {
    next_ = (next_ + 1) & (ring_.size() - 1);
    ring_[next_] = value;
  }
  const T& operator[](std::size_t ago) const { return ring_[(next_ - ago) & (ring_.size() - 1)]; }

 private:
  std::vector<T> ring_;
  std::size_t next_ = 0;
};

/// One operand at an edge: that at `operand`, or zero.
inline void put_operand(std::vector<std::byte>& edge, std::size_t index, const std::byte* operand,
                        std::size_t bytes) {
  std::byte* to = edge.data() + index * bytes;
  if (operand == nullptr) {
    std::memset(to, 0, bytes);
  } else {
    std::memcpy(to, operand, bytes);
  }
}

/// Merges what leaves the array's columns into the accumulators, which it knows by their order.
class Collector {
 public:
  /// Where a sum belongs: its pixel and its filter in the group.
  struct Place {
    std::uint64_t m = 0, n = 0;
  };

  Collector(const models::Arithmetic& arithmetic, const models::MacLanes& lanes)
      : arithmetic_(&arithmetic), lanes_(&lanes) {}

  /// `accumulators` must last until the command is done.
  void start(const Matmul& command, const FoldOrder& folds, std::size_t columns,
             std::span<std::byte> accumulators) {
    folds_ = folds;
    n_ = command.n();
    filters_ = command.filters;
    accumulators_ = accumulators;
    if (command.accumulate == 0) arithmetic_->clear(command.accumulators(), accumulators.data());
    next_.assign(columns, {0, 0, folds.at(0)});
  }

  /// `sum` leaves column c as one of `values` that a fold sends there; place(block, position) says
  /// where the position-th of them belongs, or nothing if its PE had no work.
  template <typename Where>
  void take(std::size_t c, const std::byte* sum, std::uint64_t values, const Where& place) {
    Next& next = next_[c];
    if (const std::optional<Place> to = place(next.block, next.position)) {
      const std::uint64_t index = to->m * filters_ + next.block.group * n_ + to->n;
      lanes_->merge(sum, accumulators_.data() + index * arithmetic_->accumulator_bytes());
    }
    if (++next.position < values) return;
    next.position = 0;
    if (++next.fold < folds_.count()) next.block = folds_.at(next.fold);
  }

 private:
  struct Next {
    std::uint64_t fold = 0, position = 0;
    FoldBlock block;
  };
  const models::Arithmetic* arithmetic_;
  const models::MacLanes* lanes_;
  FoldOrder folds_;
  std::uint64_t n_ = 0, filters_ = 0;
  std::span<std::byte> accumulators_;
  std::vector<Next> next_;  // of each column
};

}  // namespace systolog::pe
