// SPDX-License-Identifier: Apache-2.0
#include "memory/sram.h"

namespace systolog::memory {

Sram::Sram(const sc_core::sc_module_name& name, const SramConfig& config,
           sc_core::sc_time clock_period, Contents contents)
    : sc_module(name),
      config_(config),
      clock_period_(clock_period),
      storage_(config.capacity_bytes, contents) {
  load.register_b_transport(this, &Sram::b_transport<kLoad>);
  store.register_b_transport(this, &Sram::b_transport<kStore>);
  array.register_b_transport(this, &Sram::b_transport<kArray>);
  vector.register_b_transport(this, &Sram::b_transport<kVector>);
  for (Port* port : {&load, &store, &array, &vector}) {
    port->register_transport_dbg(this, &Sram::transport_dbg);
  }
}

template <Sram::Engine engine>
void Sram::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (!storage_.access(payload)) return;
  const std::uint64_t length = payload.get_data_length();
  (payload.is_read() ? bytes_read_ : bytes_written_) += length;
  bytes_[engine] += length;
  const std::uint64_t beats = (length + config_.bytes_per_cycle() - 1) / config_.bytes_per_cycle();
  delay += clock_period_ * static_cast<double>(config_.access_latency_cycles);
  const bool dma = engine == kLoad || engine == kStore;
  if (dma && (config_.shares_ports() || observer_)) {
    pass_ports(sc_core::sc_time_stamp() + delay, beats, length, payload.is_write());
  }
  delay += clock_period_ * static_cast<double>(beats);
}

void Sram::pass_ports(sc_core::sc_time begin, std::uint64_t beats, std::uint64_t length,
                      bool write) {
  const auto period = clock_period_.value();
  if (config_.shares_ports()) {
    // A burst that arrives between two edges passes from the next one on.
    dma_words.book((begin.value() + period - 1) / period, beats, config_.words(length));
    dma_words.moved(sc_core::sc_time_stamp().value() / period);  // forgets what is over
  }
  if (observer_) {
    observer_({begin, begin + clock_period_ * static_cast<double>(beats), write,
               static_cast<std::uint32_t>(length)});
  }
}

unsigned Sram::transport_dbg(int, tlm::tlm_generic_payload& payload) {
  return storage_.access(payload) ? payload.get_data_length() : 0;
}

}  // namespace systolog::memory
