// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>

namespace systolog::models {

/// What a multiplier keeps of an operand: `bits` bits from its leading one on, the last of them set
/// to 1 if `last_set` and bits were dropped, 0 below.
struct Leading {
  int bits = 32;
  bool last_set = false;
  constexpr std::uint32_t operator()(std::uint32_t a) const {
    const int drop = std::max(static_cast<int>(std::bit_width(a)) - bits, 0);
    return ((a >> drop) | (last_set && drop > 0 ? 1U : 0U)) << drop;
  }
};

/// A multiplier of magnitudes: 32-bit integers, or the significands of posits and floats, whose
/// exponents and signs are added and multiplied beside it. 0 if an operand is 0.
/// multiply(a, b) = Core{}(kept(a), kept(b)) with kept = multiply.leading(): what it does to each
/// operand by itself, and then to both. kernels.h knows the cores, Exact and Mitchell.
template <typename M>
concept Multiplier = requires(const M& multiply, std::uint32_t a, std::uint32_t b) {
  { multiply(a, b) } -> std::same_as<std::uint64_t>;
  { multiply.leading() } -> std::same_as<Leading>;
  { typename M::Core{}(a, b) } -> std::same_as<std::uint64_t>;
};

/// a * b.
struct Exact {
  using Core = Exact;
  static constexpr Leading leading() { return {}; }
  constexpr std::uint64_t operator()(std::uint32_t a, std::uint32_t b) const {
    return std::uint64_t{a} * b;
  }
};

/// Mitchell's logarithmic product. With a = 2^i (1+x), b = 2^j (1+y), 0 <= x, y < 1, and log2(1+x)
/// taken as x:
///   p = 2^(i+j) (1+x+y) if x + y < 1,   p = 2^(i+j+1) (x+y) otherwise.
/// It does not depend on where the operands' binary points are, so on significands of posits and
/// floats it is PLAM before rounding. No bit of x + y is lost.
/// Error   p <= ab and ab - p <= ab/9 (11.1 %), reached at x = y = 1/2.
/// Source  [Mitchell]; [PLAM].
struct Mitchell {
  using Core = Mitchell;
  static constexpr Leading leading() { return {}; }
  constexpr std::uint64_t operator()(std::uint32_t a, std::uint32_t b) const {
    if (a == 0 || b == 0) return 0;
    const int i = static_cast<int>(std::bit_width(a)) - 1;
    const int j = static_cast<int>(std::bit_width(b)) - 1;
    const std::uint64_t one = std::uint64_t{1} << (i + j);
    // x + y scaled by 2^(i+j): x has i bits, y has j.
    const std::uint64_t x_plus_y =
        ((a - (std::uint64_t{1} << i)) << j) + ((b - (std::uint64_t{1} << j)) << i);
    return x_plus_y < one ? one + x_plus_y : 2 * x_plus_y;
  }
};

/// Mitch-w: Mitchell's product of operands that keep their leading one and w - 1 bits below it.
/// Error   above -(1 - 2 / (3/2 + 2^(1-w))^2), approached where both fractions are kept as 1/2 and
///         all dropped bits are 1: -24.26 % for w = 4, -14.70 % for 6, -12.03 % for 8.
/// Source  [Kim 2019]; [Kim 2022].
struct Mitchw {
  int w = 6;
  using Core = Mitchell;
  constexpr Leading leading() const { return {w}; }
  constexpr std::uint64_t operator()(std::uint32_t a, std::uint32_t b) const {
    return Mitchell{}(leading()(a), leading()(b));
  }
};

/// DRUM-k: exact product of operands that keep k bits from their leading one on, the last of them
/// set to 1 where bits were dropped, which makes the error unbiased. Operands below 2^k are exact.
/// Error   up to (1 + 2^(1-k))^2 - 1, reached by powers of two: 6.35 % for k = 6. Mean magnitude
///         1.47 % for k = 6 and unsigned 16-bit operands.
/// Source  [DRUM].
struct Drum {
  int k = 6;
  using Core = Exact;
  constexpr Leading leading() const { return {k, true}; }
  constexpr std::uint64_t operator()(std::uint32_t a, std::uint32_t b) const {
    return Exact{}(leading()(a), leading()(b));
  }
};

/// Truncation: exact product of operands that keep k bits from their leading one on (ours: DRUM
/// without its correction; what a float with k significand bits does when it truncates).
/// Error   p <= ab, ab - p < ab (1 - (1 - 2^(1-k))^2).
struct Trunc {
  int k = 8;
  using Core = Exact;
  constexpr Leading leading() const { return {k}; }
  constexpr std::uint64_t operator()(std::uint32_t a, std::uint32_t b) const {
    return Exact{}(leading()(a), leading()(b));
  }
};

static_assert(Multiplier<Exact> && Multiplier<Mitchell> && Multiplier<Mitchw> && Multiplier<Drum> &&
              Multiplier<Trunc>);
static_assert(Mitchell{}(3, 3) == 8 && Mitchw{2}(7, 4) == 24 && Drum{3}(17, 1) == 20);

/// How a unit for magnitudes is given signed integers.
enum class Signs : std::uint8_t {
  kTwosComplement,  // C2: |x|, and the product negated
  kOnesComplement,  // C1: ~x for x < 0, where a magnitude of 0 (x = -1) reads as 2^0; the product
                    // inverted, -p - 1. No carry chains. [Kim 2022]
};

/// Magnitude that a multiplier gets for x. Without a jump: signs are as good as random.
constexpr std::uint32_t magnitude(Signs signs, std::int32_t x) {
  const std::uint32_t minus = x < 0 ? ~0U : 0U;
  const std::uint32_t inverted = static_cast<std::uint32_t>(x) ^ minus;
  if (signs == Signs::kTwosComplement) return inverted - minus;
  return inverted | (inverted == 0 ? minus & 1U : 0U);
}

/// Product of two signed integers by a multiplier of magnitudes; 0 if an operand is 0.
template <Signs kSigns, Multiplier M>
constexpr std::int64_t signed_product(const M& multiply, std::int32_t a, std::int32_t b) {
  if (a == 0 || b == 0) return 0;
  const auto product =
      static_cast<std::int64_t>(multiply(magnitude(kSigns, a), magnitude(kSigns, b)));
  if ((a < 0) == (b < 0)) return product;
  return kSigns == Signs::kOnesComplement ? ~product : -product;
}

}  // namespace systolog::models
