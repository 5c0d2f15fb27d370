// SPDX-License-Identifier: Apache-2.0
#include "sim/json_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/user_error.h"
#include "tests/sim/configs.h"
#include "tests/workloads/support.h"

namespace systolog::sim::test {
namespace {

namespace fs = std::filesystem;
using workloads::test::expect_parts;
using workloads::test::Folder;
using workloads::test::message_of;

class BadTexts : public testing::TestWithParam<BadText> {};
INSTANTIATE_TEST_SUITE_P(Files, BadTexts, testing::ValuesIn(bad_texts()),
                         [](const auto& text) { return text.param.name; });

TEST_P(BadTexts, AreRefusedWithFileAndPlace) {
  const Folder folder;
  const fs::path file = folder.write("edge.json", GetParam().text);
  const std::string message = message_of([&] { read_json_file(file); });
  expect_parts(message, GetParam().message);
  EXPECT_TRUE(message.starts_with(file.string() + ": ")) << message;
  EXPECT_LT(message.size(), 600U) << "a message, not the file";
}

TEST(JsonFile, ThatIsMissingAFolderOrTooLargeIsRefusedByName) {
  const Folder folder;
  expect_parts(message_of([&] { read_json_file(folder.path() / "none.json"); }),
               {"none.json", "no such file"});
  expect_parts(message_of([&] { read_json_file(folder.path()); }),
               {folder.path().string(), "is a folder"});
  fs::resize_file(folder.write("huge.json", "{}"), (std::uintmax_t{64} << 20) + 1);
  expect_parts(message_of([&] { read_json_file(folder.path() / "huge.json"); }),
               {"huge.json", "64 MiB"});
  expect_parts(message_of([&] { read_json_file("/dev/zero"); }), {"/dev/zero", "64 MiB"});
}

TEST(JsonFile, NestsUpToSixtyFourDeepAndKeepsEveryValue) {
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  EXPECT_NO_THROW(parse_json(deep, "deep"));
  EXPECT_THROW(parse_json("[" + deep + "]", "deep"), UserError);
  const Json json = parse_json(R"({"a": [1, -2.5, "x", null, true], "b": {"a": {"a": 1}}})", "t");
  EXPECT_EQ(json["a"].size(), 5U);
  EXPECT_EQ(json["b"]["a"]["a"], 1) << "the same key at another depth is another key";
}

TEST(JsonFile, SaysWhereTheMistakeIs) {
  expect_parts(message_of([] { parse_json("{\n  \"a\": 1,\n  \"b\" 2\n}", "x.json"); }),
               {"x.json: not JSON at line 3, column 7"});
}

TEST(JsonFile, IsWrittenWithNamesThatAreNotUtf8Replaced) {
  EXPECT_EQ(to_text({{"name", "b\xff.onnx"}}), "{\n  \"name\": \"b\xef\xbf\xbd.onnx\"\n}\n");
}

// --- --set ---------------------------------------------------------------------------------------

TEST(Override, SetsJsonValuesByDotsOrSlashesAndPlainWordsAsStrings) {
  Json json = parse_json(R"({"array": {"rows": 16}})", "t");
  for (const auto* assignment :
       {"array.rows=32", "/array/columns=8", "memory.dram.latency_ns=1.5", "name=edge",
        "compiler.fold_batch_norm=false", "arithmetic=posit:16,1/plam", "technology=\"45\"",
        "array.dataflow=a=b"}) {
    apply_override(json, assignment);
  }
  EXPECT_EQ(json, parse_json(R"({"array": {"rows": 32, "columns": 8, "dataflow": "a=b"},
                                 "memory": {"dram": {"latency_ns": 1.5}},
                                 "name": "edge",
                                 "compiler": {"fold_batch_norm": false},
                                 "arithmetic": "posit:16,1/plam",
                                 "technology": "45"})",
                             "t"));
}

TEST(Override, WithoutAPathOrAValueOrThroughANumberIsRefused) {
  for (const auto* assignment :
       {"array.rows", "=3", "", ".=3", "/=3", "a.b.c=1", "a.b\xff=1", "name=\xff"}) {
    Json json = parse_json(R"({"a": {"b": 7}})", "t");
    const std::string message = message_of([&] { apply_override(json, assignment); });
    expect_parts(message, {"--set"});
  }
}

TEST(Override, OfAWholeObjectIsHeldToTheRulesOfAFile) {
  Json json = parse_json("{}", "t");
  apply_override(json, R"(array={"rows": 4})");
  EXPECT_EQ(json["array"]["rows"], 4);
  expect_parts(message_of([&] { apply_override(json, R"(array={"rows": 4, "rows": 5})"); }),
               {"--set", "rows", "twice"});
  const std::string deep = "array=" + std::string(100'000, '[') + std::string(100'000, ']');
  expect_parts(message_of([&] { apply_override(json, deep); }), {"--set", "nested deeper"});
}

// --- writing -------------------------------------------------------------------------------------

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

TEST(WriteFile, MakesFoldersReplacesWhatIsThereAndLeavesNothingBeside) {
  const Folder folder;
  const fs::path file = folder.path() / "a" / "b" / "report.json";
  write_file(file, "one");
  EXPECT_EQ(read_file(file), "one");
  write_file(file, std::string(100'000, 'x'));
  EXPECT_EQ(read_file(file).size(), 100'000U);
  EXPECT_EQ(names_in(file.parent_path()), std::vector<std::string>{"report.json"});
}

TEST(WriteFile, ThatCannotBeWrittenSaysSoAndLeavesNothing) {
  const Folder folder;
  const fs::path plain = folder.write("plain", "");
  expect_parts(message_of([&] { write_file(plain / "report.json", "x"); }),
               {plain.string(), "cannot be made"});
  fs::create_directories(folder.path() / "report.json" / "inside");
  expect_parts(message_of([&] { write_file(folder.path() / "report.json", "x"); }),
               {"report.json", "cannot be written"});
  const auto names = names_in(folder.path());
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()),
            (std::set<std::string>{"plain", "report.json"}));
  EXPECT_THROW(write_file("/proc/report.json", "x"), UserError);
}

}  // namespace
}  // namespace systolog::sim::test
