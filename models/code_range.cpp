// SPDX-License-Identifier: Apache-2.0
// A plain loop that the compiler vectorises, once for each instruction set.
#include "models/code_range.h"

#include <algorithm>
#include <type_traits>

#include "models/codes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/code_range.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace systolog::models {
namespace HWY_NAMESPACE {

template <SignOf kSign, typename T>
HWY_INLINE CodeRange range(int bits, const std::byte* codes, std::size_t count) {
  const T sign = static_cast<T>(T{1} << (bits - 1));
  const T mask = static_cast<T>(sign - 1), all = static_cast<T>(sign | mask);
  // Of magnitude - 1, which makes 0 the greatest.
  T least = std::numeric_limits<T>::max(), greatest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    T code = 0;
    std::memcpy(&code, codes + i * sizeof(T), sizeof(T));
    T magnitude = static_cast<T>(code & mask);
    if constexpr (kSign == SignOf::kTwosComplement) {
      const T negated = static_cast<T>((T{0} - code) & all);
      magnitude = std::min(code, negated);  // of the two, the one without the sign bit, or NaR
    }
    least = std::min(least, static_cast<T>(magnitude - 1));
    greatest = std::max(greatest, magnitude);
  }
  return {greatest == 0 ? CodeRange{}.least : Code{least} + 1, greatest};
}

template <SignOf kSign>
HWY_INLINE CodeRange range_of(int bits, const std::byte* codes, std::size_t count) {
  if (bits <= 8) return range<kSign, std::uint8_t>(bits, codes, count);
  if (bits <= 16) return range<kSign, std::uint16_t>(bits, codes, count);
  return range<kSign, std::uint32_t>(bits, codes, count);
}

CodeRange find_range(SignOf sign, int bits, const std::byte* codes, std::size_t count) {
  return sign == SignOf::kTwosComplement ? range_of<SignOf::kTwosComplement>(bits, codes, count)
                                         : range_of<SignOf::kSignBit>(bits, codes, count);
}

}  // namespace HWY_NAMESPACE
}  // namespace systolog::models
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace systolog::models {

HWY_EXPORT(find_range);

CodeRange code_range(SignOf sign, int bits, const std::byte* codes, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(find_range)(sign, bits, codes, count);
}

}  // namespace systolog::models
#endif  // HWY_ONCE
