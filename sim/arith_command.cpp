// SPDX-License-Identifier: Apache-2.0
// systolog arith: one operation a line, stdin to stdout.
#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "models/arithmetic.h"
#include "models/user_error.h"
#include "sim/command_line.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;
using models::Arithmetic;
using models::Code;

constexpr Usage kUsage{
    "arith", "mul|add|convert|dot",
    "Reads one operation a line from stdin and prints one result a line. Operands are hex bit\n"
    "patterns of the format: mul and add take A B, dot takes A0 B0 A1 B1 ..., convert a decimal,\n"
    "C hex-float, inf or nan. Results are hex: rounded to the format; of mul on int:B and\n"
    "fixed:B,F the unit's full 2B-bit product in two's complement; of dot the accumulator, "
    "started\n"
    "at zero, rounded to the format: on int:B the sum itself, saturated to B bits. Empty lines "
    "are\n"
    "passed over.",
    "  $ echo '0x5000 0x5800' | systolog arith mul --format posit:16,1 --multiplier plam\n"
    "  0x6400"};

/// Text of the user's as a message shows it: its beginning, in quotes, on one line.
std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string quoted = "\"";
  for (const char c : text.substr(0, kShown)) {
    const bool printable = static_cast<unsigned char>(c) >= ' ' && c != '\x7F';
    quoted += printable ? c : '?';
  }
  return quoted + (text.size() > kShown ? "...\"" : "\"");
}

/// Refuses options that say nothing about the operation.
void check_options(const std::string& operation, const po::variables_map& values) {
  const std::pair<const char*, std::string_view> uses[] = {{"multiplier", "mul and dot"},
                                                           {"accumulator", "dot"}};
  for (const auto& [name, users] : uses) {
    if (values.count(name) == 0 || users.find(operation) != std::string_view::npos) continue;
    throw UserError("systolog arith: --" + std::string(name) + ": " + operation +
                    " has none, allowed with " + std::string(users));
  }
}

/// Lines of input cut into words, with their place for messages.
class Lines {
 public:
  bool next() {
    while (std::getline(std::cin, line_)) {
      ++number_;
      rest_ = line_;
      if (rest_.find_first_not_of(kBlanks) != std::string_view::npos) return true;
    }
    if (std::cin.bad()) throw UserError("stdin: cannot be read");
    return false;
  }

  /// The next word, empty at the line's end.
  std::string_view word() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
    const std::string_view found = rest_.substr(0, rest_.find_first_of(kBlanks));
    rest_.remove_prefix(found.size());
    return found;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw UserError("stdin: line " + std::to_string(number_) + " " + shown(line_) + ": " + why);
  }

  /// An operand of `bits` bits.
  Code code(std::string_view word, int bits) const {
    std::string_view digits = word;
    if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || end != digits.data() + digits.size() || value >> bits != 0) {
      refuse(shown(word) + " is not a hex number of " + std::to_string(bits) + " bits");
    }
    return static_cast<Code>(value);
  }

  void expect_end() {
    if (const auto more = word(); !more.empty()) {
      refuse(shown(more) + " is one operand too many");
    }
  }

 private:
  static constexpr std::string_view kBlanks = " \t\r";
  std::string line_;
  std::string_view rest_;
  std::size_t number_ = 0;
};

/// Output is gathered and written in large pieces.
class Results {
 public:
  explicit Results(int bits) : digits_(static_cast<std::size_t>((bits + 3) / 4)) {}
  ~Results() { flush(); }
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;

  void print(std::uint64_t value) {
    text_ += "0x";
    for (std::size_t d = digits_; d-- > 0;) text_ += "0123456789abcdef"[(value >> (4 * d)) & 15];
    text_ += '\n';
    // What a person types is answered at once.
    if (text_.size() > kPiece || std::cin.rdbuf()->in_avail() <= 0) flush();
  }

 private:
  void flush() {
    std::cout << text_ << std::flush;
    text_.clear();
  }

  static constexpr std::size_t kPiece = 1 << 16;
  std::size_t digits_;
  std::string text_;
};

template <typename Operation>
void binary(const Arithmetic& a, Lines& lines, Results& results, Operation operation) {
  while (lines.next()) {
    const std::string_view first = lines.word(), second = lines.word();
    if (second.empty()) lines.refuse("needs two operands");
    lines.expect_end();
    results.print(operation(lines.code(first, a.bits()), lines.code(second, a.bits())));
  }
}

void dot(const Arithmetic& a, Lines& lines, Results& results) {
  std::vector<Code> left, right;
  while (lines.next()) {
    left.clear();
    right.clear();
    for (auto word = lines.word(); !word.empty(); word = lines.word()) {
      auto& side = left.size() == right.size() ? left : right;
      side.push_back(lines.code(word, a.bits()));
    }
    if (left.size() != right.size()) lines.refuse("needs an even number of operands");
    results.print(a.dot(left, right));
  }
}

void convert(const Arithmetic& a, Lines& lines, Results& results) {
  while (lines.next()) {
    const std::string text(lines.word());
    lines.expect_end();
    try {
      results.print(a.convert(text));
    } catch (const UserError& error) {
      lines.refuse(error.what());
    }
  }
}

}  // namespace

int arith_command(const Arguments& arguments) {
  std::string format, multiplier = "exact", accumulator;
  po::options_description options("Options");
  auto add = options.add_options();
  add("format", po::value(&format)->required(), "number format, e.g. posit:16,1");
  add("multiplier", po::value(&multiplier), "exact (default), plam, mitchell, ...");
  add("accumulator", po::value(&accumulator), "of dot (default: the format's own)");
  po::variables_map values;
  if (parse_arguments(kUsage, options, arguments, values)) return 0;
  const Arguments operations =
      values.count("positional") != 0 ? values["positional"].as<Arguments>() : Arguments();
  if (operations.size() != 1)
    throw UserError("systolog arith: needs one of mul, add, convert, dot");
  const std::string& operation = operations.front();
  constexpr std::string_view kOperations[] = {"mul", "add", "convert", "dot"};
  if (std::find(std::begin(kOperations), std::end(kOperations), operation) ==
      std::end(kOperations)) {
    throw UserError("systolog arith: " + shown(operation) +
                    " is not one of mul, add, convert, dot");
  }
  check_options(operation, values);
  const auto arithmetic = models::make_arithmetic(format + "/" + multiplier +
                                                  (accumulator.empty() ? "" : "/" + accumulator));
  const Arithmetic& a = *arithmetic;

  std::ios::sync_with_stdio(false);
  Lines lines;
  Results results(operation == "mul" ? a.product_bits() : a.bits());
  if (operation == "mul") {
    binary(a, lines, results, [&](Code x, Code y) { return a.multiply(x, y); });
  } else if (operation == "add") {
    binary(a, lines, results, [&](Code x, Code y) { return a.add_codes(x, y); });
  } else if (operation == "dot") {
    dot(a, lines, results);
  } else {
    convert(a, lines, results);
  }
  return 0;
}

}  // namespace systolog::sim
