// SPDX-License-Identifier: Apache-2.0
#include "models/mac.h"

#include <cassert>
#include <utility>

namespace systolog::models {
namespace {

template <Accumulator A>
std::unique_ptr<const Mac> with(const SignedMultiplier& multiplier, const A& accumulator) {
  return std::visit(
      [&](const auto& unit) -> std::unique_ptr<const Mac> {
        using M = std::decay_t<decltype(unit)>;
        if constexpr (Multiplier<M>) {
          return std::make_unique<MacOf<M, A>>(unit, accumulator);
        } else {
          assert(false);  // parse_name refuses tables for posits and floats
          return nullptr;
        }
      },
      multiplier.unit);
}

std::unique_ptr<const Mac> with_quire(const SignedMultiplier& multiplier, int bits, int base) {
  switch (bits) {
    case 64:
      return with(multiplier, QuireSum<1>{base});
    case 128:
      return with(multiplier, QuireSum<2>{base});
    case 256:
      return with(multiplier, QuireSum<4>{base});
    case 512:
      return with(multiplier, QuireSum<8>{base});
    case 1024:
      return with(multiplier, QuireSum<16>{base});
    default:
      break;
  }
  static_assert(quire_bits(Posit{32, 4}.product_bits()) == 2048);  // the widest there is
  return with(multiplier, QuireSum<32>{base});
}

template <typename Format>
std::unique_ptr<const Mac> make(const ArithmeticName& name, const Format& format) {
  if (std::holds_alternative<Fp32Sum>(name.accumulator)) {
    return with(name.multiplier, FloatSum<float>{});
  }
  if (std::holds_alternative<Fp64Sum>(name.accumulator)) {
    return with(name.multiplier, FloatSum<double>{});
  }
  if (std::holds_alternative<ExactSum>(name.accumulator)) {
    return with_quire(name.multiplier, quire_bits(format.product_bits()),
                      2 * format.least_exponent());
  }
  return with(name.multiplier, SelfSum<Format>{format});
}

}  // namespace

std::unique_ptr<const Mac> make_mac(const ArithmeticName& name) {
  if (const auto* posit = std::get_if<Posit>(&name.format)) return make(name, *posit);
  return make(name, std::get<Float>(name.format));
}

}  // namespace systolog::models
