// SPDX-License-Identifier: Apache-2.0
// systolog error: its report, its plots and what it refuses.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "models/error_statistics.h"
#include "models/user_error.h"
#include "sim/command_line.h"
#include "sim/json_file.h"

namespace systolog::test {
namespace {

namespace fs = std::filesystem;
using sim::Arguments;
using sim::Json;

class ErrorCommand : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("systolog_error_") + test->name());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string run(const Arguments& arguments) {
    testing::internal::CaptureStdout();
    const int status = sim::error_command(arguments);
    const std::string text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(status, 0);
    return text;
  }
  static std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    EXPECT_TRUE(in) << file;
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  fs::path folder_;
};

TEST_F(ErrorCommand, ReportsWhatWasMeasured) {
  const Json json = Json::parse(run({"--format", "posit:8,1", "--multiplier", "plam", "--json"}));
  const auto s = models::measure_errors("posit:8,1/plam", {});
  EXPECT_EQ(json["exhaustive"], true);
  EXPECT_EQ(json["seed"], nullptr);
  EXPECT_EQ(json["pairs"]["all"], 65536);
  EXPECT_EQ(json["pairs"]["special"], 511);
  EXPECT_EQ(json["pairs"]["zero"], 509);
  EXPECT_EQ(json["product"], "before rounding");
  EXPECT_EQ(json["absolute"]["mae"]["value"], s.mae.value);
  EXPECT_EQ(json["absolute"]["mae"]["interval_95"], nullptr);
  EXPECT_EQ(json["absolute"]["ep"]["value"], s.ep.value);
  EXPECT_EQ(json["absolute"]["mse"]["value"], s.mse.value);
  EXPECT_EQ(json["absolute"]["nmed"]["value"], s.nmed.value);
  EXPECT_EQ(json["absolute"]["wce"]["value"], s.wce.value);
  EXPECT_EQ(json["relative"]["mred"]["value"], s.mred.value);
  EXPECT_EQ(json["relative"]["mean"]["value"], s.bias.value);
  EXPECT_EQ(json["relative"]["std"], s.std);
  EXPECT_EQ(json["relative"]["lowest"]["value"], s.lowest.value);
  EXPECT_EQ(json["relative"]["wcre"]["value"], -s.lowest.value);
  EXPECT_EQ(json["rounded"]["equal"]["value"], s.rounded->equal.value);
  EXPECT_EQ(json["rounded"]["lowest"]["value"], -0.75);
  EXPECT_EQ(json["histogram"]["counts"], Json(s.histogram.counts));
}

TEST_F(ErrorCommand, NamesTheWorstPair) {
  // 3 * 3 is read as 8 [Mitchell 1962].
  const Json json = Json::parse(
      run({"--format", "int:3", "--multiplier", "mitchell", "--operands", "magnitudes", "--json"}));
  const Json worst = {
      {"value", 1.0}, {"a", "0x3"}, {"b", "0x3"}, {"a_value", "3"}, {"b_value", "3"}};
  EXPECT_EQ(json["absolute"]["wce"], worst);
  EXPECT_EQ(json["product"], "full");
  EXPECT_EQ(json["rounded"], nullptr);
  EXPECT_EQ(json["operands"], "magnitudes");
  EXPECT_NEAR(json["relative"]["wcre"]["value"].get<double>(), 1.0 / 9.0, 1e-16);
}

TEST_F(ErrorCommand, DrawsPairsOfWideFormatsWithIntervals) {
  const Arguments wide = {"--format", "fixed:32,16", "--multiplier",
                          "mitchw:6", "--samples",   "100000",
                          "--seed",   "9",           "--json"};
  const std::string text = run(wide);
  const Json json = Json::parse(text);
  EXPECT_EQ(json["exhaustive"], false);
  EXPECT_EQ(json["seed"], 9);
  EXPECT_EQ(json["pairs"]["all"], 100000);
  const auto interval = json["relative"]["mean"]["interval_95"].get<std::vector<double>>();
  ASSERT_EQ(interval.size(), 2U);
  EXPECT_LT(interval[0], -0.0591);
  EXPECT_GT(interval[1], -0.0591);
  EXPECT_EQ(run(wide), text) << "the same draws, the same bytes";
}

TEST_F(ErrorCommand, TakesEveryPairWhereAskedTo) {
  const Json json =
      Json::parse(run({"--format", "int:11", "--multiplier", "exact", "--exhaustive", "--json"}));
  EXPECT_EQ(json["pairs"]["all"], 1U << 22);
}

TEST_F(ErrorCommand, PrintsTablesOrNothing) {
  const Arguments arguments = {"--format", "posit:8,0", "--multiplier", "plam"};
  const std::string text = run(arguments);
  for (const std::string part : {"MAE", "WCRE", "11.11 %", "49.5567 %", "0x03"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  Arguments quiet = arguments;
  quiet.push_back("--quiet");
  EXPECT_EQ(run(quiet), "");
}

// --- the files -------------------------------------------------------------------------------

std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string::npos) break;  // '='
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

/// The pixels of a palette PNG without filters, as 0xRRGGBB, row by row.
struct Picture {
  std::size_t columns = 0, rows = 0;
  std::vector<std::uint32_t> pixels;
};
Picture read_png(const std::string& png) {
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1A\n");
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(png[at + i]);
    return value;
  };
  Picture picture;
  std::string palette, packed;
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::size_t length = word(at);
    const std::string type = png.substr(at + 4, 4), data = png.substr(at + 8, length);
    const auto* body = reinterpret_cast<const Bytef*>(png.data() + at + 4);
    EXPECT_EQ(crc32(0, body, static_cast<uInt>(length + 4)), word(at + 8 + length)) << type;
    if (type == "IHDR") picture.columns = word(at + 8), picture.rows = word(at + 12);
    if (type == "PLTE") palette = data;
    if (type == "IDAT") packed += data;
    at += 12 + length;
  }
  std::string lines(picture.rows * (picture.columns + 1), '\0');
  uLongf size = lines.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(lines.data()), &size,
                       reinterpret_cast<const Bytef*>(packed.data()), packed.size()),
            Z_OK);
  EXPECT_EQ(size, lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i % (picture.columns + 1) == 0) continue;  // filter byte
    const std::size_t entry = 3 * static_cast<std::uint8_t>(lines[i]);
    std::uint32_t colour = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      colour = colour << 8 | static_cast<std::uint8_t>(palette.at(entry + k));
    }
    picture.pixels.push_back(colour);
  }
  return picture;
}
Picture first_picture(const std::string& svg) {
  const std::string start = "data:image/png;base64,";
  const std::size_t at = svg.find(start);
  EXPECT_NE(at, std::string::npos);
  const std::size_t from = at + start.size();
  return read_png(from_base64(svg.substr(from, svg.find('"', from) - from)));
}

TEST_F(ErrorCommand, LeavesReportAndPlots) {
  const Arguments arguments = {"--format", "int:4",    "--multiplier",  "drum:2",
                               "--quiet",  "--output", folder_.string()};
  EXPECT_EQ(run(arguments), "");
  const Json json = Json::parse(read(folder_ / "error.json"));
  EXPECT_EQ(json["multiplier"], "drum:2");
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_)) ++files;
  EXPECT_EQ(files, 3U);
  for (const std::string name : {"histogram.svg", "heatmap.svg"}) {
    const std::string svg = read(folder_ / name);
    EXPECT_TRUE(svg.starts_with("<svg ")) << name;
    EXPECT_TRUE(svg.ends_with("</svg>\n")) << name;
    EXPECT_NE(svg.find("int:4/drum:2"), std::string::npos) << name;
    EXPECT_NE(svg.find("relative error"), std::string::npos) << name;
    EXPECT_NE(svg.find("[%]"), std::string::npos) << name;
  }
}

TEST_F(ErrorCommand, ColoursTheHeatMapByTheError) {
  run({"--format", "int:4", "--multiplier", "drum:2", "--quiet", "--output", folder_.string()});
  const Picture map = first_picture(read(folder_ / "heatmap.svg"));
  ASSERT_EQ(map.columns, map.rows);
  const std::size_t side = map.columns / 16;
  // The colour in the middle of the cell of a and b, b to the right, a upwards.
  const auto colour = [&](int a, int b) {
    const std::size_t column = static_cast<std::size_t>(b + 8) * side + side / 2;
    const std::size_t row = static_cast<std::size_t>(7 - a) * side + side / 2;
    return map.pixels[row * map.columns + column];
  };
  EXPECT_EQ(colour(4, -8), 0x67001FU) << "6 * -12 for 4 * -8: +125 %, the most";
  EXPECT_EQ(colour(0, 5), 0xB8B8B8U) << "no relative error";
  EXPECT_EQ(colour(3, -2), 0xF7F7F7U) << "exact";
  const auto red = [](std::uint32_t c) { return static_cast<int>(c >> 16); };
  const auto blue = [](std::uint32_t c) { return static_cast<int>(c & 0xFF); };
  EXPECT_GT(blue(colour(7, 7)), red(colour(7, 7))) << "6 * 6 for 7 * 7: too small";
  EXPECT_GT(red(colour(5, 1)), blue(colour(5, 1))) << "6 for 5: too large";
}

TEST_F(ErrorCommand, EscapesNamesInPlots) {
  fs::create_directories(folder_);
  const fs::path table = folder_ / "a<b&c>.bin";
  std::ofstream(table, std::ios::binary) << std::string(131072, '\0');
  run({"--format", "int:8", "--multiplier", "lut:" + table.string(), "--quiet", "--output",
       folder_.string()});
  for (const std::string name : {"histogram.svg", "heatmap.svg"}) {
    const std::string svg = read(folder_ / name);
    EXPECT_NE(svg.find("a&lt;b&amp;c&gt;.bin"), std::string::npos) << name;
    EXPECT_EQ(svg.find("a<b"), std::string::npos) << name;
  }
  const Json json = Json::parse(read(folder_ / "error.json"));
  EXPECT_EQ(json["relative"]["mean"]["value"], -1.0) << "every product is 0";
}

// --- what is refused -------------------------------------------------------------------------

struct Refused {
  Arguments arguments;
  std::string says;
};

TEST_F(ErrorCommand, RefusesWithOneMessageAndLeavesNothing) {
  const std::string file = folder_.string() + ".file";
  std::ofstream(file) << "x";
  const Arguments good = {"--format", "fixed:32,16", "--multiplier", "mitchw:6"};
  const auto with = [&](Arguments more) {
    more.insert(more.begin(), good.begin(), good.end());
    return more;
  };
  for (const Refused& c : {
           Refused{{}, "--format"},
           Refused{{"--format", "int:8"}, "--multiplier"},
           Refused{{"--format", "int:99", "--multiplier", "exact"}, "B is 99, allowed 2 to 16"},
           Refused{{"--format", "int:8", "--multiplier", "plam"}, "means nothing"},
           Refused{{"--format", "int:8", "--multiplier", "nonesuch"}, "is not known"},
           Refused{with({"--operands", "all"}), "allowed codes, magnitudes, fractions"},
           Refused{with({"--samples", "0"}), "--samples 0"},
           Refused{with({"--samples", ""}), "--samples"},
           Refused{with({"--samples", "1e6"}), "--samples 1e6"},
           Refused{with({"--samples", "1099511627777"}), "2^40"},
           Refused{with({"--samples", "99999999999999999999999"}), "--samples"},
           Refused{with({"--seed", "-1"}), "--seed -1"},
           Refused{with({"--exhaustive"}), "2^32"},
           Refused{with({"--exhaustive", "--samples", "10"}), "exclude"},
           Refused{with({"--samples", "10", "--output", file}), "is a file"},
           Refused{with({"--unknown"}), "--unknown"},
           Refused{with({"stray"}), "stray"},
       }) {
    Arguments arguments = c.arguments;
    if (c.says != "is a file") {
      arguments.insert(arguments.end(), {"--output", folder_.string()});
    }
    try {
      sim::error_command(arguments);
      ADD_FAILURE() << "taken: " << c.says;
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(c.says), std::string::npos) << error.what();
    }
    EXPECT_FALSE(fs::exists(folder_)) << c.says;
  }
  fs::remove(file);
}

}  // namespace
}  // namespace systolog::test
