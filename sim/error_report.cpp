// SPDX-License-Identifier: Apache-2.0
#include "sim/error_report.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "sim/text_table.h"

namespace systolog::sim {
namespace {

using models::Arithmetic;
using models::Code;
using models::ErrorStatistics;
using models::Extreme;
using models::Mean;

/// A posit or a float: the one kind whose products are rounded to the format.
bool is_real(const ErrorReport& report) {
  return report.arithmetic->product_bits() == report.arithmetic->bits();
}

std::string hex(Code code, int bits) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%0*x", (bits + 3) / 4, static_cast<unsigned>(code));
  return text;
}

Json mean_json(const Mean& mean, bool exhaustive) {
  Json json = {{"value", mean.value}};
  json["interval_95"] = exhaustive ? Json() : Json{mean.low, mean.high};
  return json;
}
Json extreme_json(const Extreme& extreme, const Arithmetic& arithmetic) {
  if (std::isnan(extreme.value)) return nullptr;
  return {{"value", extreme.value},
          {"a", hex(extreme.a, arithmetic.bits())},
          {"b", hex(extreme.b, arithmetic.bits())},
          {"a_value", arithmetic.to_string(extreme.a)},
          {"b_value", arithmetic.to_string(extreme.b)}};
}

std::string significant(double value) {
  if (std::isnan(value)) return "-";
  // Whole numbers of an integer unit are shown whole.
  const bool whole = std::abs(value) < 1e9 && value == std::round(value);
  char text[32];
  std::snprintf(text, sizeof text, whole ? "%.9g" : "%.4g", value == 0 ? 0.0 : value);
  return text;
}
std::string percent(double value) {
  return std::isnan(value) ? "-" : significant(100.0 * value) + " %";
}

/// More digits, as shares of almost all pairs are common.
std::string share(double value) {
  if (std::isnan(value)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.6g %%", 100.0 * value);
  return text;
}

/// Rows of name, meaning, value, and confidence interval or pair of operands.
class ErrorTable {
 public:
  ErrorTable(const Arithmetic& arithmetic, bool exhaustive)
      : arithmetic_(arithmetic),
        exhaustive_(exhaustive),
        table_({"", "what it is", "value", exhaustive ? "at" : "95 % interval, or at"}) {}

  using Format = std::string (*)(double);
  void add(const std::string& name, const std::string& what, const Mean& mean, Format format) {
    const bool known = !exhaustive_ && !std::isnan(mean.value);
    table_.add({name, what, format(mean.value),
                known ? "[" + format(mean.low) + ", " + format(mean.high) + "]" : ""});
  }
  void add(const std::string& name, const std::string& what, const Extreme& extreme,
           Format format) {
    const bool somewhere = !std::isnan(extreme.value) && extreme.value != 0;
    table_.add({name, what, format(extreme.value), somewhere ? pair(extreme) : ""});
  }
  void add(const std::string& name, const std::string& what, const std::string& value) {
    table_.add({name, what, value, ""});
  }
  std::string to_string() const { return table_.to_string(TextTable::Align::kLeft); }

 private:
  std::string pair(const Extreme& e) const {
    const int bits = arithmetic_.bits();
    return value(e.a) + " * " + value(e.b) + "  (" + hex(e.a, bits) + " " + hex(e.b, bits) + ")";
  }
  /// Eight digits will do beside the code.
  std::string value(Code code) const {
    constexpr std::size_t kLong = 12;
    const std::string all = arithmetic_.to_string(code);
    if (all.size() <= kLong) return all;
    char text[32];
    std::snprintf(text, sizeof text, "%.8g", std::strtod(all.c_str(), nullptr));
    return text;
  }

  const Arithmetic& arithmetic_;
  bool exhaustive_;
  TextTable table_;
};

std::string pairs_text(const ErrorReport& report) {
  const std::string pairs = grouped(report.statistics.pairs);
  if (report.statistics.exhaustive) return "every pair of " + report.operands + ": " + pairs;
  return pairs + " pairs of " + report.operands + " drawn, seed " + std::to_string(report.seed);
}

}  // namespace

Json error_json(const ErrorReport& report) {
  const ErrorStatistics& s = report.statistics;
  const auto mean = [&](const Mean& m) { return mean_json(m, s.exhaustive); };
  const auto extreme = [&](const Extreme& e) { return extreme_json(e, *report.arithmetic); };
  const bool real = is_real(report);
  Json json = {{"systolog", SYSTOLOG_VERSION},
               {"format", report.format},
               {"multiplier", report.multiplier},
               {"operands", report.operands},
               {"exhaustive", s.exhaustive},
               {"seed", s.exhaustive ? Json() : Json(report.seed)},
               {"pairs", {{"all", s.pairs}, {"special", s.special}, {"zero", s.zero}}},
               {"product", real ? "before rounding" : "full"},
               {"unit", real ? "1" : "last place of the product"},
               {"greatest_product", s.greatest_product},
               {"absolute",
                {{"ep", mean(s.ep)},
                 {"mae", mean(s.mae)},
                 {"mse", mean(s.mse)},
                 {"nmed", mean(s.nmed)},
                 {"wce", extreme(s.wce)}}},
               {"relative",
                {{"mred", mean(s.mred)},
                 {"mean", mean(s.bias)},
                 {"std", s.std},
                 {"wcre", extreme(s.wcre())},
                 {"lowest", extreme(s.lowest)},
                 {"highest", extreme(s.highest)}}},
               {"histogram",
                {{"bin_width", s.histogram.width},
                 {"first_bin_centre", static_cast<double>(s.histogram.first) * s.histogram.width},
                 {"counts", s.histogram.counts},
                 {"below", s.histogram.below},
                 {"above", s.histogram.above}}},
               {"rounded", nullptr}};
  // WCRE is a magnitude; `lowest` and `highest` keep the sign.
  if (!json["relative"]["wcre"].is_null()) {
    json["relative"]["wcre"]["value"] = std::fabs(s.wcre().value);
  }
  if (s.rounded) {
    const auto& r = *s.rounded;
    json["rounded"] = {{"equal", mean(r.equal)},        {"numbers", r.numbers},
                       {"mean", mean(r.relative)},      {"lowest", extreme(r.lowest)},
                       {"highest", extreme(r.highest)}, {"codes_apart", extreme(r.codes_apart)}};
  }
  return json;
}

std::string error_text(const ErrorReport& report) {
  const ErrorStatistics& s = report.statistics;
  const bool real = is_real(report);
  std::string text =
      report.name() + ", " +
      (real ? "product before rounding" : "full product in units of its last place") + "; " +
      pairs_text(report) + "\n";
  if (s.special != 0) {
    text += grouped(s.special) + " pairs with a NaR, NaN or infinity are left out\n";
  }
  if (s.zero != 0) {
    text += grouped(s.zero) + " pairs with exact product 0 are in no relative error\n";
  }
  ErrorTable table(*report.arithmetic, s.exhaustive);
  table.add("EP", "share of pairs with an error", s.ep, share);
  table.add("MAE", "mean |error|", s.mae, significant);
  table.add("WCE", "greatest |error|", s.wce, significant);
  table.add("MSE", "mean error^2", s.mse, significant);
  table.add("NMED", "MAE / greatest |exact product|", s.nmed, significant);
  Extreme wcre = s.wcre();
  wcre.value = std::fabs(wcre.value);
  table.add("MRED", "mean |relative error|", s.mred, percent);
  table.add("WCRE", "greatest |relative error|", wcre, percent);
  table.add("bias", "mean relative error", s.bias, percent);
  table.add("std", "standard deviation of relative error", percent(s.std));
  table.add("lowest", "relative error", s.lowest, percent);
  table.add("highest", "relative error", s.highest, percent);
  text += "\n" + table.to_string();
  if (s.rounded) {
    ErrorTable rounded(*report.arithmetic, s.exhaustive);
    rounded.add("equal", "share of pairs with the exactly rounded product", s.rounded->equal,
                share);
    rounded.add("bias", "mean relative difference from it", s.rounded->relative, percent);
    rounded.add("lowest", "relative difference", s.rounded->lowest, percent);
    rounded.add("highest", "relative difference", s.rounded->highest, percent);
    rounded.add("steps", "most numbers of the format apart", s.rounded->codes_apart, significant);
    text += "\nAfter rounding to " + report.format + "\n\n" + rounded.to_string();
  }
  if (!s.exhaustive)
    text += "\nExtremes are those of the pairs drawn: lower bounds of the unit's.\n";
  return text;
}

ErrorCaption error_caption(const ErrorReport& report) {
  const bool posit = report.format.starts_with("posit");
  return {report.name(), is_real(report) ? "product before rounding" : "product",
          pairs_text(report), [arithmetic = report.arithmetic, posit](Code code) {
            const std::string value = arithmetic->to_string(code);
            return posit && value == "nan" ? "NaR" : value;
          }};
}

}  // namespace systolog::sim
