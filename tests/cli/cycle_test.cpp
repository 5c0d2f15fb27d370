// SPDX-License-Identifier: Apache-2.0
// systolog run --fidelity cycle, and its waveforms.
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/cli/program.h"

namespace systolog::cli::test {
namespace {

using Json = nlohmann::json;

const std::string kRun =
    "run --config edge16 --workload lenet5 --set array.rows=8 "
    "--set array.columns=4 ";

TEST(CycleFidelity, GivesTheReportOfTransactionFidelityForEveryDataflow) {
  for (const auto* dataflow : {"weight_stationary", "output_stationary", "input_stationary"}) {
    const std::string options =
        kRun + "--json --set array.pipeline_depth=3 --set array.dataflow=" + dataflow;
    const Outcome cycle = systolog(options + " --fidelity cycle");
    const Outcome transaction = systolog(options + " --fidelity transaction");
    ASSERT_EQ(cycle.status, 0) << cycle.err;
    ASSERT_EQ(transaction.status, 0) << transaction.err;
    Json got = Json::parse(cycle.out), expected = Json::parse(transaction.out);
    EXPECT_EQ(got["fidelity"], "cycle");
    got["fidelity"] = expected["fidelity"];
    EXPECT_EQ(got, expected) << dataflow;
  }
}

/// What a dump holds: the final value of every signal "scope.name", and the last time.
struct Dump {
  std::map<std::string, std::string> values;
  std::set<std::string> names;
  std::uint64_t last_time = 0, times = 0;
};

Dump read_dump(const std::string& text) {
  Dump dump;
  std::map<std::string, std::string> name_of;
  std::vector<std::string> scopes;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "$scope") {
      std::string kind, name;
      words >> kind >> name;
      scopes.push_back(name);
    } else if (first == "$upscope") {
      scopes.pop_back();
    } else if (first == "$var") {
      std::string kind, bits, id, name;
      words >> kind >> bits >> id >> name;
      EXPECT_TRUE(kind == "wire" || kind == "real");
      EXPECT_TRUE(name_of.try_emplace(id, scopes.back() + "." + name).second) << id;
      dump.names.insert(name);
    } else if (first[0] == '#') {
      const std::uint64_t time = std::stoull(first.substr(1));
      EXPECT_GT(time, dump.last_time);
      dump.last_time = time;
      ++dump.times;
    } else if (first[0] == 'r') {
      std::string id;
      words >> id;
      dump.values[name_of.at(id)] = first.substr(1);
    } else if (first[0] == '0' || first[0] == '1') {
      dump.values[name_of.at(first.substr(1))] = first.substr(0, 1);
    }
  }
  EXPECT_TRUE(scopes.empty());
  return dump;
}

TEST(Waveform, HoldsEveryRegisterAndIsTheSameEveryTime) {
  const Folder folder;
  const std::string options = kRun + "--quiet --fidelity cycle --vcd-cycles 300 --vcd ";
  ASSERT_EQ(systolog(options + quoted(folder / "a.vcd")).status, 0);
  ASSERT_EQ(systolog(options + quoted(folder / "b.vcd")).status, 0);
  const std::string text = contents(folder / "a.vcd");
  EXPECT_EQ(text, contents(folder / "b.vcd"));
  const Dump dump = read_dump(text);
  EXPECT_EQ(dump.values.size(), 8U * 4 * 6);
  EXPECT_EQ(dump.names,
            (std::set<std::string>{"valid", "moving", "stationary", "shadow", "sum_valid", "sum"}));
  EXPECT_LE(dump.times, 300U);
  EXPECT_GT(dump.times, 100U) << "the array waits for its operands in the others";
  EXPECT_EQ(dump.last_time % 2000, 0U) << "edges of a 500 MHz clock, in ps";
}

TEST(Waveform, EndsWithNothingValid) {
  const Folder folder;
  const fs::path file = folder / "a.vcd";
  const Outcome o = systolog(kRun +
                             "--quiet --fidelity cycle --vcd-signals valid,sum_valid "
                             "--vcd-cycles 1000000 --vcd " +
                             quoted(file));
  ASSERT_EQ(o.status, 0) << o.err;
  const Dump dump = read_dump(contents(file));
  EXPECT_EQ(dump.values.size(), 8U * 4 * 2);
  for (const auto& [name, value] : dump.values) EXPECT_EQ(value, "0") << name;
}

TEST(Waveform, HoldsTheRegistersThatWereAskedFor) {
  const Folder folder;
  const fs::path file = folder / "a.vcd";
  const Outcome o = systolog(kRun +
                             "--quiet --set array.dataflow=output_stationary "
                             "--fidelity cycle --vcd-signals sum,result_full "
                             "--vcd-cycles 100 --vcd " +
                             quoted(file));
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(read_dump(contents(file)).names, (std::set<std::string>{"sum", "result_full"}));
}

TEST(Waveform, IsRefusedWhereThereIsNoneOrTooMuch) {
  const Folder folder;
  const std::string run = "run --config edge16 --workload lenet5 --quiet ";
  const std::string vcd = " --vcd " + quoted(folder / "a.vcd");
  for (const auto& [options, part] : std::vector<std::pair<std::string, std::string>>{
           {vcd, "--vcd needs --fidelity cycle"},
           {"--fidelity functional" + vcd, "--vcd needs --fidelity cycle"},
           {"--fidelity cycle --set array.rows=17" + vcd, "17 x 16 PEs, allowed are 256"},
           {"--fidelity cycle --set array.rows=4096 --set array.columns=257",
            "4096 x 257 PEs, allowed are 1048576"},
           {"--fidelity cycle --timing-only", "cycle fidelity computes every value"},
           {"--fidelity cycle --vcd-cycles 0" + vcd, "--vcd-cycles"},
           {"--fidelity cycle --vcd-cycles 1000001" + vcd, "allowed 1 to 1000000"},
           {"--fidelity cycle --vcd-signals sum,carry" + vcd, "\"carry\" is no register"},
           {"--fidelity cycle --vcd-signals sum", "need --vcd FILE"},
           {"--fidelity cycle --vcd " + quoted(fs::temp_directory_path()), "is a folder"}}) {
    const Outcome o = systolog(run + options);
    EXPECT_EQ(o.status, 2) << options;
    EXPECT_NE(o.err.find(part), std::string::npos) << options << ": " << o.err;
    EXPECT_FALSE(fs::exists(folder / "a.vcd")) << options;
  }
}

}  // namespace
}  // namespace systolog::cli::test
