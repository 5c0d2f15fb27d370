// SPDX-License-Identifier: Apache-2.0
#include "sim/plot_svg.h"

#include <zlib.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace systolog::sim {
namespace {

constexpr std::string_view kFonts = "DejaVu Sans, Verdana, Arial, sans-serif";
constexpr std::string_view kMinus = "\u2212";

std::string coordinate(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  std::string shown = text;
  while (shown.back() == '0') shown.pop_back();
  if (shown.back() == '.') shown.pop_back();
  return shown == "-0" ? "0" : shown;
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + std::string(value) + "\"";
}
std::string attribute(std::string_view name, double value) {
  return attribute(name, coordinate(value));
}

std::string escaped(std::string_view words) {
  std::string text;
  for (const char c : words) {
    if (c == '&') {
      text += "&amp;";
    } else if (c == '<') {
      text += "&lt;";
    } else if (c == '>') {
      text += "&gt;";
    } else if (static_cast<unsigned char>(c) < ' ') {
      text += ' ';
    } else {
      text += c;
    }
  }
  return text;
}

void append_big_endian(std::uint32_t value, std::string& bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 0xFF);
}

/// A PNG chunk: length, type, data, checksum of type and data. [PNG, section 5.3]
void append_chunk(std::string_view type, std::string_view data, std::string& png) {
  append_big_endian(static_cast<std::uint32_t>(data.size()), png);
  const std::string body = std::string(type) + std::string(data);
  png += body;
  append_big_endian(static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(body.data()),
                                                     static_cast<uInt>(body.size()))),
                    png);
}

/// 8 bits a pixel, colours from a palette.
std::string png_of(std::size_t columns, const std::vector<std::uint8_t>& pixels,
                   const std::vector<std::uint32_t>& palette) {
  const std::size_t rows = pixels.size() / columns;
  std::string png = "\x89PNG\r\n\x1A\n", header, colours, lines;
  append_big_endian(static_cast<std::uint32_t>(columns), header);
  append_big_endian(static_cast<std::uint32_t>(rows), header);
  header += std::string("\x08\x03\x00\x00\x00", 5);  // depth 8, palette, no interlace
  append_chunk("IHDR", header, png);
  for (const std::uint32_t colour : palette) {
    for (int shift = 16; shift >= 0; shift -= 8) {
      colours += static_cast<char>((colour >> shift) & 0xFF);
    }
  }
  append_chunk("PLTE", colours, png);
  for (std::size_t row = 0; row < rows; ++row) {
    lines += '\0';  // no filter
    for (std::size_t column = 0; column < columns; ++column) {
      lines += static_cast<char>(pixels[row * columns + column]);
    }
  }
  uLongf size = compressBound(static_cast<uLong>(lines.size()));
  std::string packed(size, '\0');
  const int status =
      compress(reinterpret_cast<Bytef*>(packed.data()), &size,
               reinterpret_cast<const Bytef*>(lines.data()), static_cast<uLong>(lines.size()));
  if (status != Z_OK) throw std::runtime_error("zlib could not compress a picture");
  packed.resize(size);
  append_chunk("IDAT", packed, png);
  append_chunk("IEND", {}, png);
  return png;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      three = three << 8 | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kDigits[(three >> (18 - 6 * k)) & 63];
    }
  }
  return text;
}

}  // namespace

Svg::Svg(double width, double height) {
  text_ = "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", width) +
          attribute("height", height) +
          attribute("viewBox", "0 0 " + coordinate(width) + " " + coordinate(height)) +
          attribute("font-family", kFonts) + ">\n";
  rectangle(0, 0, width, height, "#ffffff");
}

void Svg::text(double x, double y, std::string_view words, const TextStyle& style) {
  static constexpr std::array<std::string_view, 3> kAnchors = {"start", "middle", "end"};
  text_ += "<text" + attribute("x", x) + attribute("y", y) + attribute("font-size", style.size) +
           attribute("fill", style.colour);
  if (style.anchor != Anchor::kStart) {
    text_ += attribute("text-anchor", kAnchors[static_cast<std::size_t>(style.anchor)]);
  }
  if (style.bold) text_ += attribute("font-weight", "bold");
  if (style.upwards) {
    text_ += attribute("transform", "rotate(-90 " + coordinate(x) + " " + coordinate(y) + ")");
  }
  text_ += ">" + escaped(words) + "</text>\n";
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view colour, double width,
               std::string_view dashes) {
  text_ += "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
           attribute("y2", y2) + attribute("stroke", colour) + attribute("stroke-width", width);
  if (!dashes.empty()) text_ += attribute("stroke-dasharray", dashes);
  text_ += "/>\n";
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view fill,
                    std::string_view stroke) {
  text_ += "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", width) +
           attribute("height", height) + attribute("fill", fill);
  if (stroke != "none") text_ += attribute("stroke", stroke);
  text_ += "/>\n";
}

void Svg::picture(double x, double y, double width, double height, std::size_t columns,
                  const std::vector<std::uint8_t>& pixels,
                  const std::vector<std::uint32_t>& palette) {
  text_ += "<image" + attribute("x", x) + attribute("y", y) + attribute("width", width) +
           attribute("height", height) + attribute("preserveAspectRatio", "none") +
           attribute("style", "image-rendering:pixelated") + " href=\"data:image/png;base64," +
           base64(png_of(columns, pixels, palette)) + "\"/>\n";
}

std::string Svg::finish() && { return std::move(text_) + "</svg>\n"; }

Ticks round_ticks(double low, double high, int count) {
  Ticks ticks;
  const double wanted = (high - low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(wanted)));
  double step = 10 * power;
  for (const double digit : {5.0, 2.0, 1.0}) {
    if (digit * power >= wanted) step = digit * power;
  }
  ticks.decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i) {
    ticks.at.push_back(i * step);
  }
  return ticks;
}

std::string plot_number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, std::fabs(value));
  const bool zero = std::string_view(text).find_first_of("123456789") == std::string_view::npos;
  return (value < 0 && !zero ? std::string(kMinus) : "") + text;
}

}  // namespace systolog::sim
