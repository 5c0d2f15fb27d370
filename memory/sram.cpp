// SPDX-License-Identifier: Apache-2.0
#include "memory/sram.h"

namespace systolog::memory {

Sram::Sram(const sc_core::sc_module_name& name, const SramConfig& config,
           sc_core::sc_time clock_period, Contents contents)
    : sc_module(name),
      config_(config),
      clock_period_(clock_period),
      storage_(config.capacity_bytes, contents) {
  int tag = 0;
  for (Port* port : {&load, &store, &array, &vector}) {
    port->register_b_transport(this, &Sram::b_transport, tag);
    port->register_transport_dbg(this, &Sram::transport_dbg, tag);
    ++tag;
  }
}

void Sram::b_transport(int port, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (!storage_.access(payload)) return;
  const std::uint64_t length = payload.get_data_length();
  (payload.is_read() ? bytes_read_ : bytes_written_) += length;
  bytes_[static_cast<std::size_t>(port)] += length;
  const std::uint64_t beats = (length + config_.bytes_per_cycle() - 1) / config_.bytes_per_cycle();
  delay += clock_period_ * static_cast<double>(config_.access_latency_cycles + beats);
}

unsigned Sram::transport_dbg(int, tlm::tlm_generic_payload& payload) {
  return storage_.access(payload) ? payload.get_data_length() : 0;
}

}  // namespace systolog::memory
