// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "models/fixed_point.h"
#include "models/float_format.h"
#include "models/multipliers.h"
#include "models/posit.h"
#include "models/product_table.h"

namespace systolog::models {

/// int:B as a format.
struct Integer {
  int width = 8;
};

// Accumulators by name; what they do is in accumulators.h and integer_mac.h.
struct Fp32Sum {};
struct Fp64Sum {};
struct IntSum {
  int width = 32;
};
struct FixedSum {
  int width = 32;
  int fraction_bits = 16;
};
/// An integer or fixed-point accumulator, of which the adder ORs the lower bits.
struct LowerOrSum {
  int or_bits = 8;
  std::variant<IntSum, FixedSum> exact;
};
struct ExactSum {};    // quire
struct RoundedSum {};  // self

/// A multiplier and how it gets its signs, which only integers and fixed point ask for.
struct SignedMultiplier {
  std::variant<Exact, Mitchell, Mitchw, Drum, Trunc, ProductTable> unit;
  Signs signs = Signs::kTwosComplement;

  /// visit(unit); of a table, what it returns for `exact`.
  template <typename Visit>
  auto visit_multiplier(const Visit& visit) const {
    return std::visit(
        [&](const auto& m) {
          if constexpr (Multiplier<std::decay_t<decltype(m)>>) {
            return visit(m);
          } else {
            return visit(Exact{});
          }
        },
        unit);
  }

  /// A unit for signed operands that is no Multiplier.
  bool is_table() const { return std::holds_alternative<ProductTable>(unit); }
  Leading leading() const {
    return visit_multiplier([](const auto& m) { return m.leading(); });
  }
  /// What the unit does to two operands of which it kept leading() is Mitchell's product, else the
  /// exact one.
  bool is_logarithmic() const {
    return visit_multiplier([](const auto& m) {
      return std::is_same_v<typename std::decay_t<decltype(m)>::Core, Mitchell>;
    });
  }
};

/// An arithmetic's name, read.
struct ArithmeticName {
  std::string canonical;
  std::variant<Posit, Float, Integer, Fixed> format;
  SignedMultiplier multiplier;
  std::variant<Fp32Sum, Fp64Sum, IntSum, FixedSum, LowerOrSum, ExactSum, RoundedSum> accumulator;

  /// The accumulator of int:B or fixed:B,F, whatever its adder; null if it is of the other kind.
  const IntSum* int_sum() const { return whole_sum<IntSum>(); }
  const FixedSum* fixed_sum() const { return whole_sum<FixedSum>(); }

 private:
  template <typename Sum>
  const Sum* whole_sum() const {
    const auto* approximate = std::get_if<LowerOrSum>(&accumulator);
    return approximate != nullptr ? std::get_if<Sum>(&approximate->exact)
                                  : std::get_if<Sum>(&accumulator);
  }
};

/// Throws UserError as make_arithmetic does.
ArithmeticName parse_name(std::string_view text);

}  // namespace systolog::models
