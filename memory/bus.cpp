// SPDX-License-Identifier: Apache-2.0
#include "memory/bus.h"

#include <algorithm>

namespace systolog::memory {

Bus::Bus(const sc_core::sc_module_name& name, const BusConfig& config,
         sc_core::sc_time clock_period)
    : sc_module(name),
      config_(config),
      clock_period_(clock_period),
      latency_(clock_period * static_cast<double>(config.latency_cycles)) {
  for (auto* port : {&load, &store, &host}) {
    port->register_b_transport(this, &Bus::b_transport);
    port->register_transport_dbg(this, &Bus::transport_dbg);
  }
}

void Bus::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  const std::uint64_t length = payload.get_data_length();
  const std::uint64_t beats = (length + config_.width_bytes - 1) / config_.width_bytes;
  const sc_core::sc_time start = std::max(now + delay, busy_until_);
  busy_until_ = start + clock_period_ * static_cast<double>(beats);
  bytes_ += length;
  if (observer_) {
    observer_({start, busy_until_, payload.is_write(), static_cast<std::uint32_t>(length)});
  }
  delay = start + latency_ - now;
  out->b_transport(payload, delay);
  // The last beat leaves the bus no earlier than the bus itself allows.
  delay = std::max(delay, busy_until_ + latency_ - now);
}

unsigned Bus::transport_dbg(tlm::tlm_generic_payload& payload) {
  return out->transport_dbg(payload);
}

}  // namespace systolog::memory
