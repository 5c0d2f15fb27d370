// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace systolog::models {

/// A published figure against size: straight lines between the points on logarithmic axes, the
/// last segment carried on beyond them; a single point scales linearly with size.
struct CostCurve {
  struct Point {
    double size = 0, value = 0;
  };
  std::vector<Point> points;  // ascending in size, all positive

  /// True where `size` lies between the first and the last point.
  bool covers(double size) const;
  /// None where the curve has no points. `size` > 0.
  std::optional<double> at(double size) const;
};

/// Energy per operation and area of one kind of arithmetic unit, against its width in bits.
struct UnitCost {
  std::string format;  // "posit" of "posit:16,1"; empty: any
  std::string unit;    // "plam", "mitchw:6"; for accumulators "quire", "int" of "int:32"
  CostCurve energy_pj, area_um2;
  std::string source;
};

class SramTable;  // sram_cost.h

/// Figures of one technology node, each with its source. Which of them a report used stands in
/// the report.
struct CostTable {
  std::string name;
  double node_nm = 0, voltage_v = 0;
  std::vector<UnitCost> multipliers, accumulators;
  double register_pj_per_bit = 0;
  std::string register_source;
  std::shared_ptr<const SramTable> sram;
  double dram_pj_per_64_bit = 0;  // of a DRAM that is no device but a latency and a bandwidth
  std::string dram_source;
};

/// Ends the source line of a unit the table does not have.
inline constexpr std::string_view kNoFigure = "no figure in the table";
/// Ends the source line of a figure for a size that its source does not reach.
inline constexpr const char* kExtrapolated = "; extrapolated beyond the published sizes";

/// What one multiply-accumulate costs. Empty where the table has no figure for one of its units.
struct MacCost {
  std::optional<double> energy_pj, area_um2;
  std::vector<std::string> sources;  // or what is missing
};

/// Looks an arithmetic up by its canonical name ("posit:16,1/plam/quire"), the width of its codes
/// and of its accumulator in bits.
MacCost mac_cost(const CostTable& table, std::string_view arithmetic, int bits,
                 int accumulator_bits);

}  // namespace systolog::models
