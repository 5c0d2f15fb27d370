// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace systolog::sim {

/// One line on a terminal's stderr that is written over as work goes on, at most ten times a
/// second; nothing in a pipe or when quiet.
class ProgressLine {
 public:
  /// `unit`: what is counted, in plural.
  ProgressLine(std::string label, std::size_t total, bool quiet, std::string unit = "images");
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::size_t done);
  /// The same with the whole's done fraction and what is being worked on.
  void show(std::size_t done, double fraction, const std::string& now);

 private:
  bool is_time();

  std::string label_, unit_;
  std::size_t total_;
  bool active_;
  std::chrono::steady_clock::time_point started_, shown_;
};

}  // namespace systolog::sim
