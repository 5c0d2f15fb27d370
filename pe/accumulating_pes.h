// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "models/mac_lanes.h"
#include "pe/dataflow.h"
#include "pe/register_plane.h"
#include "pe/waveform.h"

namespace systolog::pe {

/// The PEs of the output-stationary dataflow, all of an array's, register by register:
///
///               weight, result of the PE above
///                             |
///        activation ---> [ sum, result ] ---> activation
///                             |
///                      weight, result
///
/// In one cycle a PE takes an activation from its left neighbour and a weight from above and adds
/// their product to its sum `pipeline_depth` - 1 cycles later; the first product of a fold starts a
/// new sum. With double buffering the sum moves to the result register with the fold's last
/// product, else that is the sum's own. When the last row of a column has finished, all results of
/// the column shift down, a row a cycle; a row stops behind the result of row 0.
class AccumulatingPes {
 public:
  /// What enters at the array's edges in one cycle. Without a valid operand it holds zeros.
  struct Edge {
    Edge(const ArrayConfig& array, std::size_t operand_bytes)
        : activations(array.rows * operand_bytes),
          weights(array.columns * operand_bytes),
          valid(1, array.rows),
          enabled(1, array.rows),
          first(1, array.rows),
          last(1, array.rows),
          weight_valid(1, array.columns) {}
    std::vector<std::byte> activations;  // [rows], from the left
    std::vector<std::byte> weights;      // [columns], from above
    BitPlane valid;                      // [rows] an operand of the stream, or its place
    BitPlane enabled;                    // [rows] the row has work; else its operands are zero
    BitPlane first, last;                // [rows] of a fold
    BitPlane weight_valid;               // [columns]
  };

  /// `lanes` must outlive the PEs.
  AccumulatingPes(const ArrayConfig& array, const models::MacLanes& lanes);

  /// One clock cycle. Throws std::logic_error where an activation and a weight miss each other, or
  /// a result would be lost.
  void clock(const Edge& edge);

  /// The columns a result left in the cycle just clocked.
  const BitPlane& left() const { return left_bits_; }
  const std::byte* result(std::size_t column) const { return left_results_.at(0, column); }

  /// True if no valid value is on its way.
  bool drained() const;

  void add_probes(std::vector<Probe>& probes) const;

 private:
  struct Stage {
    RegisterPlane activation, weight;
    BitPlane valid, enabled, first, last;
  };
  void shift_results();
  void add_products(const Stage& stage);
  void finish(std::size_t row, std::size_t column);
  RegisterPlane& results() { return result_ ? *result_ : sum_; }

  std::size_t rows_, columns_;
  const models::MacLanes* lanes_;
  Stage taken_;  // what the PEs took in this cycle
  BitPlane weight_valid_;
  std::vector<Stage> stages_;  // a ring
  std::size_t oldest_ = 0;
  RegisterPlane sum_;
  std::optional<RegisterPlane> result_;
  BitPlane full_;      // the result is one
  BitPlane tail_;      // and that of row 0
  BitPlane shifting_;  // the PE hands its result down
  BitPlane left_bits_;
  RegisterPlane left_results_;
};

}  // namespace systolog::pe
