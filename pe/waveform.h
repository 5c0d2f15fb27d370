// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace systolog::pe {

/// A register that a waveform may show.
struct Probe {
  enum class Kind { kBit, kReal };
  std::string scope, name;  // "pe_0_3", "sum"
  Kind kind = Kind::kReal;
  std::function<double()> read;
};

/// A value change dump [IEEE 1364-2001, section 18]: text with the probes' values at each time,
/// changes only. No date, so that equal runs give equal files.
class Waveform {
 public:
  /// The probes must outlive the waveform. `top` is the outermost scope.
  Waveform(const std::string& top, std::vector<Probe> probes);

  /// Adds what has changed since the last sample.
  void sample(std::uint64_t time_ps);
  /// Nothing is valid from `time_ps` on until the next sample: kBit probes fall.
  void idle(std::uint64_t time_ps);
  const std::string& text() const { return text_; }

 private:
  std::vector<Probe> probes_;
  std::vector<double> shown_;
  bool is_first_ = true;
  std::string text_;
};

}  // namespace systolog::pe
