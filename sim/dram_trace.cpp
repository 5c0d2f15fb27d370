// SPDX-License-Identifier: Apache-2.0
#include "sim/dram_trace.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "models/user_error.h"

namespace systolog::sim {
namespace {

using memory::dram::Cycle;
using memory::dram::Kind;
using memory::dram::TraceRequest;

// Cycles are told from request to request in 63 bits, and a run's last one adds its latencies.
constexpr Cycle kLatestCycle = Cycle{1} << 60;
constexpr std::size_t kMostFields = 4;  // one more than a line may have
constexpr std::size_t kMostShown = 60;

/// The blank-separated words of a line up to '#': at most kMostFields.
std::size_t split(std::string_view line, std::array<std::string_view, kMostFields>& words) {
  line = line.substr(0, line.find('#'));
  std::size_t count = 0;
  while (count < kMostFields) {
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const auto length = std::min(line.find_first_of(" \t\r"), line.size());
    words[count++] = line.substr(0, length);
    line.remove_prefix(length);
  }
  return count;
}

template <typename Number>
bool parse_whole(std::string_view text, Number& value, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

DramTrace::DramTrace(const std::filesystem::path& file, std::uint64_t capacity_bytes)
    : name_(file.string()), stream_(file), capacity_bytes_(capacity_bytes) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    throw UserError(name_ + ": is a folder, allowed a trace");
  }
  if (!stream_) throw UserError(name_ + ": no such file");
}

std::optional<TraceRequest> DramTrace::next() {
  std::array<std::string_view, kMostFields> words;
  while (std::getline(stream_, text_)) {
    ++line_;
    const std::size_t count = split(text_, words);
    if (count == 0) continue;
    if (count < 2) refuse("has one field");
    if (count > 3) refuse("has more than three fields");
    TraceRequest request;
    if (count == 3) {
      Cycle cycle = 0;
      if (!parse_whole(words[0], cycle, 10) || cycle < 0 || cycle > kLatestCycle) {
        refuse("has no cycle of 0 to 2^60");
      }
      if (cycle < last_) refuse("goes back in time");
      request.cycle = last_ = cycle;
    }
    const std::string_view kind = words[count - 2];
    if (kind != "R" && kind != "W") refuse("has neither R nor W");
    request.kind = kind == "R" ? Kind::kRead : Kind::kWrite;
    std::string_view address = words[count - 1];
    if (address.starts_with("0x") || address.starts_with("0X")) address.remove_prefix(2);
    if (!parse_whole(address, request.address, 16)) refuse("has no hexadecimal address");
    if (request.address >= capacity_bytes_) {
      refuse("lies beyond the device's " + std::to_string(capacity_bytes_) + " bytes");
    }
    return request;
  }
  if (stream_.bad()) throw UserError(name_ + ": cannot be read");
  return std::nullopt;
}

void DramTrace::refuse(const std::string& why) const {
  std::string shown = text_.substr(0, kMostShown);
  if (text_.size() > kMostShown) shown += "...";
  throw UserError(name_ + ": line " + std::to_string(line_) + ": \"" + shown + "\" " + why +
                  ", allowed [cycle] R|W hex-address");
}

}  // namespace systolog::sim
