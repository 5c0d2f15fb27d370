// SPDX-License-Identifier: Apache-2.0
#include "sim/json_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "models/user_error.h"

namespace systolog::sim {
namespace {

const Json kEmptyObject = Json::object();
const Json kNoObject = Json::object();  // in place of what should have been one

// A value as it stands in the file, cut where it is long.
std::string shown(const Json& json) {
  if (json.is_object()) return "an object";
  if (json.is_array()) return "an array";
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  constexpr std::size_t kLongest = 60;
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

/// An array's entry by its index, an object's by its key; null where it is not there.
const Json* entry(const Json& json, const std::string& name) {
  if (json.is_object()) {
    const auto found = json.find(name);
    return found == json.end() ? nullptr : &*found;
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  const bool inside = error == std::errc() && json.is_array() && index < json.size();
  return inside ? &json[index] : nullptr;
}

std::string indexed(std::string_view name, std::size_t index) {
  return std::string(name) + "/" + std::to_string(index);
}

std::string number(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

}  // namespace

std::string join(std::span<const std::string_view> words) {
  std::string joined;
  for (const auto word : words) {
    if (!joined.empty()) joined += ", ";
    joined += word;
  }
  return joined;
}

JsonReader::JsonReader(const Json& json, std::string file)
    : json_(&json),
      file_(std::move(file)),
      complaints_(std::make_shared<std::vector<std::string>>()) {
  if (!json.is_object()) {
    complain("/", "got " + shown(json) + ", allowed an object");
    json_ = &kNoObject;
  }
}

JsonReader::JsonReader(const Json& json, const JsonReader& parent, std::string path)
    : json_(&json), file_(parent.file_), path_(std::move(path)), complaints_(parent.complaints_) {
  if (!json.is_object()) {
    complain(path_, "got " + shown(json) + ", allowed an object");
    json_ = &kNoObject;
  }
}

void JsonReader::complain(const std::string& path, const std::string& what) {
  complaints_->push_back(file_ + ": " + path + ": " + what);
}

std::string JsonReader::path_of(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

const Json* JsonReader::find(std::string_view name) {
  if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.emplace_back(name);
  const auto found = json_->find(std::string(name));
  return found == json_->end() ? nullptr : &*found;
}

void JsonReader::refuse(std::string_view name, const std::string& allowed) {
  const std::size_t slash = name.find('/');
  const auto field = json_->find(std::string(name.substr(0, slash)));
  const Json* found = field == json_->end() ? nullptr : &*field;
  if (found != nullptr && slash != std::string_view::npos) {
    found = entry(*found, std::string(name.substr(slash + 1)));
  }
  complain(path_of(name),
           "got " + (found == nullptr ? "nothing" : shown(*found)) + ", allowed " + allowed);
}

void JsonReader::field(std::string_view name, std::uint64_t& value, Range<std::uint64_t> allowed) {
  const Json* json = find(name);
  if (json == nullptr) return;
  const bool inside = json->is_number_unsigned() && json->get<std::uint64_t>() >= allowed.lowest &&
                      json->get<std::uint64_t>() <= allowed.highest;
  if (!inside) {
    return refuse(name, "integer " + std::to_string(allowed.lowest) + " to " +
                            std::to_string(allowed.highest));
  }
  value = json->get<std::uint64_t>();
}

void JsonReader::field(std::string_view name, std::uint32_t& value, Range<std::uint32_t> allowed) {
  std::uint64_t wide = value;
  field(name, wide, Range<std::uint64_t>{allowed.lowest, allowed.highest});
  value = static_cast<std::uint32_t>(wide);
}

void JsonReader::field(std::string_view name, double& value, Range<double> allowed) {
  const Json* json = find(name);
  if (json == nullptr) return;
  const double got = json->is_number() ? json->get<double>() : std::nan("");
  if (!(got >= allowed.lowest && got <= allowed.highest)) {
    return refuse(name, "number " + number(allowed.lowest) + " to " + number(allowed.highest));
  }
  value = got;
}

void JsonReader::field(std::string_view name, bool& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (!json->is_boolean()) return refuse(name, "true or false");
  value = json->get<bool>();
}

void JsonReader::field(std::string_view name, std::string& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (!json->is_string() || json->get_ref<const std::string&>().empty()) {
    return refuse(name, "a string that is not empty");
  }
  value = json->get<std::string>();
}

void JsonReader::field_or_empty(std::string_view name, std::string& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (!json->is_string()) return refuse(name, "a string");
  value = json->get<std::string>();
}

std::vector<std::pair<double, double>> JsonReader::pairs(std::string_view name) {
  const Json* json = find(name);
  std::vector<std::pair<double, double>> list;
  if (json == nullptr) return list;
  const auto is_pair = [](const Json& p) {
    return p.is_array() && p.size() == 2 && p[0].is_number() && p[1].is_number();
  };
  if (!json->is_array() || !std::all_of(json->begin(), json->end(), is_pair)) {
    refuse(name, "an array of pairs of numbers");
    return list;
  }
  for (const Json& p : *json) list.emplace_back(p[0].get<double>(), p[1].get<double>());
  return list;
}

void JsonReader::field(std::string_view name, std::vector<double>& values, Range<double> allowed) {
  const Json* json = find(name);
  if (json == nullptr) return;
  const auto inside = [&](const Json& entry) {
    return entry.is_number() && entry.get<double>() >= allowed.lowest &&
           entry.get<double>() <= allowed.highest;
  };
  const std::string range = number(allowed.lowest) + " to " + number(allowed.highest);
  if (!json->is_array()) return refuse(name, "an array of numbers " + range);
  for (std::size_t i = 0; i < json->size(); ++i) {
    if (!inside((*json)[i])) return refuse(indexed(name, i), "number " + range);
  }
  values = json->get<std::vector<double>>();
}

void JsonReader::field(std::string_view name, std::vector<std::uint64_t>& values,
                       std::initializer_list<std::size_t> counts, Range<std::uint64_t> allowed) {
  const Json* json = find(name);
  if (json == nullptr) return;
  const Json list = json->is_array() ? *json : Json::array({*json});
  const auto inside = [&](const Json& entry) {
    return entry.is_number_unsigned() && entry.get<std::uint64_t>() >= allowed.lowest &&
           entry.get<std::uint64_t>() <= allowed.highest;
  };
  const bool right_count = std::find(counts.begin(), counts.end(), list.size()) != counts.end();
  const auto wrong = std::find_if_not(list.begin(), list.end(), inside);
  if (right_count && wrong != list.end() && json->is_array()) {
    return refuse(
        indexed(name, static_cast<std::size_t>(wrong - list.begin())),
        "integer " + std::to_string(allowed.lowest) + " to " + std::to_string(allowed.highest));
  }
  if (!right_count || wrong != list.end()) {
    std::string words;
    for (const std::size_t count : counts) {
      words += (words.empty() ? "" : ", ") +
               (count == 1 ? "an integer" : "an array of " + std::to_string(count) + " integers");
    }
    return refuse(name, words + ", each " + std::to_string(allowed.lowest) + " to " +
                            std::to_string(allowed.highest));
  }
  values = list.get<std::vector<std::uint64_t>>();
}

void JsonReader::field(std::string_view name, std::vector<std::string>& values) {
  const Json* json = find(name);
  if (json == nullptr) return;
  const auto is_word = [](const Json& entry) {
    return entry.is_string() && !entry.get_ref<const std::string&>().empty();
  };
  if (!json->is_array()) return refuse(name, "an array of strings that are not empty");
  for (std::size_t i = 0; i < json->size(); ++i) {
    if (!is_word((*json)[i])) return refuse(indexed(name, i), "a string that is not empty");
  }
  values = json->get<std::vector<std::string>>();
}

std::size_t JsonReader::choose(std::string_view name, std::span<const std::string_view> words) {
  const Json* json = find(name);
  if (json == nullptr) return words.size();
  const auto same = [&](std::string_view word) { return *json == std::string(word); };
  const auto chosen = std::find_if(words.begin(), words.end(), same);
  if (chosen == words.end()) refuse(name, join(words));  // and the default stays
  return static_cast<std::size_t>(chosen - words.begin());
}

bool JsonReader::has(std::string_view name) { return find(name) != nullptr; }

void JsonReader::require(std::string_view name) {
  if (json_ == &kNoObject) return;
  if (json_->find(std::string(name)) == json_->end()) {
    complain(path_of(name), "is missing");
  }
}

JsonReader JsonReader::object(std::string_view name) {
  const Json* json = find(name);
  return {json == nullptr ? kEmptyObject : *json, *this, path_of(name)};
}

bool JsonReader::is_object(std::string_view name) {
  const Json* json = find(name);
  return json != nullptr && json->is_object();
}

std::map<std::string, std::string> JsonReader::strings(std::string_view name) {
  const Json* json = find(name);
  std::map<std::string, std::string> map;
  if (json == nullptr) return map;
  const auto is_text = [](const Json& value) {
    return value.is_string() && !value.get_ref<const std::string&>().empty();
  };
  if (!json->is_object()) {
    refuse(name, "an object of strings that are not empty");
    return map;
  }
  for (const auto& [key, value] : json->items()) {
    if (is_text(value)) continue;
    refuse(std::string(name) + "/" + key, "a string that is not empty");
    return map;
  }
  return json->get<std::map<std::string, std::string>>();
}

std::vector<JsonReader> JsonReader::objects(std::string_view name) {
  const Json* json = find(name);
  std::vector<JsonReader> readers;
  if (json == nullptr) return readers;
  if (!json->is_array()) {
    refuse(name, "an array of objects");
    return readers;
  }
  for (std::size_t i = 0; i < json->size(); ++i) {
    readers.push_back({(*json)[i], *this, path_of(name) + "/" + std::to_string(i)});
  }
  return readers;
}

void JsonReader::done() {
  for (const auto& [key, value] : json_->items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    std::vector<std::string_view> names(known_.begin(), known_.end());
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    complain(path_of(key), "unknown name, allowed " + join(names));
  }
}

void JsonReader::finish() {
  done();
  if (complaints_->empty()) return;
  std::string all;
  for (const auto& complaint : *complaints_) all += (all.empty() ? "" : "\n") + complaint;
  throw UserError(all);
}

}  // namespace systolog::sim
