// SPDX-License-Identifier: Apache-2.0
#include "pe/waveform.h"

#include <bit>
#include <charconv>
#include <cmath>

namespace systolog::pe {
namespace {

/// A probe's short name in the file: digits of base 94, '!' to '~'.
std::string identifier(std::size_t index) {
  std::string id;
  do {
    id += static_cast<char>('!' + index % 94);
    index /= 94;
  } while (index > 0);
  return id;
}

/// A real as readers of the format take it: no infinity, no NaN.
std::string real(double value) {
  if (std::isnan(value)) return "0";
  if (std::isinf(value)) return value > 0 ? "1e308" : "-1e308";
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

}  // namespace

Waveform::Waveform(const std::string& top, std::vector<Probe> probes)
    : probes_(std::move(probes)), shown_(probes_.size()) {
  text_ = "$timescale 1 ps $end\n$scope module " + top + " $end\n";
  std::string scope;
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    const Probe& p = probes_[i];
    if (p.scope != scope) {
      if (!scope.empty()) text_ += "$upscope $end\n";
      text_ += "$scope module " + p.scope + " $end\n";
      scope = p.scope;
    }
    text_ += (p.kind == Probe::Kind::kBit ? "$var wire 1 " : "$var real 64 ") + identifier(i) +
             " " + p.name + " $end\n";
  }
  if (!scope.empty()) text_ += "$upscope $end\n";
  text_ += "$upscope $end\n$enddefinitions $end\n";
}

void Waveform::sample(std::uint64_t time_ps) {
  std::string changes;
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    const double value = probes_[i].read();
    const auto bits = std::bit_cast<std::uint64_t>(value);
    if (!is_first_ && bits == std::bit_cast<std::uint64_t>(shown_[i])) continue;
    shown_[i] = value;
    changes +=
        probes_[i].kind == Probe::Kind::kBit ? (value != 0 ? "1" : "0") : "r" + real(value) + " ";
    changes += identifier(i) + "\n";
  }
  if (changes.empty()) return;
  text_ += "#" + std::to_string(time_ps) + "\n" + changes;
  is_first_ = false;
}

void Waveform::idle(std::uint64_t time_ps) {
  if (is_first_) return;
  text_ += "#" + std::to_string(time_ps) + "\n";
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    if (probes_[i].kind != Probe::Kind::kBit || shown_[i] == 0) continue;
    shown_[i] = 0;
    text_ += "0" + identifier(i) + "\n";
  }
}

}  // namespace systolog::pe
