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

bool ProgressLine::is_time() {
  if (!active_) return false;
  const auto now = Clock::now();
  if (now - shown_ < std::chrono::milliseconds(100)) return false;
  shown_ = now;
  return true;
}

void ProgressLine::show(std::size_t done) {
  show(done, static_cast<double>(done) / static_cast<double>(total_), "");
}

void ProgressLine::show(std::size_t done, double fraction, const std::string& now) {
  if (!is_time()) return;
  const double seconds = std::chrono::duration<double>(shown_ - started_).count();
  std::fprintf(stderr, "\r\033[K%s: %zu of %zu %s, %.0f %%%s%s", label_.c_str(), done, total_,
               unit_.c_str(), 100 * fraction, now.empty() ? "" : ", ", now.c_str());
  // What the start takes, weights and the like, says nothing about the rest.
  constexpr double kEnoughToTell = 0.03;
  if (fraction >= kEnoughToTell) {
    std::fprintf(stderr, ", about %.0f s left", seconds * (1 - fraction) / fraction);
  }
  std::fflush(stderr);
}

}  // namespace systolog::sim
