// SPDX-License-Identifier: Apache-2.0
#include "models/sram_cost.h"

#include <algorithm>
#include <cmath>

namespace systolog::models {

void SramTable::add(const Macro& macro) {
  Curves& curves = widths_[macro.bits];
  const auto insert = [&](CostCurve& curve, double value) {
    const auto behind =
        std::find_if(curve.points.begin(), curve.points.end(),
                     [&](const CostCurve::Point& p) { return p.size > macro.bytes; });
    curve.points.insert(behind, {macro.bytes, value});
  };
  insert(curves.read_pj, macro.read_pj);
  insert(curves.write_pj, macro.write_pj);
  insert(curves.leakage_mw, macro.leakage_mw);
  insert(curves.area_um2, macro.area_um2);
}

double SramTable::at(double bytes, double bits, CostCurve Curves::*figure) const {
  CostCurve across;
  for (const auto& [width, curves] : widths_) {
    across.points.push_back({width, *(curves.*figure).at(bytes)});
  }
  // Of one width alone: a word as much wider is as much more of everything.
  return *across.at(bits);
}

SramFigures SramTable::at(const SramShape& shape) const {
  const double bits = 8 * shape.word_bytes;
  const double side_by_side = std::ceil(bits / widths_.rbegin()->first);
  const double macros = shape.banks * side_by_side;
  const double macro_bytes = shape.bytes / macros, macro_bits = bits / side_by_side;
  SramFigures f;
  f.read_pj_per_byte = 8 * at(macro_bytes, macro_bits, &Curves::read_pj) / macro_bits;
  f.write_pj_per_byte = 8 * at(macro_bytes, macro_bits, &Curves::write_pj) / macro_bits;
  f.leakage_mw = macros * at(macro_bytes, macro_bits, &Curves::leakage_mw);
  f.area_um2 = macros * at(macro_bytes, macro_bits, &Curves::area_um2);
  f.published = macro_bits >= widths_.begin()->first &&
                std::all_of(widths_.begin(), widths_.end(), [&](const auto& width) {
                  return width.second.area_um2.covers(macro_bytes);
                });
  return f;
}

}  // namespace systolog::models
