// SPDX-License-Identifier: Apache-2.0
#include "memory/dram.h"

#include <algorithm>

namespace systolog::memory {

Dram::Dram(const sc_core::sc_module_name& name, const DramConfig& config, Contents contents)
    : sc_module(name),
      storage_(config.capacity_bytes, contents),
      bandwidth_bytes_per_ns_(config.bandwidth_gb_per_s),
      latency_(config.latency_ns, sc_core::SC_NS) {
  in.register_b_transport(this, &Dram::b_transport);
  in.register_transport_dbg(this, &Dram::transport_dbg);
}

void Dram::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (!storage_.access(payload)) return;
  const unsigned length = payload.get_data_length();
  (payload.is_read() ? bytes_read_ : bytes_written_) += length;
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  // Rounded to the kernel's resolution (1 ps) once a burst: a byte's time may be less than that.
  const sc_core::sc_time transfer(length / bandwidth_bytes_per_ns_, sc_core::SC_NS);
  const sc_core::sc_time start = std::max(now + delay, busy_until_);
  busy_until_ = start + transfer;
  if (observer_) observer_({start, busy_until_, payload.is_write(), length});
  delay = busy_until_ + latency_ - now;
}

unsigned Dram::transport_dbg(tlm::tlm_generic_payload& payload) {
  return storage_.access(payload) ? payload.get_data_length() : 0;
}

}  // namespace systolog::memory
