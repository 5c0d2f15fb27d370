// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace systolog::sim {

/// A table for the console: the first column left, the others right aligned (figures) or left
/// (words).
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  enum class Align { kLeft, kRight };
  std::string to_string(Align others = Align::kRight) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "12,345,678".
std::string grouped(std::uint64_t value);
/// `decimals` digits behind the point: "1.23".
std::string fixed_point(double value, int decimals);

}  // namespace systolog::sim
