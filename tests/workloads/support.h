// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "models/user_error.h"
#include "workloads/graph.h"
#include "workloads/tensor.h"

namespace systolog::workloads::test {

/// A folder of this test case's own, removed with its contents at the end.
class Folder {
 public:
  Folder() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::path(testing::TempDir()) /
            (std::string("systolog_") + info->test_suite_name() + "_" + info->name());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

/// The message of the UserError that `action` throws; a failure if it throws none.
template <typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no UserError";
  return "";
}

inline void expect_parts(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << "'" << part << "' is not in: " << message;
  }
}

/// A graph of the input and one node behind it (Add reads the input twice).
inline Graph one_node(Shape input, Operator op) {
  Graph graph;
  graph.name = "test";
  graph.nodes.push_back({"in", Input{}, {}, input});
  std::vector<std::size_t> inputs(std::holds_alternative<Add>(op) ? 2 : 1, 0);
  graph.nodes.push_back({"op", std::move(op), std::move(inputs), {}});
  return graph;
}

inline std::vector<float> random_values(std::size_t count, std::uint_fast32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(random() >> 8) * 0x1p-23F - 1.0F;
  return values;
}

}  // namespace systolog::workloads::test
