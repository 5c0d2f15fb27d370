// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/json_file.h"

namespace systolog::sim {

/// Reads one JSON object field by field into plain structs. Fields that are left out keep the
/// struct's default. What is wrong is gathered, "file: /path/to/field: got VALUE, allowed ...", a
/// line each; finish() throws them all as one UserError.
class JsonReader {
 public:
  template <typename T>
  struct Range {
    T lowest, highest;
  };

  /// The root of a file. `json` must outlive the reader.
  JsonReader(const Json& json, std::string file);

  const std::string& file() const { return file_; }
  /// What is read, as it stands in the file.
  const Json& json() const { return *json_; }

  void field(std::string_view name, std::uint32_t& value, Range<std::uint32_t> allowed);
  void field(std::string_view name, std::uint64_t& value, Range<std::uint64_t> allowed);
  /// Both ends are allowed.
  void field(std::string_view name, double& value, Range<double> allowed);
  void field(std::string_view name, bool& value);
  void field(std::string_view name, std::string& value);
  void field_or_empty(std::string_view name, std::string& value);  // "" is allowed
  void field(std::string_view name, std::vector<double>& values, Range<double> allowed);
  /// An integer, or an array of as many integers as one of `counts` says.
  void field(std::string_view name, std::vector<std::uint64_t>& values,
             std::initializer_list<std::size_t> counts, Range<std::uint64_t> allowed);
  void field(std::string_view name, std::vector<std::string>& values);  // none of them empty
  /// [[a, b], ...], numbers.
  std::vector<std::pair<double, double>> pairs(std::string_view name);
  /// A word out of a list: field("dataflow", config.dataflow, {{"weight_stationary", kWs}, ...}).
  template <typename Enum>
  void field(std::string_view name, Enum& value,
             std::initializer_list<std::pair<std::string_view, Enum>> allowed) {
    std::vector<std::string_view> words;
    for (const auto& [word, meaning] : allowed) words.push_back(word);
    const std::size_t chosen = choose(name, words);
    if (chosen < words.size()) value = (allowed.begin() + chosen)->second;
  }

  /// True where the field is there. Counts as known from here on.
  bool has(std::string_view name);
  /// Refuses an object without the field.
  void require(std::string_view name);
  /// The object in a field (an empty one where it is left out).
  JsonReader object(std::string_view name);
  /// True where the field is an object.
  bool is_object(std::string_view name);
  /// {"name": "text", ...}: an object of strings, whatever the names.
  std::map<std::string, std::string> strings(std::string_view name);
  /// The objects in a field that is an array.
  std::vector<JsonReader> objects(std::string_view name);

  /// Refuses every name that no call asked for, with the list of those that are known.
  void done();
  /// done(), then throws a UserError with everything that was refused in the whole file.
  void finish();

  /// "file: /path/name: got VALUE, allowed WHAT".
  void refuse(std::string_view name, const std::string& allowed);

 private:
  JsonReader(const Json& json, const JsonReader& parent, std::string path);
  void complain(const std::string& path, const std::string& what);
  const Json* find(std::string_view name);
  std::size_t choose(std::string_view name, std::span<const std::string_view> words);
  std::string path_of(std::string_view name) const;

  const Json* json_;
  std::string file_, path_;
  std::shared_ptr<std::vector<std::string>> complaints_;  // of the whole file
  std::vector<std::string> known_;
};

/// "a, b, c".
std::string join(std::span<const std::string_view> words);

}  // namespace systolog::sim
