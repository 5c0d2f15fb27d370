// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "sim/json_file.h"

namespace systolog::sim {

/// Writes a timeline in the trace-event format that Perfetto and chrome://tracing open, event by
/// event: memory does not grow with it. The file appears under its name when close() is called;
/// what is not closed is removed. Times are rounded to the nanosecond, the finest that viewers
/// keep. Throws UserError where the file cannot be written.
class TraceFile {
 public:
  explicit TraceFile(const std::filesystem::path& file);
  ~TraceFile();
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  void name_process(std::string_view name);
  void name_track(int track, std::string_view name);
  /// Slices of one track must come in order and may not overlap.
  void slice(int track, std::uint64_t begin_ps, std::uint64_t end_ps, std::string_view name,
             const Json& arguments);
  void counter(std::string_view name, std::uint64_t at_ps, double value);
  void close();

 private:
  void event(const Json& event);

  std::filesystem::path file_, beside_;
  std::ofstream out_;
  bool any_ = false;
};

}  // namespace systolog::sim
