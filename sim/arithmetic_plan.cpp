// SPDX-License-Identifier: Apache-2.0
#include "sim/arithmetic_plan.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "models/name.h"
#include "models/user_error.h"

namespace systolog::sim {

std::string ArithmeticPlan::name() const {
  std::string text = models::parse_name(base).canonical;
  for (const auto& [layer, arithmetic] : layers) {
    text += "; " + layer + ": " + models::parse_name(arithmetic).canonical;
  }
  return text;
}

ArithmeticPlan read_plan(const std::string& text, const std::string& origin) {
  ArithmeticPlan plan;
  if (!text.ends_with(".json")) {
    plan.base = text;
    check_arithmetics(plan, origin + " " + text);
    return plan;
  }
  const Json json = read_json_file(text);
  JsonReader reader(json, text);
  reader.require("default");
  reader.field("default", plan.base);
  plan.layers = reader.strings("layers");
  reader.finish();
  check_arithmetics(plan, text + ": " + (plan.layers.empty() ? "/default" : ""));
  return plan;
}

ArithmeticPlan read_plan_field(JsonReader& json, std::string_view name, std::string base) {
  ArithmeticPlan plan{std::move(base), {}};
  if (!json.is_object(name)) {
    json.field(name, plan.base);
    return plan;
  }
  JsonReader object = json.object(name);
  object.require("default");
  object.field("default", plan.base);
  plan.layers = object.strings("layers");
  object.done();
  return plan;
}

ArithmeticPlan plan_of(const AcceleratorConfig& config) {
  return {config.arithmetic, config.layer_arithmetics};
}

void set_plan(AcceleratorConfig& config, const ArithmeticPlan& plan) {
  config.arithmetic = plan.base;
  config.layer_arithmetics = plan.layers;
}

Json to_json(const ArithmeticPlan& plan) {
  if (plan.layers.empty()) return plan.base;
  return {{"default", plan.base}, {"layers", plan.layers}};
}

void check_arithmetics(const ArithmeticPlan& plan, const std::string& origin) {
  const auto check = [&](const std::string& place, const std::string& arithmetic) {
    try {
      models::parse_name(arithmetic);
    } catch (const UserError& error) {
      throw UserError(origin + place + ": " + error.what());
    }
  };
  check(plan.layers.empty() ? "" : "/default", plan.base);
  for (const auto& [layer, arithmetic] : plan.layers) check("/layers/" + layer, arithmetic);
}

}  // namespace systolog::sim
