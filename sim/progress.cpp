// SPDX-License-Identifier: Apache-2.0
#include "sim/progress.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace systolog::sim {

using Clock = std::chrono::steady_clock;

ProgressLine::ProgressLine(std::string label, std::size_t total, bool quiet, std::string unit)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      active_(!quiet && isatty(STDERR_FILENO) != 0),
      started_(Clock::now()),
      shown_(started_) {}

ProgressLine::~ProgressLine() {
  if (active_) std::fprintf(stderr, "\r\033[K");
}

void ProgressLine::show(std::size_t done) {
  const auto now = Clock::now();
  if (!active_ || now - shown_ < std::chrono::milliseconds(100)) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double left = seconds * static_cast<double>(total_ - done) / static_cast<double>(done);
  std::fprintf(stderr, "\r\033[K%s: %zu of %zu %s, about %.0f s left", label_.c_str(), done, total_,
               unit_.c_str(), left);
  std::fflush(stderr);
}

}  // namespace systolog::sim
