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

/// The PEs of the weight- and input-stationary dataflows, all of an array's, register by register:
///
///              shadow of the PE above, its sum
///                           |
///        moving ---> [ stationary, shadow ] ---> moving
///                           |
///                      shadow, sum
///
/// In one cycle a PE takes an operand from its left neighbour, multiplies it with its stationary
/// operand (with the first operand of a fold the shadow moves there), and adds the product to the
/// sum from above, `pipeline_depth` - 1 cycles later. Beside that, the shadows of a column that
/// loads shift down for R cycles; a row takes part from when the first new operand is in the row
/// above, so that its old one stays until the PE has swapped. Without double buffering there are no
/// shadows: the stationary operands shift.
class StationaryPes {
 public:
  /// What stays in the PEs.
  enum class Stays { kWeights, kActivations };

  /// What enters at the array's edges in one cycle. Rows without a valid operand hold zeros.
  struct Edge {
    Edge(const ArrayConfig& array, std::size_t operand_bytes)
        : moving(array.rows * operand_bytes),
          loaded(array.columns * operand_bytes),
          valid(1, array.rows),
          enabled(1, array.rows),
          first(1, array.rows),
          load(1, array.columns) {}
    std::vector<std::byte> moving;  // [rows], from the left
    std::vector<std::byte> loaded;  // [columns], from above, into the columns that load
    BitPlane valid;                 // [rows] an operand of the stream, or its place
    BitPlane enabled;               // [rows] the row has work; else both its operands are zero
    BitPlane first;                 // [rows] first operand of a fold
    BitPlane load;                  // [columns] the column's shadows shift
  };

  /// `lanes` must outlive the PEs.
  StationaryPes(const ArrayConfig& array, const models::MacLanes& lanes, Stays stays);

  /// One clock cycle. Throws std::logic_error where a sum and its operand miss each other.
  void clock(const Edge& edge);

  /// The columns whose last row finished a sum in the cycle just clocked: bits of row rows - 1.
  const BitPlane& finished() const { return sum_valid_; }
  const std::byte* sum(std::size_t column) const { return sum_.at(rows_ - 1, column); }

  /// True if no valid value is on its way.
  bool drained() const;

  void add_probes(std::vector<Probe>& probes) const;

 private:
  /// Registers between a PE's operands and its addition.
  struct Stage {
    RegisterPlane moving, stationary;
    BitPlane valid, enabled;
  };
  void add_products(const RegisterPlane& moving, const RegisterPlane& stationary,
                    const BitPlane& valid, const BitPlane& enabled);
  void load(const Edge& edge);

  std::size_t rows_, columns_;
  const models::MacLanes* lanes_;
  Stays stays_;
  RegisterPlane moving_, stationary_;
  std::optional<RegisterPlane> shadow_;
  BitPlane valid_, enabled_, first_;
  BitPlane fresh_;             // the shadow is of the fold that loads
  BitPlane shifted_;           // columns of one row that take from above in this cycle
  std::vector<Stage> stages_;  // a ring
  std::size_t oldest_ = 0;
  RegisterPlane sum_;
  BitPlane sum_valid_;
  std::vector<std::byte> zeros_;  // sums that enter the first row
};

}  // namespace systolog::pe
