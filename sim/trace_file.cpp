// SPDX-License-Identifier: Apache-2.0
#include "sim/trace_file.h"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <system_error>

#include "models/user_error.h"

namespace systolog::sim {
namespace {

std::uint64_t nanoseconds(std::uint64_t ps) { return (ps + 500) / 1000; }

/// The format counts in microseconds.
double microseconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e3; }

}  // namespace

TraceFile::TraceFile(const std::filesystem::path& file) : file_(file), beside_(file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    throw UserError(file.string() + ": is a folder, the name of a file is needed");
  }
  const std::filesystem::path folder = file.parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  beside_ += "." + std::to_string(getpid()) + ".part";
  out_.open(beside_, std::ios::binary);
  if (!out_) throw UserError(file.string() + ": cannot be written");
  out_ << "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [";
}

TraceFile::~TraceFile() {
  if (!out_.is_open()) return;
  out_.close();
  std::error_code error;
  std::filesystem::remove(beside_, error);
}

void TraceFile::event(const Json& event) {
  // Layer names may hold bytes that are not UTF-8.
  out_ << (any_ ? ",\n" : "\n") << event.dump(-1, ' ', false, Json::error_handler_t::replace);
  any_ = true;
}

void TraceFile::name_process(std::string_view name) {
  event({{"ph", "M"}, {"pid", 1}, {"name", "process_name"}, {"args", {{"name", name}}}});
}

void TraceFile::name_track(int track, std::string_view name) {
  event({{"ph", "M"},
         {"pid", 1},
         {"tid", track},
         {"name", "thread_name"},
         {"args", {{"name", name}}}});
  event({{"ph", "M"},
         {"pid", 1},
         {"tid", track},
         {"name", "thread_sort_index"},
         {"args", {{"sort_index", track}}}});
}

void TraceFile::slice(int track, std::uint64_t begin_ps, std::uint64_t end_ps,
                      std::string_view name, const Json& arguments) {
  const std::uint64_t begin = nanoseconds(begin_ps), end = nanoseconds(end_ps);
  event({{"ph", "X"},
         {"pid", 1},
         {"tid", track},
         {"ts", microseconds(begin)},
         {"dur", microseconds(end - begin)},
         {"name", name},
         {"args", arguments}});
}

void TraceFile::counter(std::string_view name, std::uint64_t at_ps, double value) {
  event({{"ph", "C"},
         {"pid", 1},
         {"ts", microseconds(nanoseconds(at_ps))},
         {"name", name},
         {"args", {{"value", value}}}});
}

void TraceFile::close() {
  out_ << "\n]}\n";
  out_.close();
  std::error_code error;
  if (!out_) {
    std::filesystem::remove(beside_, error);
    throw UserError(file_.string() + ": cannot be written");
  }
  std::filesystem::rename(beside_, file_, error);
  if (error) {
    const std::string why = error.message();
    std::filesystem::remove(beside_, error);
    throw UserError(file_.string() + ": cannot be written: " + why);
  }
}

}  // namespace systolog::sim
