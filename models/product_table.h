// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace systolog::models {

enum class TableSigns : std::uint8_t { kUnsigned, kSigned };

/// A multiplier of 8-bit operands given by all of its products: lut:FILE and lut:FILE,signed.
/// File      256 x 256 little-endian u16, the product of a and b at index a * 256 + b.
/// Unsigned  a and b are magnitudes 0..255. Signs are beside the unit, as with the other
///           multipliers of magnitudes: |x| goes in, the product is negated if the operands' signs
///           differ (0 has no minus). int:8 and fixed:8,F reach magnitudes up to 128; int:9 and
///           fixed:9,F all of them, where -256 reads as -255.
/// Signed    a and b are the codes of int:8 or fixed:8,F; the product is two's complement.
/// Zero      A product by 0 is what the file says.
class ProductTable {
 public:
  /// Reads the file for operands of `bits` bits. Throws UserError naming the file and what is wrong
  /// with it, or the formats that such a table goes with.
  ProductTable(const std::string& file, TableSigns signs, int bits);

  std::int64_t operator()(std::int32_t a, std::int32_t b) const {
    return (*products_)[row(a) << bits_ | row(b)];
  }

 private:
  std::size_t row(std::int32_t x) const { return static_cast<std::uint32_t>(x) & mask_; }

  int bits_;
  std::uint32_t mask_;
  std::shared_ptr<const std::vector<std::int32_t>> products_;  // [code of a][code of b]
};

}  // namespace systolog::models
