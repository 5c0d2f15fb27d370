// SPDX-License-Identifier: Apache-2.0
#include "sim/scalesim_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "models/user_error.h"
#include "sim/json_file.h"

namespace systolog::sim::scalesim {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\v\f";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return small;
}

/// What a message quotes: cut where it is long.
std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  return text.size() <= kLongest ? "\"" + std::string(text) + "\""
                                 : "\"" + std::string(text.substr(0, kLongest)) + "...\"";
}

struct Line {
  std::size_t number;
  std::string_view text;  // no blanks around it, not empty
};

/// The lines of a text that are not blank.
std::vector<Line> lines_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<Line> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto line = trimmed(text.substr(0, end)); !line.empty()) {
      lines.push_back({number, line});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Where a value stands, for messages.
struct Place {
  std::string file;
  std::size_t line;

  [[noreturn]] void fail(std::string_view field, std::string_view what) const {
    throw UserError(file + ": line " + std::to_string(line) + ": " + std::string(field) + ": " +
                    std::string(what));
  }
};

std::uint64_t whole_number(const Place& place, std::string_view field, std::string_view text,
                           std::uint64_t lowest, std::uint64_t highest) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < lowest ||
      value > highest) {
    place.fail(field, "got " + (text.empty() ? "nothing" : shown(text)) + ", allowed " +
                          std::to_string(lowest) + " to " + std::to_string(highest));
  }
  return value;
}

// --- the config ---------------------------------------------------------------------------------

class Ini {
 public:
  explicit Ini(const std::filesystem::path& file) : file_(file.string()) {
    const std::string text = read_file(file);
    std::string section;
    for (const Line& line : lines_of(text)) {
      const Place place{file_, line.number};
      if (line.text.front() == '#' || line.text.front() == ';') continue;
      if (line.text.front() == '[') {
        if (line.text.back() != ']') place.fail(shown(line.text), "a section has no ]");
        section = trimmed(line.text.substr(1, line.text.size() - 2));
        sections_[section];
        continue;
      }
      const std::size_t sign = line.text.find_first_of("=:");
      if (sign == std::string_view::npos || sign == 0 || section.empty()) {
        place.fail(shown(line.text), "allowed [section], and below it key = value or key : value");
      }
      const std::string key(trimmed(line.text.substr(0, sign)));
      const Entry entry{key, std::string(trimmed(line.text.substr(sign + 1))), line.number, false};
      if (!sections_[section].try_emplace(lower(key), entry).second) {
        place.fail(key, "given twice in [" + section + "]");
      }
    }
  }

  struct Found {
    Place place;
    std::string key, value;
  };
  /// The value of a key, under any of its names; none where it is not there.
  std::optional<Found> find(const std::string& section,
                            std::initializer_list<std::string_view> names) {
    const auto keys = sections_.find(section);
    if (keys == sections_.end()) return std::nullopt;
    for (const std::string_view name : names) {
      const auto entry = keys->second.find(lower(name));
      if (entry == keys->second.end()) continue;
      entry->second.used = true;
      return Found{{file_, entry->second.line}, entry->second.key, entry->second.value};
    }
    return std::nullopt;
  }
  Found require(const std::string& section, std::initializer_list<std::string_view> names) {
    if (auto found = find(section, names)) return *std::move(found);
    throw UserError(file_ + ": [" + section + "] " + std::string(*names.begin()) + ": missing");
  }

  std::vector<std::string> unused() const {
    std::vector<std::string> names;
    for (const auto& [section, entries] : sections_) {
      for (const auto& [key, entry] : entries) {
        if (!entry.used) names.push_back("[" + section + "] " + entry.key);
      }
    }
    return names;
  }

 private:
  struct Entry {
    std::string key, value;
    std::size_t line;
    bool used;
  };
  std::string file_;
  std::map<std::string, std::map<std::string, Entry>> sections_;
};

std::uint64_t number_of(const Ini::Found& found, std::uint64_t highest) {
  return whole_number(found.place, found.key, found.value, 1, highest);
}

// --- the topology -------------------------------------------------------------------------------

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (bool more = true; more;) {
    const std::size_t comma = line.find(',');
    fields.push_back(trimmed(line.substr(0, comma)));
    more = comma != std::string_view::npos;
    if (more) line.remove_prefix(comma + 1);
  }
  if (fields.size() > 1 && fields.back().empty()) fields.pop_back();  // the comma at the end
  return fields;
}

constexpr std::array kConvolutionFields = {"IFMAP height", "IFMAP width", "filter height",
                                           "filter width", "channels",    "filters",
                                           "stride"};
constexpr std::array kGemmFields = {"M", "N", "K"};
constexpr std::uint64_t kLargestSize = std::uint64_t{1} << 20;
constexpr std::uint64_t kLargestGemm = std::uint64_t{1} << 31;
constexpr std::uint64_t kLargestSide = std::uint64_t{1} << 40;
constexpr double kMostMacs = 0x1p50;

/// Input pixels along an axis that some window touches; none where the last window overhangs: how
/// the tool numbers what lies outside is its own affair.
std::optional<std::uint64_t> touched(std::uint64_t size, std::uint64_t kernel, std::uint64_t stride,
                                     std::uint64_t out) {
  if ((out - 1) * stride + kernel > size) return std::nullopt;
  return (out - 1) * std::min(stride, kernel) + kernel;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

class TopologyReader {
 public:
  TopologyReader(std::string file, TopologyForm form) : file_(std::move(file)), form_(form) {}

  void header(const Line& line) {
    const Place place{file_, line.number};
    header_ = fields_of(line.text);
    if (header_.size() > 1 && is_number(header_[1])) {
      place.fail(shown(header_[1]),
                 "a layer's number where the header should be, allowed a first "
                 "line of column names");
    }
    const bool gemm = header_.size() > 1 && lower(header_[1]) == "m";
    if (gemm && (header_.size() < 4 || lower(header_[2]) != "n" || lower(header_[3]) != "k")) {
      place.fail("columns", "got " + shown(line.text) + ", allowed name, M, N, K in this order");
    }
    if (form_ == TopologyForm::kGemm && header_.size() > 1 &&
        lower(header_[1]).find("ifmap") != std::string::npos) {
      place.fail("columns", "got " + shown(line.text) +
                                ": convolutions, allowed with --input-type gemm: name, M, N, K");
    }
    if (form_ != TopologyForm::kByHeader) return;
    form_ = gemm ? TopologyForm::kGemm : TopologyForm::kConvolution;
  }

  void row(const Line& line) {
    const Place place{file_, line.number};
    const auto fields = fields_of(line.text);
    form_ == TopologyForm::kGemm ? gemm(place, fields) : convolution(place, fields);
  }

  ReadTopology result() && { return std::move(result_); }

 private:
  using Fields = std::vector<std::string_view>;

  std::string layer_name(const Place& place, const Fields& fields) const {
    if (fields[0].empty()) place.fail("layer name", "missing");
    return std::string(fields[0]);
  }

  template <std::size_t Count>
  std::array<std::uint64_t, Count> numbers(const Place& place, const Fields& fields,
                                           const std::array<const char*, Count>& names,
                                           std::uint64_t highest) const {
    std::array<std::uint64_t, Count> values{};
    for (std::size_t i = 0; i < Count; ++i) {
      values[i] =
          whole_number(place, names[i], i + 1 < fields.size() ? fields[i + 1] : "", 1, highest);
    }
    return values;
  }

  void gemm(const Place& place, const Fields& fields) {
    const std::string name = layer_name(place, fields);
    const auto [m, n, k] = numbers(place, fields, kGemmFields, kLargestGemm);
    ignore(fields, 4);
    add(place, {name, m, n, k, m * k});
  }

  void convolution(const Place& place, const Fields& fields) {
    const std::string name = layer_name(place, fields);
    const auto [height, width, kernel_h, kernel_w, channels, filters, stride_h] =
        numbers(place, fields, kConvolutionFields, kLargestSize);
    if (kernel_h > height) too_large(place, "filter height", kernel_h, "IFMAP height", height);
    if (kernel_w > width) too_large(place, "filter width", kernel_w, "IFMAP width", width);
    std::uint64_t stride_w = stride_h;
    const bool second_stride = is_second_stride(fields);
    if (second_stride) {
      stride_w = whole_number(place, "second stride", fields[8], 1, kLargestSize);
    }
    ignore(fields, second_stride ? 9 : 8);
    const bool depthwise = name.find("DP") != std::string::npos;
    const std::uint64_t depth = depthwise ? 1 : channels;
    const std::uint64_t out_h = (height - kernel_h + 2 * stride_h - 1) / stride_h;
    const std::uint64_t out_w = (width - kernel_w + 2 * stride_w - 1) / stride_w;
    Layer layer{name, out_h * out_w, filters, 1, 1};
    // Products of numbers up to 2^20 each, of which no more than three fit 64 bits.
    if (kernel_h * kernel_w > kLargestSide / depth) too_many(place);
    layer.k = kernel_h * kernel_w * depth;
    const auto rows = touched(height, kernel_h, stride_h, out_h);
    const auto columns = touched(width, kernel_w, stride_w, out_w);
    layer.ifmap_elements.reset();
    if (rows && columns && *rows * *columns <= UINT64_MAX / depth) {
      layer.ifmap_elements = *rows * *columns * depth;
    }
    if (!depthwise) return add(place, std::move(layer));
    for (std::uint64_t channel = 0; channel < channels; ++channel) {
      layer.name = name + "Channel_" + std::to_string(channel);
      add(place, layer);
    }
  }

  /// A ninth field is v2's stride along the width, unless it is a ratio (v3's sparsity) or the
  /// header calls it something else.
  bool is_second_stride(const Fields& fields) const {
    if (fields.size() < 9 || fields[8].find(':') != std::string_view::npos) return false;
    return header_.size() < 9 || lower(header_[8]).find("strid") != std::string::npos;
  }

  [[noreturn]] static void too_large(const Place& place, std::string_view field,
                                     std::uint64_t value, std::string_view of,
                                     std::uint64_t limit) {
    place.fail(field, "got " + std::to_string(value) + ", allowed 1 to the " + std::string(of) +
                          ", " + std::to_string(limit));
  }
  [[noreturn]] static void too_many(const Place& place) {
    place.fail("layer", "has more than 2^50 multiply-accumulates");
  }

  void add(const Place& place, Layer layer) {
    const double macs =
        static_cast<double>(layer.m) * static_cast<double>(layer.n) * static_cast<double>(layer.k);
    if (macs > kMostMacs || std::max({layer.m, layer.n, layer.k}) > kLargestSide) too_many(place);
    result_.layers.push_back(std::move(layer));
  }

  void ignore(const Fields& fields, std::size_t known) {
    for (std::size_t i = known; i < fields.size(); ++i) {
      const std::string name = i < header_.size() && !header_[i].empty()
                                   ? "column \"" + std::string(header_[i]) + "\""
                                   : "column " + std::to_string(i + 1);
      if (std::find(result_.ignored.begin(), result_.ignored.end(), name) ==
          result_.ignored.end()) {
        result_.ignored.push_back(name);
      }
    }
  }

  std::string file_;
  TopologyForm form_;
  Fields header_;
  ReadTopology result_;
};

}  // namespace

ReadArchitecture read_architecture(const std::filesystem::path& file) {
  constexpr std::uint64_t kLargestArray = 65'536, kLargestBuffer_kb = std::uint64_t{1} << 30;
  const std::string general = "general", presets = "architecture_presets", run = "run_presets";
  Ini ini(file);
  ReadArchitecture read;
  Architecture& a = read.architecture;
  a.run_name = ini.require(general, {"run_name"}).value;
  a.rows = number_of(ini.require(presets, {"ArrayHeight"}), kLargestArray);
  a.columns = number_of(ini.require(presets, {"ArrayWidth"}), kLargestArray);
  a.ifmap_kb = number_of(ini.require(presets, {"IfmapSramSzkB", "IfmapSramSz"}), kLargestBuffer_kb);
  a.filter_kb =
      number_of(ini.require(presets, {"FilterSramSzkB", "FilterSramSz"}), kLargestBuffer_kb);
  a.ofmap_kb = number_of(ini.require(presets, {"OfmapSramSzkB", "OfmapSramSz"}), kLargestBuffer_kb);
  const auto dataflow = ini.require(presets, {"Dataflow"});
  if (dataflow.value == "os") {
    a.dataflow = Dataflow::kOutputStationary;
  } else if (dataflow.value == "ws") {
    a.dataflow = Dataflow::kWeightStationary;
  } else if (dataflow.value == "is") {
    a.dataflow = Dataflow::kInputStationary;
  } else {
    dataflow.place.fail(dataflow.key, "got " + shown(dataflow.value) + ", allowed os, ws, is");
  }
  // v1 has no such key and calculates.
  if (const auto mode = ini.find(run, {"InterfaceBandwidth"})) {
    if (mode->value != "CALC" && mode->value != "USER") {
      mode->place.fail(mode->key, "got " + shown(mode->value) + ", allowed CALC, USER");
    }
    a.user_bandwidth = mode->value == "USER";
  }
  // Where the operands lie in memory changes no count.
  for (const auto* offset : {"IfmapOffset", "FilterOffset", "OfmapOffset"}) {
    if (const auto found = ini.find(presets, {offset})) {
      whole_number(found->place, found->key, found->value, 0, INT64_MAX);
    }
  }
  read.ignored = ini.unused();
  return read;
}

ReadTopology read_topology(const std::filesystem::path& file, TopologyForm form) {
  const std::string text = read_file(file);
  const auto lines = lines_of(text);
  TopologyReader reader(file.string(), form);
  if (!lines.empty()) reader.header(lines.front());
  for (std::size_t i = 1; i < lines.size(); ++i) reader.row(lines[i]);
  ReadTopology topology = std::move(reader).result();
  if (topology.layers.empty()) {
    throw UserError(file.string() + ": no layers; allowed a header and below it a row a layer: " +
                    "name, IFMAP height, IFMAP width, filter height, filter width, channels, " +
                    "filters, stride or name, M, N, K");
  }
  return topology;
}

}  // namespace systolog::sim::scalesim
