// SPDX-License-Identifier: Apache-2.0
#include "models/number_text.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <string>

namespace systolog::models {
namespace {

using boost::multiprecision::cpp_int;

// A boundary between two codes has fewer digits than this (2^-512 has 358 significant ones): what
// follows only tells on which side of it a number lies.
constexpr std::size_t kDigits = 2'000;
constexpr std::int64_t kFarExponent = 2'000;  // of ten: past the range of every format
constexpr int kFarScale = 100'000;            // of two: stands for all that is farther

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Value of a hex digit, or -1.
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The digits of "12.5": "125" and how many stood after the point.
struct Digits {
  std::string text;  // without leading zeros
  std::int64_t after_point = 0;
};

/// Takes digits with an optional point from the front of `text`; nothing if there is no digit.
template <typename IsDigit>
std::optional<Digits> take_digits(std::string_view& text, IsDigit is) {
  Digits digits;
  bool point = false, any = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !point) {
      point = true;
    } else if (is(text[at])) {
      any = true;
      if (point) ++digits.after_point;
      if (!digits.text.empty() || text[at] != '0') digits.text += text[at];
    } else {
      break;
    }
  }
  if (!any) return {};
  text.remove_prefix(at);
  return digits;
}

/// The whole of `text` as "e+12" after the marker; far exponents are cut to +-10^15.
std::optional<std::int64_t> take_exponent(std::string_view text, char marker) {
  if (text.empty()) return 0;
  if ((text[0] | 0x20) != marker) return {};
  text.remove_prefix(1);
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return {};
  std::int64_t exponent = 0;
  for (const char c : text) {
    exponent = std::min<std::int64_t>(10 * exponent + (c - '0'), 1'000'000'000'000'000);
  }
  return negative ? -exponent : exponent;
}

Dyadic far(bool negative, bool large) { return {1, large ? kFarScale : -kFarScale, negative}; }

/// integer * 2^exponent as 64 leading bits.
Dyadic leading_bits(bool negative, const cpp_int& integer, int exponent, bool sticky) {
  const int length = static_cast<int>(boost::multiprecision::msb(integer)) + 1;
  if (length <= 64) {
    return {integer.convert_to<std::uint64_t>(), exponent, negative, sticky};
  }
  const auto drop = static_cast<unsigned>(length - 64);
  const cpp_int kept = integer >> drop;
  const bool lost = boost::multiprecision::lsb(integer) < drop;
  return {kept.convert_to<std::uint64_t>(), exponent + length - 64, negative, sticky || lost};
}

Dyadic from_decimal(bool negative, Digits digits, std::int64_t exponent) {
  if (digits.text.empty()) return {0, 0, negative};
  exponent -= digits.after_point;
  const auto count = static_cast<std::int64_t>(digits.text.size());
  if (exponent + count > kFarExponent) return far(negative, true);
  if (exponent + count < -kFarExponent) return far(negative, false);
  bool sticky = false;
  if (digits.text.size() > kDigits) {
    sticky = digits.text.find_first_not_of('0', kDigits) != std::string::npos;
    digits.text.resize(kDigits);
    exponent += count - static_cast<std::int64_t>(kDigits);
  }
  const cpp_int integer(digits.text);
  const auto power = static_cast<int>(exponent);
  const cpp_int fives =
      boost::multiprecision::pow(cpp_int(5), static_cast<unsigned>(std::abs(power)));
  // 10^p = 5^p 2^p. At least 64 bits, so that `sticky` lies below the last one kept.
  if (power >= 0) return leading_bits(negative, (integer * fives) << 64U, power - 64, sticky);
  const unsigned lift = static_cast<unsigned>(boost::multiprecision::msb(fives)) + 65;
  cpp_int quotient, rest;
  boost::multiprecision::divide_qr(cpp_int(integer << lift), fives, quotient, rest);
  return leading_bits(negative, quotient, power - static_cast<int>(lift), sticky || rest != 0);
}

Dyadic from_hex(bool negative, const Digits& digits, std::int64_t exponent) {
  if (digits.text.empty()) return {0, 0, negative};
  Uint128 leading = 0;
  bool sticky = false;
  exponent -= 4 * digits.after_point;
  for (const char c : digits.text) {
    const auto digit = static_cast<unsigned>(hex_digit(c));
    if (leading >> 120 == 0) {
      leading = leading << 4 | digit;
    } else {
      sticky = sticky || digit != 0;
      exponent += 4;
    }
  }
  if (exponent > kFarScale) return far(negative, true);
  if (exponent < -kFarScale) return far(negative, false);
  return narrow(negative, leading, static_cast<int>(exponent), sticky);
}

}  // namespace

std::optional<Dyadic> parse_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "inf") return Dyadic{0, 0, negative, false, Kind::kInfinite};
  if (text == "nan") return Dyadic{0, 0, false, false, Kind::kNan};
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  const auto digits = hex ? take_digits(text, [](char c) { return hex_digit(c) >= 0; })
                          : take_digits(text, is_digit);
  if (!digits) return {};
  const auto exponent = take_exponent(text, hex ? 'p' : 'e');
  if (!exponent) return {};
  return hex ? from_hex(negative, *digits, *exponent) : from_decimal(negative, *digits, *exponent);
}

}  // namespace systolog::models
