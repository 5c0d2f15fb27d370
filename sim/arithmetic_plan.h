// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "models/arithmetic.h"
#include "sim/accelerator_config.h"
#include "sim/json_reader.h"

namespace systolog::sim {

/// Which arithmetic the layers compute in: one for all, and others for some, by name.
struct ArithmeticPlan {
  std::string base;
  std::map<std::string, std::string> layers;

  /// "posit:8,0/exact/quire; conv1: fp32/exact/fp32": canonical names.
  std::string name() const;
};

/// An arithmetic's name, or a .json file of {"default": A, "layers": {"conv1": B}}. Throws
/// UserError that begins with `origin` ("--arithmetic") or names the place in the file.
ArithmeticPlan read_plan(const std::string& text, const std::string& origin);

/// The same in a field of a config, which is a string or such an object.
ArithmeticPlan read_plan_field(JsonReader& json, std::string_view name, std::string base);

ArithmeticPlan plan_of(const AcceleratorConfig& config);
void set_plan(AcceleratorConfig& config, const ArithmeticPlan& plan);
/// A string where one arithmetic does it all.
Json to_json(const ArithmeticPlan& plan);

/// Throws UserError that begins with `origin` and says which name is wrong.
void check_arithmetics(const ArithmeticPlan& plan, const std::string& origin);

/// The arithmetics of a plan; one object for each different name.
struct LayerArithmetics {
  std::shared_ptr<const models::Arithmetic> base;
  std::map<std::string, std::shared_ptr<const models::Arithmetic>> layers;

  LayerArithmetics(std::shared_ptr<const models::Arithmetic> of_all)  // NOLINT: one is a plan
      : base(std::move(of_all)) {}
  ArithmeticPlan plan() const;
};
LayerArithmetics make_arithmetics(const ArithmeticPlan& plan);

}  // namespace systolog::sim
