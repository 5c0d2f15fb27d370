// SPDX-License-Identifier: Apache-2.0
#include "models/name.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <vector>

#include "models/user_error.h"

namespace systolog::models {
namespace {

// Kinds of formats, as sets: what a multiplier or an accumulator is made for.
constexpr unsigned kPosits = 1, kFloats = 2, kIntegers = 4, kFixeds = 8;
constexpr unsigned kReals = kPosits | kFloats, kWholes = kIntegers | kFixeds;
constexpr unsigned kAll = kReals | kWholes;

using Format = decltype(ArithmeticName::format);
using AnyAccumulator = decltype(ArithmeticName::accumulator);

struct Range {
  int least = 0, greatest = 0;
};
/// What stands for the pattern's capital words: numbers in order, a file's name; and the bits of
/// the format's codes.
struct Numbers {
  std::array<int, 2> values{};
  std::string_view file = {};
  int code_bits = 0;
  constexpr int operator[](std::size_t i) const { return values[i]; }
};
constexpr std::string_view kFile = "FILE", kTable = "lut:", kTableSigned = ",signed";

/// A row of what exists: pattern and description, the ranges of the pattern's numbers, the kinds of
/// formats it is for (of a format: its kind), and how it is made.
template <typename Made>
struct Row {
  Entry entry;
  std::array<Range, 2> ranges;
  unsigned kinds;
  Made (*make)(const Numbers&);
  std::string_view canonical = {};  // another row's pattern, where this is a second name
};

constexpr Row<Format> kFormats[] = {
    {{"fp32", "IEEE 754 binary32"}, {}, kFloats, [](const Numbers&) -> Format { return kFp32; }},
    {{"fp16", "IEEE 754 binary16"}, {}, kFloats, [](const Numbers&) -> Format { return kFp16; }},
    {{"bf16", "bfloat16: the first 16 bits of fp32"},
     {},
     kFloats,
     [](const Numbers&) -> Format { return kBf16; }},
    {{"fp8:e4m3", "OCP FP8, 4 exponent bits, no infinity, saturating"},
     {},
     kFloats,
     [](const Numbers&) -> Format { return kFp8E4m3; }},
    {{"fp8:e5m2", "OCP FP8, 5 exponent bits"},
     {},
     kFloats,
     [](const Numbers&) -> Format { return kFp8E5m2; }},
    {{"int:B", "B-bit integer, B = 2..16, with scale and zero point from calibration"},
     {{{2, 16}}},
     kIntegers,
     [](const Numbers& v) -> Format { return Integer{v[0]}; }},
    {{"fixed:B,F", "fixed point, B = 2..32 bits, F = 0..B-1 of them fraction"},
     {{{2, 32}, {0, 31}}},
     kFixeds,
     [](const Numbers& v) -> Format {
       return Fixed{v[0], v[1]};
     }},
    {{"posit:N,ES", "posit, N = 2..32 bits, ES = 0..4 exponent bits"},
     {{{2, 32}, {0, 4}}},
     kPosits,
     [](const Numbers& v) -> Format {
       return Posit{v[0], v[1]};
     }},
};

constexpr Row<SignedMultiplier> kMultipliers[] = {
    {{"exact", "a * b, the reference"},
     {},
     kAll,
     [](const Numbers&) -> SignedMultiplier { return {Exact{}}; }},
    {{"plam",
      "posit logarithm-approximate product: Mitchell's on scale and fraction; int and fixed: "
      "mitchell"},
     {},
     kReals,
     [](const Numbers&) -> SignedMultiplier { return {Mitchell{}}; }},
    {{"mitchell", "sum of piecewise-linear logarithms (on posits and floats the same as plam)"},
     {},
     kAll,
     [](const Numbers&) -> SignedMultiplier { return {Mitchell{}}; }},
    {{"mitchw:W",
      "Mitch-w: Mitchell on the leading one and W-1 bits, W = 1..32; one's-complement "
      "signs on int and fixed"},
     {{{1, 32}}},
     kAll,
     [](const Numbers& v) -> SignedMultiplier {
       return {Mitchw{v[0]}, Signs::kOnesComplement};
     }},
    {{"mitchw:W,c1", "the same as mitchw:W"},
     {{{1, 32}}},
     kWholes,
     [](const Numbers& v) -> SignedMultiplier {
       return {Mitchw{v[0]}, Signs::kOnesComplement};
     },
     "mitchw:W"},
    {{"mitchw:W,c2", "Mitch-w with two's-complement signs"},
     {{{1, 32}}},
     kWholes,
     [](const Numbers& v) -> SignedMultiplier { return {Mitchw{v[0]}}; }},
    {{"drum:K", "DRUM: K bits from the leading one, the last set to 1, K = 2..32"},
     {{{2, 32}}},
     kAll,
     [](const Numbers& v) -> SignedMultiplier { return {Drum{v[0]}}; }},
    {{"trunc:K", "truncation: K bits from the leading one, K = 1..32"},
     {{{1, 32}}},
     kAll,
     [](const Numbers& v) -> SignedMultiplier { return {Trunc{v[0]}}; }},
    {{"lut:FILE", "table of the products of 8-bit magnitudes: 256 x 256 little-endian u16"},
     {},
     kWholes,
     [](const Numbers& v) -> SignedMultiplier {
       return {ProductTable(std::string(v.file), TableSigns::kUnsigned, v.code_bits)};
     }},
    {{"lut:FILE,signed", "the same of 8-bit two's-complement operands and products"},
     {},
     kWholes,
     [](const Numbers& v) -> SignedMultiplier {
       return {ProductTable(std::string(v.file), TableSigns::kSigned, v.code_bits)};
     }},
};

constexpr Row<AnyAccumulator> kAccumulators[] = {
    {{"fp32",
      "fused: the exact product and the sum rounded to fp32 once a step (default of floats)"},
     {},
     kReals,
     [](const Numbers&) -> AnyAccumulator { return Fp32Sum{}; }},
    {{"fp64", "the same in fp64"},
     {},
     kReals,
     [](const Numbers&) -> AnyAccumulator { return Fp64Sum{}; }},
    {{"int:B", "B-bit integer that wraps, B = 2..64 (default of int: int:32)"},
     {{{2, 64}}},
     kIntegers,
     [](const Numbers& v) -> AnyAccumulator { return IntSum{v[0]}; }},
    {{"fixed:B,F",
      "fixed point that saturates, B = 2..64; product bits below F dropped (default of "
      "fixed: the format itself)"},
     {{{2, 64}, {0, 63}}},
     kFixeds,
     [](const Numbers& v) -> AnyAccumulator {
       return FixedSum{v[0], v[1]};
     }},
    {{"loa:K",
      "the default of int and fixed with an approximate adder: lower K bits OR-ed, K = 1..31"},
     {{{1, 31}}},
     kWholes,
     [](const Numbers& v) -> AnyAccumulator {
       return LowerOrSum{v[0], {}};
     }},
    {{"quire", "exact, rounded once at the end (default of posits)"},
     {},
     kReals,
     [](const Numbers&) -> AnyAccumulator { return ExactSum{}; }},
    {{"self", "each product and each sum rounded to the format"},
     {},
     kReals,
     [](const Numbers&) -> AnyAccumulator { return RoundedSum{}; }},
};

template <typename Made, std::size_t kCount>
constexpr std::array<Entry, kCount> entries(const Row<Made> (&rows)[kCount]) {
  std::array<Entry, kCount> list;
  std::transform(std::begin(rows), std::end(rows), list.begin(),
                 [](const Row<Made>& row) { return row.entry; });
  return list;
}
constexpr auto kFormatEntries = entries(kFormats);
constexpr auto kMultiplierEntries = entries(kMultipliers);
constexpr auto kAccumulatorEntries = entries(kAccumulators);

/// "posit:16,1" as "posit", "16", "1"; "lut:a,b/c,signed" as "lut", "a,b/c", "signed".
std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> list;
  if (text.starts_with(kTable)) {
    const bool is_signed = text.ends_with(kTableSigned);
    if (is_signed) text.remove_suffix(kTableSigned.size());
    list = {kTable.substr(0, kTable.size() - 1), text.substr(kTable.size())};
    if (is_signed) list.push_back(kTableSigned.substr(1));
    return list;
  }
  for (char separator = ':';; separator = ',') {
    const std::size_t at = text.find(separator);
    list.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return list;
    text.remove_prefix(at + 1);
  }
}

bool is_number(std::string_view word) { return word[0] >= 'A' && word[0] <= 'Z'; }

/// True if `text` has the words of `pattern`, whatever stands for its numbers.
bool matches(const std::vector<std::string_view>& text, std::string_view pattern) {
  const auto wanted = words(pattern);
  return std::equal(text.begin(), text.end(), wanted.begin(), wanted.end(),
                    [](std::string_view t, std::string_view p) { return t == p || is_number(p); });
}

/// The first of `parts` is the format, the others as far as they are there.
class NameParser {
 public:
  explicit NameParser(std::string_view text) : text_(text) {
    for (std::size_t from = 0;;) {
      std::size_t at = text.find('/', from);
      if (parts_.size() == 1 && text.substr(from).starts_with(kTable)) {
        // A file's name may have slashes itself: only an accumulator ends it.
        at = text.rfind('/');
        if (at < from || !is_accumulator(text.substr(at + 1))) at = std::string_view::npos;
      }
      parts_.push_back(text.substr(from, at == std::string_view::npos ? at : at - from));
      if (at == std::string_view::npos) break;
      from = at + 1;
    }
  }

  ArithmeticName parse() {
    ArithmeticName name;
    const auto& format = take<Format>(parts_[0], "format", kFormats, nullptr, name.format);
    if (const auto* fixed = std::get_if<Fixed>(&name.format)) {
      check("F", fixed->fraction_bits, {0, fixed->width - 1}, format.entry);
      code_bits_ = fixed->width;
    } else if (const auto* integer = std::get_if<Integer>(&name.format)) {
      code_bits_ = integer->width;
    }
    if (parts_.size() < 2 || parts_.size() > 3) {
      fail("write format/multiplier or format/multiplier/accumulator; " +
           allowed("multiplier", kMultipliers, &format) + "; " +
           allowed("accumulator", kAccumulators, &format));
    }
    take(parts_[1], "multiplier", kMultipliers, &format, name.multiplier);
    const std::string text =
        parts_.size() == 3 ? std::string(parts_[2]) : default_accumulator(format.kinds);
    const auto& accumulator = take(text, "accumulator", kAccumulators, &format, name.accumulator);
    if (auto* sum = std::get_if<LowerOrSum>(&name.accumulator)) {
      const auto* fixed = std::get_if<Fixed>(&name.format);
      if (fixed != nullptr) {
        sum->exact = FixedSum{fixed->width, fixed->fraction_bits};
        check("K", sum->or_bits, {1, fixed->width - 1}, accumulator.entry);
      }
    }
    if (const auto* sum = std::get_if<FixedSum>(&name.accumulator)) {
      // A product has 2 F fraction bits; the register needs no more.
      const int product_bits = 2 * std::get<Fixed>(name.format).fraction_bits;
      check("F of the accumulator", sum->fraction_bits, {0, std::min(sum->width - 1, product_bits)},
            accumulator.entry);
    }
    name.canonical = std::move(canonical_);
    return name;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw UserError("arithmetic " + quoted(text_) + ": " + what);
  }

  /// For a message of one line: no control characters, and not endless.
  static std::string quoted(std::string_view text) {
    constexpr std::size_t kShown = 80;
    std::string shown(text.substr(0, kShown));
    for (char& c : shown) c = c >= ' ' && c <= '~' ? c : '?';
    return '"' + shown + (text.size() > kShown ? "..." : "") + '"';
  }

  /// `about`: the row the number belongs to.
  void check(std::string_view name, int value, Range range, const Entry& about) const {
    if (value < range.least || value > range.greatest) {
      fail_range(name, std::to_string(value), range, about);
    }
  }

  [[noreturn]] void fail_range(std::string_view name, const std::string& value, Range range,
                               const Entry& about) const {
    fail(std::string(name) + " is " + value + ", allowed " + std::to_string(range.least) + " to " +
         std::to_string(range.greatest) + " (" + std::string(about.pattern) + ": " +
         std::string(about.description) + ")");
  }

  static bool is_accumulator(std::string_view text) {
    return std::any_of(std::begin(kAccumulators), std::end(kAccumulators),
                       [&](const auto& row) { return matches(words(text), row.entry.pattern); });
  }

  /// Strict: digits only, no sign, no leading zero.
  int number(std::string_view word, std::string_view name, Range range, const Entry& about) const {
    int value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    const bool digits = !word.empty() && std::all_of(word.begin(), word.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || error != std::errc{} || (word.size() > 1 && word[0] == '0')) {
      fail_range(name, quoted(word), range, about);
    }
    check(name, value, range, about);
    return value;
  }

  template <typename Made, std::size_t kCount>
  static std::string patterns(const Row<Made> (&rows)[kCount], unsigned kinds,
                              unsigned but_not = 0) {
    std::string list;
    for (const auto& row : rows) {
      if ((row.kinds & kinds) == 0 || (row.kinds & but_not) != 0) continue;
      list += (list.empty() ? "" : ", ") + std::string(row.entry.pattern);
    }
    return list;
  }

  /// "accumulators of posit:N,ES: quire, self (of others: int:B)".
  template <typename Made, std::size_t kCount>
  static std::string allowed(std::string_view part, const Row<Made> (&rows)[kCount],
                             const Row<Format>* format) {
    if (format == nullptr) return std::string(part) + "s: " + patterns(rows, kAll);
    const std::string others = patterns(rows, kAll & ~format->kinds, format->kinds);
    return std::string(part) + "s of " + std::string(format->entry.pattern) + ": " +
           patterns(rows, format->kinds) + (others.empty() ? "" : " (of others: " + others + ")");
  }

  /// Reads one part into `made` by the rows of its table, and adds it to the canonical name.
  /// `format`: the one it must go with.
  template <typename Made, std::size_t kCount>
  const Row<Made>& take(std::string_view part, std::string_view what,
                        const Row<Made> (&rows)[kCount], const Row<Format>* format, Made& made) {
    const auto text = words(part);
    const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row<Made>& r) {
      return matches(text, r.entry.pattern);
    });
    if (row == std::end(rows)) {
      fail(std::string(what) + " " + quoted(part) + " is not known; " +
           allowed(what, rows, format));
    }
    if (format != nullptr && (row->kinds & format->kinds) == 0) {
      fail(std::string(row->entry.pattern) + " means nothing with " +
           std::string(format->entry.pattern) + " (" + std::string(row->entry.description) + "); " +
           allowed(what, rows, format) + "; as in " + std::string(parts_[0]) + "/exact/" +
           default_accumulator(format->kinds));
    }
    Numbers numbers{.code_bits = code_bits_};
    std::size_t count = 0;
    const auto names = words(row->entry.pattern);
    for (std::size_t i = 1; i < names.size(); ++i) {
      if (names[i] == kFile) numbers.file = text[i];
      if (!is_number(names[i]) || names[i] == kFile) continue;
      numbers.values[count] = number(text[i], names[i], row->ranges[count], row->entry);
      ++count;
    }
    append_canonical(row->canonical.empty() ? row->entry.pattern : row->canonical, numbers);
    made = row->make(numbers);
    return *row;
  }

  void append_canonical(std::string_view pattern, const Numbers& numbers) {
    if (!canonical_.empty()) canonical_ += '/';
    std::size_t count = 0;
    const auto names = words(pattern);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i > 0) canonical_ += i == 1 ? ':' : ',';
      if (names[i] == kFile) {
        canonical_ += numbers.file;
      } else if (is_number(names[i])) {
        canonical_ += std::to_string(numbers[count++]);
      } else {
        canonical_ += names[i];
      }
    }
  }

  std::string default_accumulator(unsigned kind) const {
    switch (kind) {
      case kPosits:
        return "quire";
      case kFloats:
        return "fp32";
      case kIntegers:
        return "int:32";
      default:
        return std::string(parts_[0]);
    }
  }

  std::string_view text_;
  std::vector<std::string_view> parts_;
  std::string canonical_;
  int code_bits_ = 0;  // of int:B and fixed:B,F
};

}  // namespace

ArithmeticName parse_name(std::string_view text) { return NameParser(text).parse(); }

std::span<const Entry> formats() { return kFormatEntries; }
std::span<const Entry> multipliers() { return kMultiplierEntries; }
std::span<const Entry> accumulators() { return kAccumulatorEntries; }

}  // namespace systolog::models
