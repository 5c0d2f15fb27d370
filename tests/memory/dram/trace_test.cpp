// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/trace.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace systolog::memory::dram::test {
namespace {

constexpr std::uint64_t kMiB = 1 << 20, kRequests = 20'000;

/// Cycles a request of a saturated frontend, DDR4-2400 unless told otherwise.
template <typename Pattern>
double cycles_per_request(Pattern pattern, const Device& device = {}) {
  std::uint64_t n = 0;
  const auto result = run_trace(device, [&]() -> std::optional<TraceRequest> {
    if (n == kRequests) return std::nullopt;
    return pattern(n++);
  });
  EXPECT_EQ(result.requests, kRequests);
  EXPECT_EQ(result.bytes, kRequests * 64);
  return static_cast<double>(result.cycles) / static_cast<double>(kRequests);
}

TraceRequest read(std::uint64_t address) { return {std::nullopt, Kind::kRead, address}; }

void expect_within(double value, double reference, double share) {
  EXPECT_NEAR(value, reference, share * reference);
}

// Reference figures: ramulator2 2.1 and DRAMSys 5.0 on the same streams, DDR4-2400 4 Gb x8, 20,000
// requests of 64 bytes, FR-FCFS, open page, RoBaRaCoCh. Where one timing bound decides, within 2 %
// of both; where the queue policy decides, between them or within 10 % of one.
TEST(SaturatedDdr4, RowConflictsTakeTRcAndRefreshes) {
  const double cycles = cycles_per_request([](auto n) { return read(n % 1024 * 131'072); });
  expect_within(cycles, 56.80, 0.02);
  expect_within(cycles, 56.97, 0.02);
}

TEST(SaturatedDdr4, BankInterleavedMissesTakeAQuarterOfTFaw) {
  const double cycles = cycles_per_request([](auto n) { return read(n * 8192 % (1024 * kMiB)); });
  expect_within(cycles, 6.74, 0.02);
  expect_within(cycles, 6.76, 0.02);
}

TEST(SaturatedDdr4, RandomReadsTakeAQuarterOfTFaw) {
  std::mt19937_64 random(1);
  const double cycles =
      cycles_per_request([&](auto) { return read(random() % (1024 * kMiB) / 64 * 64); });
  expect_within(cycles, 6.74, 0.02);
  expect_within(cycles, 6.76, 0.02);
}

TEST(SaturatedDdr4, SequentialReadsLieBetweenTheReferences) {
  const double cycles = cycles_per_request([](auto n) { return read(n * 64); });
  EXPECT_GE(cycles, 5.27 * 0.9);
  EXPECT_LE(cycles, 6.05 * 1.1);
}

TEST(SaturatedDdr4, TwoReadStreamsAndAWriteStreamLieBetweenTheReferences) {
  const double cycles = cycles_per_request([](auto n) {
    const std::uint64_t block = n / 16, stream = block % 3;
    return TraceRequest{std::nullopt, stream == 2 ? Kind::kWrite : Kind::kRead,
                        stream * 64 * kMiB + block / 3 * 1024 + n % 16 * 64};
  });
  EXPECT_GE(cycles, 7.21 * 0.9);
  EXPECT_LE(cycles, 9.13 * 1.1);
}

TEST(Channels, ShareASequentialStream) {
  Device two;
  two.organisation.channels = 2;
  const auto sequential = [](auto n) { return read(n * 64); };
  expect_within(cycles_per_request(sequential, two), cycles_per_request(sequential) / 2, 0.02);
}

TEST(TimedRequests, ComeWhenTheySayAndNotBefore) {
  std::uint64_t n = 0;
  const auto result = run_trace(Device{}, [&]() -> std::optional<TraceRequest> {
    if (n == 100) return std::nullopt;
    return TraceRequest{static_cast<Cycle>(1000 * n), Kind::kRead, 64 * n++};
  });
  const Timing t;
  EXPECT_EQ(result.counts.row_misses, 1U + result.counts.refreshes);
  EXPECT_EQ(result.read_latency.percentile(0.5), t.ncl + t.nbl);
  EXPECT_GE(result.cycles, 99'000 + t.ncl + t.nbl);
}

TEST(EmptyTraces, TakeNoTime) {
  const auto result = run_trace(Device{}, [] { return std::nullopt; });
  EXPECT_EQ(result.cycles, 0);
  EXPECT_EQ(result.read_latency.mean(), 0.0);
  EXPECT_EQ(result.read_latency.percentile(0.99), 0);
}

TEST(LatencyTally, GivesTheMeanAndPercentilesOfASortedList) {
  std::mt19937 random(2);
  LatencyTally tally;
  std::vector<Cycle> all;
  double sum = 0;
  for (int n = 0; n < 1001; ++n) {
    all.push_back(static_cast<Cycle>(random() % 500));
    sum += static_cast<double>(all.back());
    tally.add(all.back());
  }
  std::sort(all.begin(), all.end());
  EXPECT_DOUBLE_EQ(tally.mean(), sum / 1001);
  for (const double share : {0.001, 0.5, 0.95, 0.99, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * 1001)) - 1;
    EXPECT_EQ(tally.percentile(share), all[rank]) << share;
  }
}

}  // namespace
}  // namespace systolog::memory::dram::test
