// SPDX-License-Identifier: Apache-2.0
#include "models/integer_mac.h"

#include <type_traits>

namespace systolog::models {
namespace {

template <typename Sum>
std::unique_ptr<const IntegerMac> with(const SignedMultiplier& multiplier, const Sum& sum) {
  return std::visit(
      [&](const auto& unit) -> std::unique_ptr<const IntegerMac> {
        using M = std::decay_t<decltype(unit)>;
        if constexpr (Multiplier<M>) {
          if (multiplier.signs == Signs::kOnesComplement) {
            using Unit = SignedUnit<Signs::kOnesComplement, M>;
            return std::make_unique<IntegerMacOf<Unit, Sum>>(Unit{unit}, sum);
          }
          using Unit = SignedUnit<Signs::kTwosComplement, M>;
          return std::make_unique<IntegerMacOf<Unit, Sum>>(Unit{unit}, sum);
        } else {
          return std::make_unique<IntegerMacOf<M, Sum>>(unit, sum);
        }
      },
      multiplier.unit);
}

}  // namespace

std::unique_ptr<const IntegerMac> make_integer_mac(const ArithmeticName& name) {
  const auto* approximate = std::get_if<LowerOrSum>(&name.accumulator);
  const auto with_adder = [&](const auto& sum) {
    using Sum = std::decay_t<decltype(sum)>;
    return approximate == nullptr
               ? with(name.multiplier, sum)
               : with(name.multiplier, LowerOrSumOf<Sum>{sum, approximate->or_bits});
  };
  if (const auto* sum = name.int_sum()) return with_adder(WrappingSum{sum->width});
  const FixedSum& sum = *name.fixed_sum();
  const auto& format = std::get<Fixed>(name.format);
  return with_adder(SaturatingSum{sum.width, 2 * format.fraction_bits - sum.fraction_bits});
}

}  // namespace systolog::models
