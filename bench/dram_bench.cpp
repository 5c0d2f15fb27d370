// SPDX-License-Identifier: Apache-2.0
// Requests a second of CPU time through the DRAM model: the patterns of docs/memory.md, as fast as
// the controller takes them; the best of five rounds.
//   dram_bench
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <functional>
#include <random>
#include <vector>

#include "memory/dram/trace.h"

namespace {

using namespace systolog::memory::dram;

constexpr std::uint64_t kMiB = 1 << 20, kRequests = 2'000'000;

void measure(const char* name, const std::function<TraceRequest(std::uint64_t)>& pattern) {
  std::vector<TraceRequest> requests;
  for (std::uint64_t n = 0; n < kRequests; ++n) requests.push_back(pattern(n));
  double best = 0, cycles = 0;
  for (int round = 0; round < 5; ++round) {
    std::size_t next = 0;
    const std::clock_t begin = std::clock();
    const TraceResult run = run_trace(Device{}, [&]() -> std::optional<TraceRequest> {
      if (next == requests.size()) return std::nullopt;
      return requests[next++];
    });
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    best = std::max(best, static_cast<double>(kRequests) / took);
    cycles = static_cast<double>(run.cycles) / static_cast<double>(kRequests);
  }
  std::printf("%-45s %6.2f million requests/s  %6.2f cycles a request\n", name, best / 1e6, cycles);
}

TraceRequest read(std::uint64_t address) { return {std::nullopt, Kind::kRead, address}; }

}  // namespace

int main() {
  std::mt19937_64 random(1);
  measure("sequential read", [](auto n) { return read(n * 64); });
  measure("random read over 1 GiB", [&](auto) { return read(random() % (1024 * kMiB) / 64 * 64); });
  measure("row conflict: one bank, always a new row",
          [](auto n) { return read(n % 1024 * 131'072); });
  measure("bank-interleaved misses", [](auto n) { return read(n * 8192 % (1024 * kMiB)); });
  measure("two reads and a write in turn, 1 KiB each", [](auto n) {
    const std::uint64_t block = n / 16, stream = block % 3;
    return TraceRequest{std::nullopt, stream == 2 ? Kind::kWrite : Kind::kRead,
                        stream * 64 * kMiB + block / 3 * 1024 % (64 * kMiB) + n % 16 * 64};
  });
}
