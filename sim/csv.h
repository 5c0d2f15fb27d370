// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/json_file.h"

namespace systolog::sim {

/// A JSON value as a CSV field, quoted where RFC 4180 asks for it; null is empty.
inline std::string csv_field(const Json& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return value.dump();
  std::string text = value.get<std::string>();
  const bool plain = text.find_first_of(",\"\n\r") == std::string::npos;
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) {
    text.insert(at, "\"");
  }
  return plain ? text : "\"" + text + "\"";
}

/// Fields of one row, commas between.
inline std::string csv_row(const std::vector<Json>& fields) {
  std::string row;
  for (std::size_t i = 0; i < fields.size(); ++i) row += (i == 0 ? "" : ",") + csv_field(fields[i]);
  return row + "\n";
}

}  // namespace systolog::sim
