// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "models/cost.h"

namespace systolog::models {

/// What a scratchpad costs.
struct SramFigures {
  double read_pj_per_byte = 0, write_pj_per_byte = 0;
  double leakage_mw = 0, area_um2 = 0;  // of the whole scratchpad
  bool published = true;                // inside the table's sizes and widths
};

/// A scratchpad as it is built: `banks` macros of bytes / banks each, in words of `word_bytes`.
struct SramShape {
  double bytes = 0, word_bytes = 8;
  std::uint32_t banks = 1;
};

/// Published figures of SRAM macros with one read-write port, by size and width of their word:
/// straight lines on logarithmic axes between sizes and between widths, carried on beyond them. A
/// word wider than the widest published one is made of several macros side by side.
class SramTable {
 public:
  /// One macro; everything positive.
  struct Macro {
    double bytes = 0, bits = 0;
    double read_pj = 0, write_pj = 0;  // of an access
    double leakage_mw = 0, area_um2 = 0;
  };
  void add(const Macro& macro);
  bool empty() const { return widths_.empty(); }

  /// The table must not be empty.
  SramFigures at(const SramShape& shape) const;

  std::string source;

 private:
  struct Curves {
    CostCurve read_pj, write_pj, leakage_mw, area_um2;  // against size in bytes
  };
  double at(double bytes, double bits, CostCurve Curves::*figure) const;

  std::map<double, Curves> widths_;  // by bits
};

}  // namespace systolog::models
