// SPDX-License-Identifier: Apache-2.0
// configs/schema/accelerator.schema.json against the reader: they must accept and refuse the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "models/user_error.h"
#include "sim/accelerator_config.h"
#include "tests/sim/configs.h"

namespace systolog::sim::test {
namespace {

namespace fs = std::filesystem;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

const fs::path kConfigs = fs::path(SYSTOLOG_SOURCE_DIR) / "configs";

class SchemaTest : public testing::Test {
 protected:
  const Json text_ = read_json_file(kConfigs / "schema" / "accelerator.schema.json");
  valijson::Schema schema_;
  void SetUp() override { valijson::SchemaParser().populateSchema(Adapter(text_), schema_); }

  bool schema_accepts(const Json& config) const {
    return valijson::Validator().validate(schema_, Adapter(config), nullptr);
  }
  static bool reader_accepts(const Json& config) {
    try {
      read_accelerator(config, "t");
      return true;
    } catch (const UserError&) {
      return false;
    }
  }
  void expect_both(const Json& config, bool accepted) const {
    EXPECT_EQ(schema_accepts(config), accepted) << "schema: " << config;
    EXPECT_EQ(reader_accepts(config), accepted) << "reader: " << config;
  }

  /// Calls visit(path, schema of the field) for every field that is no object.
  using Visit = std::function<void(const Json::json_pointer&, const Json&)>;
  void for_each_field(const Visit& visit) const { walk(text_, Json::json_pointer(), visit); }
  static void walk(const Json& schema, const Json::json_pointer& path, const Visit& visit) {
    if (!schema.contains("properties")) return visit(path, schema);
    EXPECT_EQ(schema.at("additionalProperties"), false) << path;
    for (const auto& [name, field] : schema.at("properties").items()) {
      walk(field, path / name, visit);
    }
  }
  static bool is_number_of_simple(const std::string& name) {
    return name == "capacity_bytes" || name == "bandwidth_gb_per_s" || name == "latency_ns";
  }
  static Json config_with(const Json::json_pointer& path, const Json& value) {
    Json config = Json::object();
    config[path] = value;
    // What only the simple DRAM has.
    static const std::string kDram = "/memory/dram/";
    const std::string text = path.to_string();
    if (text.starts_with(kDram) && is_number_of_simple(text.substr(kDram.size()))) {
      config["memory"]["dram"]["preset"] = "simple";
    }
    return parse_json(config.dump(), "t");  // as a file would have it
  }
};

TEST_F(SchemaTest, AcceptsWhatTheReaderAccepts) {
  for (const auto& text : good_configs()) expect_both(parse_json(text, "t"), true);
  for (const auto& entry : fs::directory_iterator(kConfigs)) {
    if (entry.path().extension() == ".json") expect_both(read_json_file(entry.path()), true);
  }
}

TEST_F(SchemaTest, RefusesWhatTheReaderRefuses) {
  for (const BadConfig& bad : bad_configs()) {
    const Json config = parse_json(bad.text, "t");
    EXPECT_FALSE(reader_accepts(config)) << bad.name;
    EXPECT_EQ(schema_accepts(config), !bad.schema_knows) << bad.name;
  }
}

TEST_F(SchemaTest, HasTheReadersRangesForEveryNumber) {
  int numbers = 0;
  for_each_field([&](const Json::json_pointer& path, const Json& field) {
    if (!field.contains("minimum")) return;
    ++numbers;
    const double lowest = field.at("minimum").get<double>(),
                 highest = field.at("maximum").get<double>();
    if (field.at("type") == "integer") {
      const auto low = field.at("minimum").get<std::int64_t>(),
                 high = field.at("maximum").get<std::int64_t>();
      expect_both(config_with(path, low), true);
      expect_both(config_with(path, high), true);
      expect_both(config_with(path, low - 1), false);
      expect_both(config_with(path, high + 1), false);
      expect_both(config_with(path, lowest + 0.5), false);
    } else {
      expect_both(config_with(path, lowest), true);
      expect_both(config_with(path, highest), true);
      expect_both(config_with(path, lowest - 1e-6), false);
      expect_both(config_with(path, highest * (1 + 1e-9)), false);
    }
    expect_both(config_with(path, "1"), false);
    expect_both(config_with(path, nullptr), false);
  });
  EXPECT_GE(numbers, 20);
}

TEST_F(SchemaTest, HasTheReadersWordsForEveryChoice) {
  int choices = 0;
  for_each_field([&](const Json::json_pointer& path, const Json& field) {
    if (!field.contains("enum")) return;
    ++choices;
    for (const Json& word : field.at("enum")) {
      expect_both(config_with(path, word), true);
      expect_both(config_with(path, word.get<std::string>() + "s"), false);
    }
    expect_both(config_with(path, 0), false);
  });
  EXPECT_GE(choices, 4);
}

TEST_F(SchemaTest, GivesTheStructsDefaultForEveryFieldAndKnowsAllOfThem) {
  Json defaults = Json::object();
  for_each_field([&](const Json::json_pointer& path, const Json& field) {
    ASSERT_TRUE(field.contains("default")) << path;
    defaults[path] = field.at("default");
  });
  EXPECT_EQ(defaults["memory"]["unified_sram"], defaults["memory"]["input_sram"]);
  defaults["memory"].erase("unified_sram");  // in place of the three
  Json& dram = defaults["memory"]["dram"];
  Json simple = {{"preset", "simple"}};
  for (const auto* name : {"capacity_bytes", "bandwidth_gb_per_s", "latency_ns"}) {
    simple[name] = dram[name];
    dram.erase(name);
  }
  EXPECT_EQ(defaults, to_json(AcceleratorConfig()));
  const AcceleratorConfig with_simple =
      read_accelerator(Json{{"memory", {{"dram", {{"preset", "simple"}}}}}}, "t");
  EXPECT_EQ(to_json(with_simple)["memory"]["dram"], simple);
}

}  // namespace
}  // namespace systolog::sim::test
