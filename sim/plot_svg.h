// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace systolog::sim {

/// A drawing, in pixels from the upper left corner, on white. Texts are escaped.
class Svg {
 public:
  Svg(double width, double height);

  enum class Anchor : std::uint8_t { kStart, kMiddle, kEnd };
  struct TextStyle {
    double size = 13;
    Anchor anchor = Anchor::kStart;
    std::string_view colour = "#333333";
    bool bold = false, upwards = false;  // upwards: turned by 90 degrees about (x, y)
  };
  void text(double x, double y, std::string_view words, const TextStyle& style);
  void line(double x1, double y1, double x2, double y2, std::string_view colour, double width = 1,
            std::string_view dashes = {});
  void rectangle(double x, double y, double width, double height, std::string_view fill,
                 std::string_view stroke = "none");
  /// A picture of width x height pixels, stretched without smoothing. Pixels are numbers of
  /// colours in `palette`, 0xRRGGBB, row by row from the top.
  void picture(double x, double y, double width, double height, std::size_t columns,
               const std::vector<std::uint8_t>& pixels, const std::vector<std::uint32_t>& palette);

  std::string finish() &&;

 private:
  std::string text_;
};

/// Round numbers within [low, high], about `count` of them, steps of 1, 2 or 5 times a power of
/// ten; and how many decimals they need.
struct Ticks {
  std::vector<double> at;
  int decimals = 0;
};
Ticks round_ticks(double low, double high, int count);

/// "-1.25" with a true minus sign.
std::string plot_number(double value, int decimals);

}  // namespace systolog::sim
