// SPDX-License-Identifier: Apache-2.0
#include "models/product_table.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "models/fixed_point.h"
#include "models/user_error.h"

namespace systolog::models {
namespace {

constexpr std::size_t kRows = 256, kFileBytes = kRows * kRows * 2;

std::string read_table(const std::string& file) {
  if (file.empty()) throw UserError("lut:FILE: the file's name is missing");
  std::error_code error;
  if (!std::filesystem::exists(file, error)) throw UserError(file + ": no such file");
  if (!std::filesystem::is_regular_file(file, error)) throw UserError(file + ": not a file");
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error || size != kFileBytes) {
    throw UserError(file + ": " + (error ? error.message() : std::to_string(size) + " bytes") +
                    "; a product table has 131072, 256 x 256 little-endian 16-bit numbers");
  }
  std::string bytes(kFileBytes, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in) throw UserError(file + ": cannot be read: " + std::strerror(errno));
  return bytes;
}

std::uint32_t entry(const std::string& bytes, std::size_t a, std::size_t b) {
  const std::size_t at = 2 * (a * kRows + b);
  return static_cast<std::uint8_t>(bytes[at]) |
         static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[at + 1])) << 8;
}

}  // namespace

ProductTable::ProductTable(const std::string& file, TableSigns signs, int bits)
    : bits_(bits), mask_((1U << bits) - 1) {
  const bool is_signed = signs == TableSigns::kSigned;
  if (bits != 8 && (is_signed || bits != 9)) {
    throw UserError(file + ": a table of " + (is_signed ? "signed" : "unsigned") +
                    " 8-bit products goes with int:8 and fixed:8,F" +
                    (is_signed ? "" : ", int:9 and fixed:9,F") + ", not with operands of " +
                    std::to_string(bits) + " bits");
  }
  const std::string bytes = read_table(file);
  std::vector<std::int32_t> products;
  products.reserve(std::size_t{1} << (2 * bits));
  const std::int64_t most = (std::int64_t{1} << (2 * bits - 1)) - 1;  // of a product of 2 B bits
  const auto magnitude = [](std::int64_t x) {
    return std::min(static_cast<std::size_t>(std::abs(x)), kRows - 1);
  };
  for (std::uint32_t a = 0; a <= mask_; ++a) {
    for (std::uint32_t b = 0; b <= mask_; ++b) {
      if (is_signed) {
        products.push_back(static_cast<std::int32_t>(sign_extend(entry(bytes, a, b), 16)));
        continue;
      }
      const std::int64_t x = sign_extend(a, bits), y = sign_extend(b, bits);
      const auto product = static_cast<std::int32_t>(entry(bytes, magnitude(x), magnitude(y)));
      if (product > most) {
        throw UserError(file + ": the product " + std::to_string(product) + " of " +
                        std::to_string(magnitude(x)) + " and " + std::to_string(magnitude(y)) +
                        " does not fit the " + std::to_string(2 * bits) +
                        " bits, sign included, of a product of " + std::to_string(bits) +
                        "-bit operands; allowed up to " + std::to_string(most));
      }
      products.push_back((x < 0) != (y < 0) ? -product : product);
    }
  }
  products_ = std::make_shared<const std::vector<std::int32_t>>(std::move(products));
}

}  // namespace systolog::models
