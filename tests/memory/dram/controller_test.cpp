// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/controller.h"

#include <gtest/gtest.h>

#include "tests/memory/dram/devices.h"
#include "tests/memory/dram/plain_controller.h"

namespace systolog::memory::dram::test {
namespace {

/// Drives a controller as run_trace does and keeps what it did.
PlainController::Log drive(const Device& device, const std::vector<TraceRequest>& requests,
                           bool ask_often = false) {
  PlainController::Log log;
  log.done.assign(requests.size(), -1);
  Controller controller(device, [&](std::uint64_t tag, Cycle done) { log.done[tag] = done; });
  controller.on_command([&](const Controller::Issued& issued) {
    log.commands.push_back({issued.command, issued.bank, issued.cycle});
  });
  const AddressMap map(device.policy.mapping, device.organisation);
  Cycle now = 0;
  for (std::size_t n = 0; n < requests.size(); ++n) {
    now = std::max(now, requests[n].cycle.value_or(now));
    while (controller.next_cycle() < now) controller.issue();
    while (controller.full(requests[n].kind)) {
      now = controller.next_cycle();
      controller.issue();
    }
    controller.submit(requests[n].kind, map.locate(requests[n].address), n, now);
    if (ask_often) controller.next_cycle();
  }
  while (!controller.idle()) {
    controller.next_cycle();
    controller.issue();
  }
  return log;
}

std::vector<TraceRequest> random_requests(const Device& device, std::mt19937& random) {
  std::vector<TraceRequest> requests;
  const std::uint64_t bursts =
      device.organisation.capacity_bytes() / device.organisation.burst_bytes();
  const bool timed = random() % 2 == 0;
  Cycle cycle = 0;
  std::uint64_t burst = 0;
  for (int n = 0; n < 120; ++n) {
    burst = random() % 3 == 0 ? random() % bursts : (burst + 1) % bursts;  // some locality
    if (random() % 25 == 0) cycle += 1000;                                 // idle for a while
    cycle += static_cast<Cycle>(random() % 12);
    requests.push_back({timed ? std::optional(cycle) : std::nullopt,
                        random() % 3 == 0 ? Kind::kWrite : Kind::kRead,
                        burst * device.organisation.burst_bytes()});
  }
  return requests;
}

TEST(Controller, DoesWhatTheRulesSayCycleByCycle) {
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    const Device device = random_device(random);
    ASSERT_TRUE(contradictions(device).empty()) << contradictions(device).front();
    const auto requests = random_requests(device, random);
    const auto expected = PlainController(device).run(requests);
    const auto log = drive(device, requests);
    for (std::size_t n = 0; n < std::min(log.commands.size(), expected.commands.size()); ++n) {
      ASSERT_EQ(log.commands[n], expected.commands[n])
          << "round " << round << ", command " << n << ": got "
          << static_cast<int>(log.commands[n].command) << " to bank " << log.commands[n].bank
          << " at " << log.commands[n].cycle << ", expected "
          << static_cast<int>(expected.commands[n].command) << " to bank "
          << expected.commands[n].bank << " at " << expected.commands[n].cycle;
    }
    ASSERT_EQ(log.commands.size(), expected.commands.size()) << "round " << round;
    ASSERT_EQ(log.done, expected.done) << "round " << round;
  }
}

TEST(Controller, DoesTheSameHoweverOftenItIsAsked) {
  std::mt19937 random(4);
  for (int round = 0; round < 40; ++round) {
    const Device device = random_device(random);
    const auto requests = random_requests(device, random);
    EXPECT_EQ(drive(device, requests, true).commands, drive(device, requests).commands) << round;
  }
}

Cycle idle_latency(const Device& device, const std::vector<TraceRequest>& requests) {
  Device quiet = device;
  quiet.policy.refresh = false;
  return drive(quiet, requests).done.back() - requests.back().cycle.value();
}

TEST(IdleReadLatency, IsTheClosedFormOfHitClosedBankAndConflict) {
  constexpr std::uint64_t kRow = 128 * 1024;  // the same bank's next row
  for (const Device& device : {Device{}, ddr3_1600()}) {
    const Timing& t = device.timing;
    const std::uint64_t row = device.organisation.bank_groups == 1 ? kRow / 2 : kRow;
    const TraceRequest first{0, Kind::kRead, 0};
    EXPECT_EQ(idle_latency(device, {first}), t.nrcd + t.ncl + t.nbl) << device.name;
    EXPECT_EQ(idle_latency(device, {first, {1000, Kind::kRead, 64}}), t.ncl + t.nbl);
    EXPECT_EQ(idle_latency(device, {first, {1000, Kind::kRead, row}}),
              t.nrp + t.nrcd + t.ncl + t.nbl);
  }
}

TEST(Writes, AreHeldBackUntilTheHighWatermarkThenGoDownToTheLow) {
  Device device;
  device.policy.write_high = 8;
  device.policy.write_low = 3;
  std::vector<TraceRequest> requests;
  // Reads that never end, to other rows of one bank, and a write now and then.
  for (int n = 0; n < 60; ++n) {
    if (n % 4 == 0) requests.push_back({{}, Kind::kWrite, 64U * static_cast<unsigned>(n)});
    requests.push_back({{}, Kind::kRead, 1'048'576 + 131'072U * static_cast<unsigned>(n)});
  }
  std::vector<int> runs;  // lengths of the runs of writes
  bool writing = false;
  for (const auto& entry : drive(device, requests).commands) {
    if (entry.command == Command::kRead) writing = false;
    if (entry.command != Command::kWrite) continue;
    if (!writing) runs.push_back(0);
    writing = true;
    ++runs.back();
  }
  ASSERT_GE(runs.size(), 2U);
  EXPECT_EQ(runs[0], 6) << "the first command goes when 32 reads and, by then, 9 writes are queued";
  EXPECT_EQ(runs[1], 5) << "from 8 to 3";
}

TEST(Reads, OfABufferedWriteAreAnsweredFromTheQueue) {
  Device device;
  Counts counts;
  std::vector<Cycle> done(2, -1);
  Controller controller(device, [&](std::uint64_t tag, Cycle cycle) { done[tag] = cycle; });
  const Location where{0, 0, 3, 5, 7};
  controller.submit(Kind::kWrite, where, 0, 100);
  controller.submit(Kind::kRead, where, 1, 101);
  EXPECT_EQ(done[1], 101 + device.timing.nbl);
  while (!controller.idle()) {
    controller.next_cycle();
    controller.issue();
  }
  counts = controller.counts(1000);
  EXPECT_EQ(counts.forwarded_reads, 1U);
  EXPECT_EQ(counts.reads, 0U);
  EXPECT_EQ(counts.writes, 1U);
}

// However long the memory is idle: what is counted without being issued makes no difference after.
TEST(Refresh, OfAnIdleMemoryIsCountedToTheLastOne) {
  const Device device;
  for (const Cycle idle : {Cycle{100} * device.timing.nrefi, Cycle{999} * device.timing.nrefi,
                           Cycle{1'500} * device.timing.nrefi, Cycle{1} << 59}) {
    Cycle done = 0;
    Controller controller(device, [&](std::uint64_t, Cycle cycle) { done = cycle; });
    controller.submit(Kind::kRead, {}, 0, 0);
    while (!controller.idle()) {
      controller.next_cycle();
      controller.issue();
    }
    // In the middle between two refreshes: the bank is closed and nothing is in the way.
    const Cycle now = idle / device.timing.nrefi * device.timing.nrefi + device.timing.nrefi / 2;
    controller.submit(Kind::kRead, {}, 1, now);
    while (!controller.idle()) {
      controller.next_cycle();
      controller.issue();
    }
    EXPECT_EQ(done, now + device.timing.nrcd + device.timing.ncl + device.timing.nbl);
    EXPECT_EQ(controller.counts(now).refreshes,
              static_cast<std::uint64_t>(now / device.timing.nrefi));
  }
}

TEST(Refresh, ComesEveryTRefiWhetherTheMemoryIsBusyOrIdle) {
  Device device;
  for (const Cycle gap : {Cycle{0}, Cycle{50'000}}) {
    std::vector<TraceRequest> requests;
    for (int n = 0; n < 20'000; ++n) {
      requests.push_back(
          {n < 10'000 ? Cycle{0} : gap, Kind::kRead, 64U * static_cast<unsigned>(n)});
    }
    const auto log = drive(device, requests);
    const auto refreshes = std::count_if(log.commands.begin(), log.commands.end(),
                                         [](auto& e) { return e.command == Command::kRefresh; });
    EXPECT_EQ(refreshes, log.commands.back().cycle / device.timing.nrefi);
  }
}

}  // namespace
}  // namespace systolog::memory::dram::test
