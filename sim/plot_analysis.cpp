// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/analysis_report.h"
#include "sim/plot_svg.h"

namespace systolog::sim {
namespace {

constexpr std::string_view kAxis = "#666666", kGrid = "#e4e4e4";
/// ColorBrewer's Dark2 [Harrower 2003].
constexpr std::array<std::string_view, 8> kColours = {"#1b9e77", "#d95f02", "#7570b3", "#e7298a",
                                                      "#66a61e", "#e6ab02", "#a6761d", "#666666"};

struct Line {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct Plot {
  std::string title, subtitle, x_label, y_label;
  bool log_y = false;
  std::vector<Line> lines;
};

/// Lines over the logarithm of x, with a legend on the right.
std::string draw(const Plot& plot) {
  constexpr double kLeft = 84, kTop = 76, kWidth = 520, kHeight = 330, kLegend = 270;
  Svg svg(kLeft + kWidth + kLegend, kTop + kHeight + 66);
  svg.text(16, 28, plot.title, {.size = 16, .bold = true});
  svg.text(16, 48, plot.subtitle, {});
  const auto scaled = [&](double y) { return plot.log_y ? std::log10(y) : y; };
  double x_high = 1, low = 1e300, high = -1e300;
  for (const Line& line : plot.lines) {
    for (const auto& [x, y] : line.points) {
      x_high = std::max(x_high, std::log2(x));
      if (plot.log_y && y <= 0) continue;
      low = std::min(low, scaled(y));
      high = std::max(high, scaled(y));
    }
  }
  if (low > high) low = high = 0;
  if (plot.log_y) {
    low = std::floor(low - 1e-9);
    high = std::ceil(high + 1e-9);
  } else {
    low = std::min(low, 0.0);
    high = std::max(high, 0.0) + 1e-3;
  }
  const auto x_of = [&](double x) { return kLeft + kWidth * std::log2(x) / x_high; };
  const auto y_of = [&](double y) { return kTop + kHeight * (high - y) / (high - low); };
  for (double x = 1; std::log2(x) <= x_high; x *= 2) {
    svg.line(x_of(x), kTop, x_of(x), kTop + kHeight, kGrid);
    svg.text(x_of(x), kTop + kHeight + 18, plot_number(x, 0),
             {.size = 12, .anchor = Svg::Anchor::kMiddle});
  }
  const Ticks ticks = round_ticks(low, high, plot.log_y ? static_cast<int>(high - low) : 7);
  for (const double tick : ticks.at) {
    const double shown = plot.log_y ? std::pow(10.0, tick) : tick;
    const int decimals = plot.log_y ? std::max(0, -static_cast<int>(tick)) : ticks.decimals;
    svg.line(kLeft, y_of(tick), kLeft + kWidth, y_of(tick),
             !plot.log_y && tick == 0 ? kAxis : kGrid);
    svg.text(kLeft - 8, y_of(tick) + 4, plot_number(shown, decimals),
             {.size = 12, .anchor = Svg::Anchor::kEnd});
  }
  svg.text(kLeft + kWidth / 2, kTop + kHeight + 44, plot.x_label, {.anchor = Svg::Anchor::kMiddle});
  svg.text(22, kTop + kHeight / 2, plot.y_label, {.anchor = Svg::Anchor::kMiddle, .upwards = true});
  for (std::size_t i = 0; i < plot.lines.size(); ++i) {
    const std::string_view colour = kColours[i % kColours.size()];
    const auto& points = plot.lines[i].points;
    for (std::size_t p = 0; p < points.size(); ++p) {
      if (plot.log_y && points[p].second <= 0) continue;
      const double x = x_of(points[p].first), y = y_of(scaled(points[p].second));
      svg.rectangle(x - 2.5, y - 2.5, 5, 5, colour);
      if (p == 0 || (plot.log_y && points[p - 1].second <= 0)) continue;
      svg.line(x_of(points[p - 1].first), y_of(scaled(points[p - 1].second)), x, y, colour, 1.5);
    }
    const double y = kTop + 14 + 20 * static_cast<double>(i);
    svg.line(kLeft + kWidth + 14, y - 4, kLeft + kWidth + 34, y - 4, colour, 2);
    svg.text(kLeft + kWidth + 40, y, plot.lines[i].name, {.size = 12});
  }
  return std::move(svg).finish();
}

std::string subtitle(const Json& report) {
  return report.at("data").get<std::string>() + ", " +
         std::to_string(report.at("images").get<std::size_t>()) + " images; mean over layers";
}

/// A figure of every length, in percent, its mean over the layers that are that long.
std::vector<Line> by_length(const Json& report, const char* key) {
  std::vector<Line> lines;
  for (const Json& of : report.at("arithmetics")) {
    std::map<std::size_t, std::pair<double, double>> sums;  // powers of two
    for (const Json& layer : of.at("layers")) {
      for (const Json& point : layer.at("lengths")) {
        const auto products = point.at("products").get<std::size_t>();
        if ((products & (products - 1)) != 0) continue;
        sums[products].first += 100 * point.at(key).get<double>();
        sums[products].second += 1;
      }
    }
    Line line{of.at("arithmetic"), {}};
    for (const auto& [products, sum] : sums) {
      line.points.emplace_back(static_cast<double>(products), sum.first / sum.second);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

std::string bias_by_length_svg(const Json& report) {
  return draw({report.at("workload").get<std::string>() + ": bias of a sum by its length",
               subtitle(report), "products summed", "bias of the sum [%]", false,
               by_length(report, "bias")});
}

std::string spread_by_length_svg(const Json& report) {
  return draw({report.at("workload").get<std::string>() + ": error beside the bias by length",
               subtitle(report), "products summed", "rms of the rest / mean of sum |a w| [%]", true,
               by_length(report, "rest_of_magnitudes")});
}

std::string layers_svg(const Json& report, std::size_t number) {
  constexpr double kLeft = 70, kTop = 96, kHeight = 270, kStep = 24, kLabels = 150;
  const Json& of = report.at("arithmetics").at(number);
  const Json& layers = of.at("layers");
  struct Mark {
    const char *group, *key;
    std::string_view name, colour;
    double side;
  };
  static constexpr std::array<Mark, 6> kMarks = {
      Mark{"sums", "bias", "bias of the sums", "#2166ac", 8},
      Mark{"after_batch_norm", "bias", "after batch norm", "#92c5de", 6},
      Mark{"after_refitted_batch_norm", "bias", "after batch norm, refitted", "#5e3c99", 4},
      Mark{"sums", "rest", "rest of the sums", "#b2182b", 8},
      Mark{"after_batch_norm", "rest", "after batch norm", "#f4a582", 6},
      Mark{"after_refitted_batch_norm", "rest", "after batch norm, refitted", "#e08214", 4}};
  double low = 0, high = 0.01;
  for (const Json& layer : layers) {
    for (const Mark& mark : kMarks) {
      const Json& group = layer.at(mark.group);
      if (group.is_null()) continue;
      low = std::min(low, 100 * group.at(mark.key).get<double>());
      high = std::max(high, 100 * group.at(mark.key).get<double>());
    }
  }
  const double width = std::max(kStep * static_cast<double>(layers.size()), 420.0);
  Svg svg(kLeft + width + 230, kTop + kHeight + kLabels);
  svg.text(16, 28,
           report.at("workload").get<std::string>() + ": " +
               of.at("arithmetic").get<std::string>() + ", layer by layer",
           {.size = 16, .bold = true});
  svg.text(16, 48,
           report.at("data").get<std::string>() + ", " +
               std::to_string(report.at("images").get<std::size_t>()) + " images",
           {});
  svg.text(16, 66, "products of each sum in brackets; dw: depthwise", {});
  const auto y_of = [&](double y) { return kTop + kHeight * (high - y) / (high - low); };
  const Ticks ticks = round_ticks(low, high, 8);
  for (const double tick : ticks.at) {
    svg.line(kLeft, y_of(tick), kLeft + width, y_of(tick), tick == 0 ? kAxis : kGrid);
    svg.text(kLeft - 8, y_of(tick) + 4, plot_number(tick, ticks.decimals),
             {.size = 12, .anchor = Svg::Anchor::kEnd});
  }
  svg.text(22, kTop + kHeight / 2, "relative to the outputs [%]",
           {.anchor = Svg::Anchor::kMiddle, .upwards = true});
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double x = kLeft + kStep * (static_cast<double>(i) + 0.5);
    for (const Mark& mark : kMarks) {
      const Json& group = layers[i].at(mark.group);
      if (group.is_null()) continue;
      const double y = y_of(100 * group.at(mark.key).get<double>());
      svg.rectangle(x - mark.side / 2, y - mark.side / 2, mark.side, mark.side, mark.colour);
    }
    const std::string label = layers[i].at("layer").get<std::string>() + " (" +
                              std::to_string(layers[i].at("products").get<std::size_t>()) +
                              (layers[i].at("depthwise").get<bool>() ? ", dw)" : ")");
    svg.text(x + 4, kTop + kHeight + 10, label,
             {.size = 11, .anchor = Svg::Anchor::kEnd, .upwards = true});
  }
  for (std::size_t m = 0; m < kMarks.size(); ++m) {
    const double y = kTop + 12 + 20 * static_cast<double>(m);
    svg.rectangle(kLeft + width + 18 - kMarks[m].side / 2, y - 4 - kMarks[m].side / 2,
                  kMarks[m].side, kMarks[m].side, kMarks[m].colour);
    svg.text(kLeft + width + 30, y, kMarks[m].name, {.size = 12});
  }
  return std::move(svg).finish();
}

}  // namespace systolog::sim
