// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/arithmetic.h"

namespace systolog::models {

/// Matrix products of which each term is looked up: a term for each pair of codes of 8 or 9 bits.
/// Of each k, the terms of an activation's code with all filters are looked up once, however many
/// output pixels have that code, and then added as vectors. Where there are more filters than
/// pixels it is the other way round: the terms of a weight's code with all pixels.
class TableMatmul {
 public:
  /// terms[a << bits | w]
  TableMatmul(int bits, std::vector<std::int32_t> terms);

  std::int64_t greatest() const { return greatest_; }  // magnitude of the terms
  /// sums[m, n] += the tile's terms, modulo 2^32; in any order.
  void add(const MatmulTile& tile, std::int32_t* sums) const;

 private:
  /// The table with one operand's code in front.
  struct Side {
    std::vector<std::int16_t> short_terms;  // the terms, if they fit
    std::vector<std::int32_t> terms;        // else
    std::vector<std::uint8_t> counts;       // [code] 1 if it has any term but 0
  };
  Side side_of(std::vector<std::int32_t> terms) const;
  template <typename Term>
  void add_as(const std::vector<Term>& terms, const std::vector<std::uint8_t>& counts,
              const MatmulTile& tile, bool by_weight, std::int32_t* sums) const;

  int bits_;
  std::int64_t greatest_ = 0;
  Side by_activation_, by_weight_;
};

}  // namespace systolog::models
