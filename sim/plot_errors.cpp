// SPDX-License-Identifier: Apache-2.0
#include "sim/plot_errors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "sim/plot_svg.h"
#include "sim/text_table.h"

namespace systolog::sim {
namespace {

using models::ErrorMap;
using models::ErrorStatistics;
using models::Histogram;

constexpr std::string_view kGrid = "#e4e4e4", kAxis = "#666666", kBars = "#4393c3",
                           kMarker = "#b2182b";

struct Rectangle {
  double x, y, width, height;
  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

/// A unit in which numbers up to `greatest` are readable.
struct Unit {
  double factor;
  std::string_view name;
};
Unit unit_for(double greatest) {
  if (greatest >= 1e-4) return {1e2, "%"};
  if (greatest >= 1e-7) return {1e6, "ppm"};
  return {1e9, "ppb"};
}
std::string in_unit(double value, const Unit& unit) {
  if (value == 0) return "0 " + std::string(unit.name);
  // Four significant digits.
  const double x = value * unit.factor;
  const int digits = static_cast<int>(std::floor(std::log10(std::fabs(x))));
  constexpr int kSmall = -4;
  if (digits < kSmall) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1e ", std::fabs(x));
    return (x < 0 ? "\u2212" : "") + std::string(text) + std::string(unit.name);
  }
  return plot_number(x, std::clamp(3 - digits, 0, 6)) + " " + std::string(unit.name);
}

/// The two ends of a name that is too long for a title: files have long ones.
std::string shortened(const std::string& name) {
  constexpr std::size_t kMost = 48, kTail = 30;
  if (name.size() <= kMost) return name;
  return name.substr(0, kMost - kTail - 1) + "\u2026" + name.substr(name.size() - kTail);
}

void draw_title(Svg& svg, double x, const ErrorStatistics& s, const ErrorCaption& caption,
                const std::string& what, const Unit& unit) {
  svg.text(x, 28, shortened(caption.arithmetic) + ": " + what, {.size = 16, .bold = true});
  svg.text(x, 48, caption.pairs, {});
  svg.text(x, 66,
           "mean " + in_unit(s.bias.value, unit) + ", standard deviation " + in_unit(s.std, unit) +
               ", from " + in_unit(s.lowest.value, unit) + " to " + in_unit(s.highest.value, unit),
           {});
}

/// Where a spike would flatten all other bars, the axis ends above those and the spike's bar is
/// cut.
double top_share(const std::vector<double>& shares) {
  std::vector<double> sorted = shares;
  std::sort(sorted.rbegin(), sorted.rend());
  constexpr double kSpike = 4.0, kHead = 1.08;
  const bool spike = sorted.size() > 2 && sorted[2] > 0 && sorted[0] > kSpike * sorted[1];
  return kHead * (spike ? 1.5 * sorted[1] : sorted[0]);
}

/// Colour of x in [-1, 1]: ColorBrewer's RdBu in 11 classes [Harrower 2003], turned about so that
/// blue is negative.
std::uint32_t diverging(double x) {
  static constexpr std::array<std::uint32_t, 11> kStops = {0x053061, 0x2166AC, 0x4393C3, 0x92C5DE,
                                                           0xD1E5F0, 0xF7F7F7, 0xFDDBC7, 0xF4A582,
                                                           0xD6604D, 0xB2182B, 0x67001F};
  const double at = std::clamp((x + 1) / 2, 0.0, 1.0) * (kStops.size() - 1);
  const auto stop = std::min(static_cast<std::size_t>(at), kStops.size() - 2);
  const double part = at - static_cast<double>(stop);
  std::uint32_t colour = 0;
  for (int shift = 16; shift >= 0; shift -= 8) {
    const double low = (kStops[stop] >> shift) & 0xFF, high = (kStops[stop + 1] >> shift) & 0xFF;
    colour = colour << 8 | static_cast<std::uint32_t>(std::lround(low + part * (high - low)));
  }
  return colour;
}

/// Mean errors as colours: 0 grey, 1..255 from `low` to `high`.
struct ColourScale {
  double low = 0, high = 0;
  std::size_t beyond = 0;  // cells outside

  explicit ColourScale(const std::vector<double>& means) {
    std::vector<double> magnitudes;
    for (const double mean : means) {
      if (!std::isnan(mean)) magnitudes.push_back(std::fabs(mean));
    }
    if (magnitudes.empty()) magnitudes.push_back(0);
    std::sort(magnitudes.begin(), magnitudes.end());
    // A few cells far out must not fade all others.
    const double most = magnitudes.back(), usual = magnitudes[(magnitudes.size() - 1) * 97 / 100];
    double limit = usual > 0 && most > 1.5 * usual ? usual : most;
    if (limit == 0) limit = 0.01;
    const auto reaches = [&](double sign) {
      return std::any_of(means.begin(), means.end(),
                         [&](double mean) { return sign * mean > 0.02 * limit; });
    };
    const bool negative = reaches(-1), positive = reaches(1);
    low = negative || !positive ? -limit : 0;
    high = positive || !negative ? limit : 0;
    for (const double mean : means) {
      if (mean < low - 0.02 * limit || mean > high + 0.02 * limit) ++beyond;
    }
  }
  std::uint8_t number(double mean) const {
    if (std::isnan(mean)) return 0;
    const double part = std::clamp((mean - low) / (high - low), 0.0, 1.0);
    return static_cast<std::uint8_t>(1 + std::lround(254 * part));
  }
  std::vector<std::uint32_t> palette() const {
    const double limit = std::max(-low, high);
    std::vector<std::uint32_t> colours = {0xB8B8B8};
    for (int i = 0; i < 255; ++i) {
      colours.push_back(diverging((low + (high - low) * i / 254) / limit));
    }
    return colours;
  }
};

void draw_colour_bar(Svg& svg, const Rectangle& at, const ColourScale& scale, const Unit& unit) {
  std::vector<std::uint8_t> pixels;
  for (int i = 255; i >= 1; --i) pixels.push_back(static_cast<std::uint8_t>(i));
  svg.picture(at.x, at.y, at.width, at.height, 1, pixels, scale.palette());
  svg.rectangle(at.x, at.y, at.width, at.height, "none", kAxis);
  const double low = scale.low * unit.factor, high = scale.high * unit.factor;
  const Ticks ticks = round_ticks(low, high, 8);
  for (const double tick : ticks.at) {
    const double y = at.bottom() - (tick - low) / (high - low) * at.height;
    svg.line(at.right(), y, at.right() + 4, y, kAxis);
    svg.text(at.right() + 8, y + 4, plot_number(tick, ticks.decimals), {.size = 12});
  }
  svg.text(at.right() + 62, at.y + at.height / 2,
           "mean relative error [" + std::string(unit.name) + "]",
           {.anchor = Svg::Anchor::kMiddle, .upwards = true});
}

struct MapTick {
  double at;  // 0..1 along the axis
  std::string label;
};
std::vector<MapTick> map_ticks(const ErrorMap& map, const ErrorCaption& caption) {
  std::vector<MapTick> ticks;
  if (map.axis == ErrorMap::Axis::kFractions) {
    for (const double f : {0.0, 0.25, 0.5, 0.75, 1.0}) ticks.push_back({f, plot_number(f, 2)});
    return ticks;
  }
  const std::size_t parts = std::min<std::size_t>(map.cells, 8);
  for (std::size_t i = 0; i <= parts; ++i) {
    const std::size_t cell = std::min(i * map.cells / parts, map.cells - 1);
    if (i == parts && parts == map.cells) break;
    const double centre = (static_cast<double>(cell) + 0.5) / static_cast<double>(map.cells);
    std::string label = caption.value(map.codes[cell]);
    if (label.starts_with('-')) label.replace(0, 1, "\u2212");
    ticks.push_back({centre, label});
  }
  return ticks;
}

void draw_map_axes(Svg& svg, const Rectangle& at, const ErrorMap& map,
                   const ErrorCaption& caption) {
  svg.rectangle(at.x, at.y, at.width, at.height, "none", kAxis);
  for (const auto& [part, label] : map_ticks(map, caption)) {
    const double x = at.x + part * at.width, y = at.bottom() - part * at.height;
    svg.line(x, at.bottom(), x, at.bottom() + 4, kAxis);
    svg.text(x, at.bottom() + 18, label, {.size = 12, .anchor = Svg::Anchor::kMiddle});
    svg.line(at.x - 4, y, at.x, y, kAxis);
    svg.text(at.x - 8, y + 4, label, {.size = 12, .anchor = Svg::Anchor::kEnd});
  }
  const auto label = [&](const std::string& operand) {
    return map.axis == ErrorMap::Axis::kFractions
               ? "fraction f of " + operand + ", |" + operand + "| = 2^k (1 + f)"
               : "operand " + operand + ", codes in the order of their values";
  };
  svg.text(at.x + at.width / 2, at.bottom() + 40, label("b"), {.anchor = Svg::Anchor::kMiddle});
  svg.text(at.x - 56, at.y + at.height / 2, label("a"),
           {.anchor = Svg::Anchor::kMiddle, .upwards = true});
}

}  // namespace

std::string histogram_svg(const ErrorStatistics& s, const ErrorCaption& caption) {
  const Histogram& h = s.histogram;
  const Rectangle at{86, 104, 700, 300};
  Svg svg(820, 474);
  // Bin i covers (first + i -+ 1/2) * width; a margin of at least one bin, five in all.
  const auto bins = static_cast<double>(h.counts.size());
  const double margin = std::max(1.0, (5.0 - bins) / 2);
  const double low = (static_cast<double>(h.first) - 0.5 - margin) * h.width;
  const double high = (static_cast<double>(h.first) - 0.5 + bins + margin) * h.width;
  const Unit unit = unit_for(std::max(-low, high));
  draw_title(svg, 24, s, caption, "relative error of the " + caption.product, unit);

  const auto total = static_cast<double>(std::max<std::uint64_t>(s.pairs - s.special - s.zero, 1));
  std::vector<double> shares;
  for (const std::uint64_t count : h.counts) {
    shares.push_back(100.0 * static_cast<double>(count) / total);
  }
  double top = top_share(shares);
  if (!(top > 0)) top = 1;
  const auto x_of = [&](double r) { return at.x + (r - low) / (high - low) * at.width; };
  const auto y_of = [&](double share) {
    return at.bottom() - std::min(share / top, 1.0) * at.height;
  };

  const Ticks shares_at = round_ticks(0, top, 6);
  for (const double share : shares_at.at) {
    svg.line(at.x, y_of(share), at.right(), y_of(share), kGrid);
    svg.text(at.x - 8, y_of(share) + 4, plot_number(share, shares_at.decimals),
             {.size = 12, .anchor = Svg::Anchor::kEnd});
  }
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] == 0) continue;
    const double left =
        x_of((static_cast<double>(h.first) + static_cast<double>(i) - 0.5) * h.width);
    const double width = h.width / (high - low) * at.width;
    svg.rectangle(left + 0.06 * width, y_of(shares[i]), 0.88 * width, at.bottom() - y_of(shares[i]),
                  kBars);
    if (shares[i] <= top) continue;
    // A cut bar: a gap near its top and the share beside it.
    svg.rectangle(left, at.y + 14, width, 4, "#ffffff");
    const bool at_right = left > at.x + at.width / 2;
    svg.text(at_right ? left - 5 : left + width + 5, at.y + 12, plot_number(shares[i], 1) + " %",
             {.size = 12, .anchor = at_right ? Svg::Anchor::kEnd : Svg::Anchor::kStart});
  }
  svg.line(at.x, at.bottom(), at.right(), at.bottom(), kAxis);
  const Ticks errors = round_ticks(low * unit.factor, high * unit.factor, 8);
  for (const double tick : errors.at) {
    const double x = x_of(tick / unit.factor);
    svg.line(x, at.bottom(), x, at.bottom() + 4, kAxis);
    svg.text(x, at.bottom() + 18, plot_number(tick, errors.decimals),
             {.size = 12, .anchor = Svg::Anchor::kMiddle});
  }
  if (s.bias.value > low && s.bias.value < high) {
    const double x = x_of(s.bias.value);
    svg.line(x, at.y - 4, x, at.bottom(), kMarker, 1.5, "6 4");
    svg.text(x, at.y - 8, "mean", {.size = 12, .anchor = Svg::Anchor::kMiddle, .colour = kMarker});
  }
  const std::string unit_name(unit.name);
  svg.text(at.x + at.width / 2, at.bottom() + 42,
           "relative error (product \u2212 exact) / exact [" + unit_name + "]",
           {.anchor = Svg::Anchor::kMiddle});
  const double bin = h.width * unit.factor;
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(bin) + 1e-9)));
  svg.text(30, at.y + at.height / 2,
           "pairs in a bin of " + plot_number(bin, decimals) + " " + unit_name + " [%]",
           {.anchor = Svg::Anchor::kMiddle, .upwards = true});
  if (h.below + h.above != 0) {
    const double outside = 100.0 * static_cast<double>(h.below + h.above) / total;
    svg.text(at.right(), at.bottom() + 60,
             grouped(h.below + h.above) + " pairs (" + plot_number(outside, 3) +
                 " %) lie outside this axis",
             {.size = 11, .anchor = Svg::Anchor::kEnd, .colour = kAxis});
  }
  return std::move(svg).finish();
}

std::string heatmap_svg(const ErrorStatistics& s, const ErrorCaption& caption) {
  const ErrorMap& map = s.map;
  const Rectangle at{92, 90, 512, 512};  // a multiple of the usual 128 and 256 cells
  Svg svg(740, 690);
  const ColourScale scale(map.means);
  const Unit unit = unit_for(std::max(-scale.low, scale.high));
  draw_title(svg, 24, s, caption, "relative error of the " + caption.product, unit);
  // Each cell as pixels of its own: not every viewer refrains from smoothing.
  const auto side = static_cast<std::size_t>(at.width);
  std::vector<std::uint8_t> pixels;
  pixels.reserve(side * side);
  for (std::size_t y = side; y-- > 0;) {  // a upwards
    for (std::size_t x = 0; x < side; ++x) {
      const std::size_t row = y * map.cells / side, column = x * map.cells / side;
      pixels.push_back(scale.number(map.means[row * map.cells + column]));
    }
  }
  svg.picture(at.x, at.y, at.width, at.height, side, pixels, scale.palette());
  draw_map_axes(svg, at, map, caption);
  draw_colour_bar(svg, {at.right() + 28, at.y, 18, at.height}, scale, unit);
  std::string note;
  if (std::find(pixels.begin(), pixels.end(), 0) != pixels.end()) {
    note = "grey: no relative error (exact product 0, no number, or no pair)";
  }
  if (scale.beyond != 0) {
    note += (note.empty() ? "" : "; ") + grouped(scale.beyond) + " cells lie beyond the scale";
  }
  svg.text(at.x, at.bottom() + 66, note, {.size = 11, .colour = kAxis});
  return std::move(svg).finish();
}

}  // namespace systolog::sim
