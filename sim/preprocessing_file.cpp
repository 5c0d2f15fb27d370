// SPDX-License-Identifier: Apache-2.0
#include "sim/preprocessing_file.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "models/user_error.h"

namespace systolog::sim {
namespace {

using workloads::ChannelOrder;
using workloads::Filter;
using workloads::Layout;
using workloads::Preprocessing;

std::vector<double> to_doubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}
std::vector<float> to_floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// KEY=VALUE as JSON: {"KEY": VALUE}. "mean=0.5" and "mean=0.4,0.5,0.6" are lists.
Json to_object(const std::string& argument, std::size_t equals) {
  const std::string key = argument.substr(0, equals);
  std::string value = argument.substr(equals + 1);
  if ((key == "mean" || key == "std") && !value.starts_with('[')) value = "[" + value + "]";
  Json object = Json::object();
  object[key] = Json::accept(value) ? parse_json(value, "--preprocessing " + key) : Json(value);
  return object;
}

std::string names() {
  std::vector<std::string_view> all;
  for (const auto& named : workloads::preprocessings()) all.push_back(named.name);
  return join(all);
}

void apply_one(const std::string& argument, Preprocessing& p) {
  for (const auto& named : workloads::preprocessings()) {
    if (named.name == argument) {
      p = named.preprocessing;
      return;
    }
  }
  const std::size_t equals = argument.find('=');
  if (equals != std::string::npos && equals != 0) {
    const Json object = to_object(argument, equals);
    JsonReader json(object, "--preprocessing " + argument);
    read_preprocessing(json, p);
    json.finish();
    return;
  }
  if (std::filesystem::path(argument).extension() != ".json") {
    throw UserError("--preprocessing " + argument +
                    ": allowed KEY=VALUE, a .json file, or one of " + names());
  }
  const Json file = read_json_file(argument);
  // A workload's file serves too: its "preprocessing" is taken, its other fields are not.
  const bool nested = file.is_object() && file.contains("preprocessing");
  JsonReader json(nested ? file["preprocessing"] : file, argument);
  read_preprocessing(json, p);
  json.finish();
}

}  // namespace

void read_preprocessing(JsonReader& json, Preprocessing& p) {
  double scale = p.scale;
  std::vector<double> mean = to_doubles(p.mean), std = to_doubles(p.std);
  json.field("scale", scale, {1e-9, 1e9});
  json.field("mean", mean, {-1e9, 1e9});
  json.field("std", std, {1e-9, 1e9});
  json.field("channel_order", p.channel_order,
             {{"rgb", ChannelOrder::kRgb}, {"bgr", ChannelOrder::kBgr}});
  json.field("layout", p.layout, {{"nchw", Layout::kNchw}, {"nhwc", Layout::kNhwc}});
  if (json.has("resize")) {
    std::uint64_t resize = 0;
    json.field("resize", resize, {0, 16'384});
    p.resize = resize;
  }
  json.field("filter", p.filter, {{"bilinear", Filter::kBilinear}, {"bicubic", Filter::kBicubic}});
  p.scale = static_cast<float>(scale);
  p.mean = to_floats(mean);
  p.std = to_floats(std);
}

std::optional<Preprocessing> apply_preprocessing(std::optional<Preprocessing> own,
                                                 const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    Preprocessing p = own.value_or(Preprocessing{});
    apply_one(argument, p);
    own = p;
  }
  return own;
}

}  // namespace systolog::sim
