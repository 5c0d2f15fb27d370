// SPDX-License-Identifier: Apache-2.0
#include "sim/shared_ports.h"

#include <algorithm>

namespace systolog::sim {

SharedPorts::SharedPorts(Engine engine,
                         const std::array<memory::Sram*, memory::kScratchpads>& srams,
                         sc_core::sc_time clock_period)
    : engine_(engine), clock_period_(clock_period) {
  for (std::size_t s = 0; s < srams.size(); ++s) {
    if (!srams[s]->config().shares_ports()) continue;
    const auto known = std::find_if(scratchpads_.begin(), scratchpads_.end(),
                                    [&](const Scratchpad& k) { return k.sram == srams[s]; });
    Scratchpad& mine =
        known == scratchpads_.end() ? scratchpads_.emplace_back(Scratchpad{srams[s], {}}) : *known;
    mine.holds[s] = true;
  }
}

std::uint64_t SharedPorts::moved_first(Scratchpad& s) const {
  const std::uint64_t dma = s.sram->dma_words.moved(now());
  return engine_ == Engine::kVector ? dma : dma + s.sram->vector_words.moved(now());
}

void SharedPorts::begin(const pe::FeedBytes& bytes, pe::Cycles own) {
  start_ = now();
  own_ = own;
  for (Scratchpad& s : scratchpads_) {
    const memory::SramConfig& config = s.sram->config();
    s.words = 0;
    if (s.holds[0]) s.words += config.words(bytes.input);
    if (s.holds[1]) s.words += config.words(bytes.weight);
    if (s.holds[2]) s.words += config.words(bytes.output_read) + config.words(bytes.output_written);
    s.before = moved_first(s);
    if (engine_ == Engine::kVector) s.sram->vector_words.book(start_, own, s.words);
  }
}

void SharedPorts::end() {
  while (true) {
    std::uint64_t until = start_ + own_;
    for (Scratchpad& s : scratchpads_) {
      const std::uint64_t slots = s.sram->config().slots_per_cycle();
      const std::uint64_t words = s.words + moved_first(s) - s.before;
      until = std::max(until, start_ + (words + slots - 1) / slots);
    }
    if (until <= now()) return;
    sc_core::wait(clock_period_ * static_cast<double>(until - now()));
  }
}

}  // namespace systolog::sim
