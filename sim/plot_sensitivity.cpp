// SPDX-License-Identifier: Apache-2.0
// The drop of each layer as a bar.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/accuracy_report.h"
#include "sim/plot_svg.h"

namespace systolog::sim {

std::string sensitivity_svg(const Json& report, std::size_t number) {
  constexpr double kLeft = 70, kTop = 90, kHeight = 260, kStep = 22, kBar = 14, kLabels = 150;
  constexpr std::string_view kAxis = "#666666", kGrid = "#e4e4e4";
  const Json& table = report.at("tables").at(number);
  const Json& layers = table.at("layers");
  double low = 0, high = 0;
  for (const Json& layer : layers) {
    low = std::min(low, layer.at("drop_points").get<double>());
    high = std::max(high, layer.at("drop_points").get<double>());
  }
  const double all = table.at("all_layers").at("drop_points").get<double>();
  // An axis of a tenth of a point at least: less is no drop.
  high = std::max({high, low + 0.1, 0.05});
  const double width = std::max(kStep * static_cast<double>(layers.size()), 380.0);
  Svg svg(kLeft + width + 20, kTop + kHeight + kLabels);
  const auto y_of = [&](double points) { return kTop + kHeight * (high - points) / (high - low); };
  svg.text(16, 28,
           report.at("workload").get<std::string>() + ": one layer at a time in " +
               table.at("arithmetic").get<std::string>(),
           {.size = 16, .bold = true});
  svg.text(16, 48, "the others in " + table.at("base").at("arithmetic").get<std::string>(), {});
  svg.text(16, 66,
           report.at("data").get<std::string>() + ", " +
               std::to_string(report.at("images").get<std::size_t>()) +
               " images; all layers switched: " + plot_number(all, 2) + " points",
           {});
  const Ticks ticks = round_ticks(low, high, 6);
  for (const double tick : ticks.at) {
    svg.line(kLeft, y_of(tick), kLeft + width, y_of(tick), tick == 0 ? kAxis : kGrid);
    svg.text(kLeft - 8, y_of(tick) + 4, plot_number(tick, ticks.decimals),
             {.size = 12, .anchor = Svg::Anchor::kEnd});
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double points = layers[i].at("drop_points").get<double>();
    const double x = kLeft + kStep * (static_cast<double>(i) + 0.5);
    const double top = y_of(std::max(points, 0.0)), bottom = y_of(std::min(points, 0.0));
    svg.rectangle(x - kBar / 2, top, kBar, std::max(bottom - top, 0.5),
                  points < 0 ? "#4393c3" : "#d6604d");
    svg.text(x + 4, kTop + kHeight + 10, layers[i].at("layer").get<std::string>(),
             {.size = 11, .anchor = Svg::Anchor::kEnd, .upwards = true});
  }
  const bool labelled = !table.at("base").at("top1").is_null();
  svg.text(24, kTop + kHeight / 2,
           labelled ? "drop of top-1 accuracy [points]" : "drop of agreement with FP32 [points]",
           {.anchor = Svg::Anchor::kMiddle, .upwards = true});
  return std::move(svg).finish();
}

}  // namespace systolog::sim
