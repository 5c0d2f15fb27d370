// SPDX-License-Identifier: Apache-2.0
#include "sim/json_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <vector>

#include "models/user_error.h"

namespace systolog::sim {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kLargestFileBytes = std::size_t{64} << 20;

std::string place(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column =
      before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

bool is_utf8(const std::string& text) {
  try {
    Json(text).dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

/// JSON, held to the rules of a file, or else a plain string.
Json override_value(const std::string& path, const std::string& value) {
  const std::string origin = "--set " + path;
  if (Json::accept(value)) return parse_json(value, origin);
  if (!is_utf8(value)) throw UserError(origin + ": the value is not UTF-8");
  return value;
}

}  // namespace

Json parse_json(std::string_view text, const std::string& origin) {
  std::vector<std::set<std::string>> keys;  // of each open object
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth >= kDeepest) {
      throw UserError(origin + ": brackets nested deeper than " + std::to_string(kDeepest));
    }
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) {
        throw UserError(origin + ": key \"" + key + "\" is given twice in one object");
      }
    }
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    std::string why = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ...": the
    // place is ours, the reason the library's.
    const std::size_t reason = why.find(": ");
    if (reason != std::string::npos) why = why.substr(reason + 2);
    throw UserError(origin + ": not JSON at " + place(text, error.byte == 0 ? 0 : error.byte - 1) +
                    ": " + why);
  } catch (const Json::out_of_range& error) {
    const std::string why = error.what();  // "[json.exception...] number overflow parsing '1e999'"
    throw UserError(origin + ": " + why.substr(why.find("] ") + 2));
  }
}

std::string read_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) throw UserError(file.string() + ": no such file");
  if (std::filesystem::is_directory(status)) {
    throw UserError(file.string() + ": is a folder, a file is needed");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) throw UserError(file.string() + ": cannot be read: " + std::strerror(errno));
  // By pieces: a device has no size.
  std::string text, piece(std::size_t{1} << 16, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    text.append(piece, 0, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLargestFileBytes) {
      throw UserError(file.string() + ": larger than 64 MiB, too large for a JSON file");
    }
  }
  return text;
}

Json read_json_file(const std::filesystem::path& file) {
  return parse_json(read_file(file), file.string());
}

std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void apply_override(Json& json, const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw UserError("--set " + assignment + ": needs path=value, e.g. array.rows=32");
  }
  const std::string path = assignment.substr(0, equals), value = assignment.substr(equals + 1);
  if (!is_utf8(path)) throw UserError("--set " + path + ": the path is not UTF-8");
  Json* at = &json;
  std::istringstream names(path);
  std::string name;
  bool any = false;
  while (std::getline(names, name, path.front() == '/' ? '/' : '.')) {
    if (name.empty()) continue;
    if (!at->is_object() && !at->is_null()) {
      throw UserError("--set " + assignment + ": what stands before \"" + name +
                      "\" is not an object");
    }
    at = &(*at)[name];
    any = true;
  }
  if (!any) throw UserError("--set " + assignment + ": needs path=value, e.g. array.rows=32");
  *at = override_value(path, value);
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  std::error_code error;
  const std::filesystem::path folder = file.parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) throw UserError(folder.string() + ": cannot be made: " + error.message());
  std::filesystem::path beside = file;
  beside += "." + std::to_string(getpid()) + ".part";
  {
    std::ofstream out(beside, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) {
      std::filesystem::remove(beside, error);
      throw UserError(file.string() + ": cannot be written");
    }
  }
  std::filesystem::rename(beside, file, error);
  if (error) {
    const std::string why = error.message();
    std::filesystem::remove(beside, error);
    throw UserError(file.string() + ": cannot be written: " + why);
  }
}

}  // namespace systolog::sim
