// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace systolog::sim {

/// Who looks into one includes <nlohmann/json.hpp>.
using Json = nlohmann::json;

/// Parses a JSON file. Throws UserError with file, line and column for what is not JSON, for keys
/// given twice and for brackets nested deeper than 64.
Json read_json_file(const std::filesystem::path& file);

/// Parses text that came from `origin` (a file's name, "--set array.rows=8").
Json parse_json(std::string_view text, const std::string& origin);

/// JSON as a file of ours has it: indented, a newline at the end. Bytes that are not UTF-8, which
/// file and node names may hold, become U+FFFD.
std::string to_text(const Json& json);

/// Applies one `--set path=value`: path in dots ("array.rows") or slashes ("/array/rows"), value
/// as JSON or else as a plain string. Missing objects on the way are made; the reader of the
/// result refuses names it does not know. Throws UserError for what has no '=' or no path.
void apply_override(Json& json, const std::string& assignment);

/// Writes text beside the file and renames it into place: readers never see half of it. Throws
/// UserError where the folder cannot be written.
void write_file(const std::filesystem::path& file, std::string_view text);

/// The whole of a file, or UserError.
std::string read_file(const std::filesystem::path& file);

}  // namespace systolog::sim
