// SPDX-License-Identifier: Apache-2.0
#include "models/cost.h"

#include <algorithm>
#include <cmath>

namespace systolog::models {
namespace {

/// "posit" of "posit:16,1".
std::string_view family(std::string_view part) { return part.substr(0, part.find(':')); }

const UnitCost* find(const std::vector<UnitCost>& units, std::string_view format,
                     std::string_view part) {
  const auto matches = [&](const UnitCost& u) {
    return (u.format.empty() || u.format == family(format)) &&
           (u.unit == part || u.unit == family(part));
  };
  // "mitchw:6" has a figure; "mitchw:8" has none: a parameter in the table must be met exactly.
  const auto exact = std::find_if(units.begin(), units.end(),
                                  [&](const UnitCost& u) { return matches(u) && u.unit == part; });
  if (exact != units.end()) return &*exact;
  const auto any = std::find_if(units.begin(), units.end(), matches);
  return any == units.end() ? nullptr : &*any;
}

void add(MacCost& cost, const UnitCost* unit, int bits, std::string_view what) {
  const auto energy = unit == nullptr ? std::nullopt : unit->energy_pj.at(bits);
  const auto area = unit == nullptr ? std::nullopt : unit->area_um2.at(bits);
  cost.sources.push_back(std::string(what) + ": " +
                         (unit == nullptr ? std::string(kNoFigure) : unit->source) +
                         (energy && !unit->energy_pj.covers(bits) ? kExtrapolated : ""));
  if (energy && cost.energy_pj) *cost.energy_pj += *energy;
  if (!energy) cost.energy_pj.reset();
  if (area && cost.area_um2) *cost.area_um2 += *area;
  if (!area) cost.area_um2.reset();
}

}  // namespace

bool CostCurve::covers(double size) const {
  return !points.empty() && size >= points.front().size && size <= points.back().size;
}

std::optional<double> CostCurve::at(double size) const {
  if (points.empty()) return std::nullopt;
  if (points.size() == 1) return points[0].value * size / points[0].size;
  std::size_t i = 1;
  while (i + 1 < points.size() && size > points[i].size) ++i;
  const Point &a = points[i - 1], &b = points[i];
  const double slope = std::log(b.value / a.value) / std::log(b.size / a.size);
  return a.value * std::pow(size / a.size, slope);
}

MacCost mac_cost(const CostTable& table, std::string_view arithmetic, int bits,
                 int accumulator_bits) {
  const std::size_t first = arithmetic.find('/'), second = arithmetic.rfind('/');
  const std::string_view format = arithmetic.substr(0, first);
  const std::string_view multiplier = arithmetic.substr(first + 1, second - first - 1);
  const std::string_view accumulator = arithmetic.substr(second + 1);
  MacCost cost{0.0, 0.0, {}};
  add(cost, find(table.multipliers, format, multiplier), bits,
      std::string(format) + " " + std::string(multiplier) + " multiplier");
  add(cost, find(table.accumulators, format, accumulator), accumulator_bits,
      std::string(accumulator) + " accumulator");
  return cost;
}

}  // namespace systolog::models
