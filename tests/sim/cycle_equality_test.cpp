// SPDX-License-Identifier: Apache-2.0
// One Program at cycle and at transaction fidelity: the same bits, and the same cycles of every
// layer. Transaction fidelity runs in a child process, as SystemC elaborates once a process.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "pe/dataflow.h"
#include "sim/execution.h"
#include "tests/sim/random_network.h"

namespace systolog::sim::test {
namespace {

/// Cycles of every layer, then the outputs' bits.
std::vector<std::uint64_t> summary(const Execution& execution) {
  std::vector<std::uint64_t> words;
  for (const LayerCycles& layer : execution.layers) {
    words.push_back(layer.compute);
    words.push_back(layer.stalls.sum());
    words.push_back(layer.total);
  }
  for (const float value : execution.outputs.values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    words.push_back(bits);
  }
  return words;
}

/// What `work` gives in a process of its own; empty where it failed.
template <typename Work>
std::vector<std::uint64_t> in_child(Work work) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    const std::vector<std::uint64_t> words = work();
    const auto* bytes = reinterpret_cast<const char*>(words.data());
    std::size_t left = words.size() * sizeof words[0];
    while (left > 0) {
      const ssize_t written = write(ends[1], bytes, left);
      if (written <= 0) _exit(1);
      bytes += written;
      left -= static_cast<std::size_t>(written);
    }
    _exit(0);
  }
  close(ends[1]);
  std::vector<std::uint64_t> words;
  std::vector<char> bytes;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    bytes.insert(bytes.end(), buffer, buffer + got);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) return {};
  words.resize(bytes.size() / sizeof words[0]);
  std::memcpy(words.data(), bytes.data(), words.size() * sizeof words[0]);
  return words;
}

struct CycleCase {
  pe::Dataflow dataflow;
  pe::FoldOverlap overlap;
  std::size_t arithmetic;  // of arithmetic_cases()
};
std::ostream& operator<<(std::ostream& out, const CycleCase& c) {
  return out << pe::policy_of(c.dataflow).name() << ", "
             << (c.overlap == pe::FoldOverlap::kNone ? "none" : "double_buffered") << ", "
             << arithmetic_cases()[c.arithmetic].arithmetic;
}
std::vector<CycleCase> cycle_cases() {
  std::vector<CycleCase> cases;
  for (const auto dataflow : {pe::Dataflow::kWeightStationary, pe::Dataflow::kOutputStationary,
                              pe::Dataflow::kInputStationary}) {
    for (const auto overlap : {pe::FoldOverlap::kNone, pe::FoldOverlap::kDoubleBuffered}) {
      for (std::size_t a = 0; a < arithmetic_cases().size(); ++a) {
        cases.push_back({dataflow, overlap, a});
      }
    }
  }
  return cases;
}

class CycleFidelity : public testing::TestWithParam<CycleCase> {};
INSTANTIATE_TEST_SUITE_P(Networks, CycleFidelity, testing::ValuesIn(cycle_cases()),
                         [](const auto& c) { return std::to_string(c.index); });

TEST_P(CycleFidelity, GivesTheBitsAndTheCyclesOfTransactionFidelity) {
  Draw draw(700 + 10 * GetParam().arithmetic + static_cast<std::uint64_t>(GetParam().dataflow));
  const workloads::Graph graph = random_graph(draw);
  const std::size_t count = draw.between(1, 3);
  const auto images = random_images(graph, count, draw);
  const Network network =
      lower_calibrated(graph, arithmetic_cases()[GetParam().arithmetic], images);
  AcceleratorConfig config = random_accelerator(draw);
  config.array.dataflow = GetParam().dataflow;
  config.array.fold_overlap = GetParam().overlap;
  config.array.pipeline_depth = static_cast<std::uint32_t>(draw.between(1, 4));
  config = with_tight_scratchpads(config, network, 1, draw);
  const CompiledNetwork compiled = compile_for(network, config, count);

  const auto expected = in_child(
      [&] { return summary(execute(network, compiled, config, Fidelity::kTransaction, images)); });
  ASSERT_FALSE(expected.empty());
  const Execution cycle = execute(network, compiled, config, Fidelity::kCycle, images);
  ASSERT_EQ(cycle.layers.size(), network.layers.size());
  EXPECT_EQ(summary(cycle), expected);
}

}  // namespace
}  // namespace systolog::sim::test
