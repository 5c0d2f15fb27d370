// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "models/arithmetic.h"
#include "models/codes.h"
#include "models/number_text.h"
#include "models/user_error.h"

namespace systolog::models {

/// What all arithmetics share.
class ArithmeticBase : public Arithmetic {
 public:
  ArithmeticBase(std::string name, int bits)
      : name_(std::move(name)), bits_(bits), code_bytes_(code_bytes_for(bits)) {}

  const std::string& name() const final { return name_; }
  int bits() const final { return bits_; }
  std::size_t code_bytes() const final { return code_bytes_; }
  std::size_t bias_bytes() const override { return code_bytes_; }
  bool is_quantised() const override { return false; }
  void clear(std::size_t count, std::byte* accumulators) const final {
    // Zero is all zeros in each of them.
    std::fill_n(accumulators, count * accumulator_bytes(), std::byte{0});
  }

 protected:
  /// The power of two in the Quantisation of a format without zero points.
  static int scale_of(Quantisation q) { return std::ilogb(q.scale); }
  Code code_at(const std::byte* codes, std::size_t i) const {
    return load_code(codes, i, code_bytes_);
  }
  void set_code(Code code, std::byte* codes, std::size_t i) const {
    store_code(code, codes, i, code_bytes_);
  }
  std::string format_name() const { return name_.substr(0, name_.find('/')); }

  Dyadic number(std::string_view text, bool has_nan) const {
    const auto value = parse_number(text);
    if (!value || (value->kind == Kind::kNan && !has_nan)) {
      throw UserError(format_name() + ": \"" + std::string(text) +
                      "\" is no number; allowed: a "
                      "decimal such as -1.5e-3, a C hex-float such as 0x1.8p-2, inf" +
                      (has_nan ? " or nan" : ""));
    }
    return *value;
  }
  static std::string shortest(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
  }

 private:
  std::string name_;
  int bits_;
  std::size_t code_bytes_;
};

}  // namespace systolog::models
